// `twinshift` with failpoints: the same program from the same libraries, for tests alone. `--failpoints` lists them.
#include <cstdio>
#include <string_view>

#include "app/cli.hpp"
#include "app/exit_code.hpp"
#include "tests/failpoints/active.hpp"
#include "tests/failpoints/points.hpp"

namespace {

int list_points() {
  for (const twinshift::failpoints::Point& each : twinshift::failpoints::all_points()) {
    const std::string_view may = to_string(each.may);
    std::printf("%.*s\t%.*s\t%.*s\n", static_cast<int>(each.name.size()), each.name.data(),
                static_cast<int>(may.size()), may.data(), static_cast<int>(each.meaning.size()), each.meaning.data());
  }
  return twinshift::app::kExitOk;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--failpoints") return list_points();
  if (auto good = twinshift::failpoints::check_plan(); !good) {
    std::fprintf(stderr, "twinshift_failpoints: %s\n", good.error().text().c_str());
    return twinshift::app::kExitUsage;
  }
  return twinshift::app::run_command_line(argc, argv);
}
