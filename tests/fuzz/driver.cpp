// Runs a fuzz target over seeded inputs: hostile events as they are, the same mutated, and random bytes. The seed and
// the run are printed before a failure, and `--seed=S --first=R --runs=1` repeats it.
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <unistd.h>

#include "base/random.hpp"
#include "tests/fuzz/mutate.hpp"
#include "tests/support/hostile_events.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t kRandomBytesMax = 200;

char failure_text[128];

// The target aborts; say first what to repeat.
void on_abort(int /*signal*/) {
  const ssize_t ignored = write(STDERR_FILENO, failure_text, std::char_traits<char>::length(failure_text));
  static_cast<void>(ignored);
  std::signal(SIGABRT, SIG_DFL);
}

std::uint64_t option(int argc, char** argv, std::string_view name, std::uint64_t fallback) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (!argument.starts_with(name)) continue;
    const std::string_view value = argument.substr(name.size());
    std::from_chars(value.data(), value.data() + value.size(), fallback);
  }
  return fallback;
}

std::string input_for(std::uint64_t seed, std::uint64_t run) {
  using namespace twinshift;
  base::Random random(seed * 0x9E3779B97F4A7C15ULL + run);
  if (run % 4 == 0) return tests::random_bytes(kRandomBytesMax, random);
  std::string text = tests::hostile_event(seed, run);
  if (run % 4 != 1) tests::mutate(text, random);
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t seed = option(argc, argv, "--seed=", 1);
  const std::uint64_t first = option(argc, argv, "--first=", 0);
  const std::uint64_t runs = option(argc, argv, "--runs=", 1000);
  std::signal(SIGABRT, on_abort);
  for (std::uint64_t run = first; run < first + runs; ++run) {
    std::snprintf(failure_text, sizeof failure_text, "failed: --seed=%llu --first=%llu --runs=1\n",
                  static_cast<unsigned long long>(seed), static_cast<unsigned long long>(run));
    const std::string input = input_for(seed, run);
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
  }
  std::printf("%llu runs from seed %llu\n", static_cast<unsigned long long>(runs),
              static_cast<unsigned long long>(seed));
  return EXIT_SUCCESS;
}
