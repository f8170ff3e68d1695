// The command line: which command, with which options. The commands themselves are functions of their own.
#pragma once

namespace twinshift::app {

// Returns the exit code (exit_code.hpp).
int run_command_line(int argc, char** argv);

}  // namespace twinshift::app
