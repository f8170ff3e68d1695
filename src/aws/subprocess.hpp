// Runs a program and gives what it writes. Any thread; blocks its caller until the program ends, the time is up, or
// stop is requested, and leaves no process behind.
#pragma once

#include <chrono>
#include <cstddef>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace twinshift::aws {

struct Program {
  std::vector<std::string> words;  // the program (looked for in PATH where it holds no '/') and its arguments
  std::chrono::milliseconds time_max{20'000};
  std::size_t output_bytes_max = 65'536;
};

// Standard output of a program that ended with 0. No shell; standard input and standard error are /dev/null (what it
// says there may be a secret); none of our files and sockets are open in it; it is the leader of a process group of its
// own, which is killed as a whole. posix_spawn, as fork in a process with threads may only do what a signal handler
// may. Errors (`unavailable`, `cancelled`) name the program, not its arguments nor its output.
base::Result<std::string> run_program(const Program& program, const std::stop_token& stop);

}  // namespace twinshift::aws
