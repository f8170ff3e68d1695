// The program's entry. Everything else is in app/.
#include "app/cli.hpp"

int main(int argc, char** argv) {
  return twinshift::app::run_command_line(argc, argv);
}
