// Runs seeds. `simulation_test --seed=N` replays one with its trace; `--seeds=N` or TWINSHIFT_SIMULATION_SEEDS says how
// many (from `--first=N`, default 1); `--plant=NAME` plants a fault into them.
#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <unistd.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/simulation/world.hpp"

namespace twinshift::simulation {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kSeedsDefault = 200;
#else
constexpr std::uint64_t kSeedsDefault = 2'000;
#endif
constexpr std::size_t kTraceLinesShown = 40;

struct Arguments {
  std::uint64_t first = 1;
  std::uint64_t seeds = kSeedsDefault;
  std::optional<std::uint64_t> only;
  Plant plant{.name = "nothing"};
};
Arguments arguments;
std::uint64_t seed_now = 0;  // for whoever reads an assertion's last words

struct Replay {
  std::optional<std::string> violation;
  std::vector<std::string> trace;
};
Replay replay(std::uint64_t seed, const Plant& plant) {
  World world(seed, plant.planted, plant.eyes, true);
  Replay replay;
  replay.violation = world.run();
  replay.trace = world.trace();
  return replay;
}

std::string last_lines(const std::vector<std::string>& lines) {
  std::string text;
  for (std::size_t i = lines.size() - std::min(lines.size(), kTraceLinesShown); i < lines.size(); ++i) {
    text += lines[i] + "\n";
  }
  return text;
}

std::string command(std::uint64_t seed, const Plant& plant) {
  const std::string planted = plant.planted == Planted::nothing ? "" : fmt::format(" --plant={}", plant.name);
  return fmt::format("simulation_test --seed={}{}", seed, planted);
}

// An assertion in the code under test ends the process: say which seed did it.
void tell_seed(int) {
  const std::string text = fmt::format("\nreplay it with its trace: {}\n", command(seed_now, arguments.plant));
  (void)!write(STDERR_FILENO, text.data(), text.size());
}

TEST(Simulation, EveryAcceptedEventArrivesOnceWhateverFails) {
  if (arguments.only) return;               // Replay below
  const std::clock_t begun = std::clock();  // of the one core that it uses, whatever else the machine does
  Excuses excuses;
  Tally tally;
  std::uint64_t actions = 0;
  for (std::uint64_t seed = arguments.first; seed < arguments.first + arguments.seeds; ++seed) {
    seed_now = seed;
    World world(seed, arguments.plant.planted, arguments.plant.eyes);
    const std::optional<std::string> violation = world.run();
    ASSERT_FALSE(violation) << *violation << "\nthe last of its trace:\n"
                            << last_lines(replay(seed, arguments.plant).trace)
                            << "replay it with its trace: " << command(seed, arguments.plant);
    actions += world.actions();
    tally.add(world.tally());
    excuses.overlapping += world.excuses().overlapping;
    excuses.lost_by_lies += world.excuses().lost_by_lies;
    excuses.by_hand += world.excuses().by_hand;
  }
  const double took = static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC;
  fmt::print("{} seeds in {:.1f} s of a core: {:.0f} seeds/s, {} actions carried out\n", arguments.seeds, took,
             static_cast<double>(arguments.seeds) / took, actions);
  fmt::print("excused residuals: {} by disks that lie, {} by overlap, {} by somebody's hand\n", excuses.lost_by_lies,
             excuses.overlapping, excuses.by_hand);
  std::string met;
  for (std::size_t i = 0; i < kMetNames.size(); ++i) {
    met += fmt::format("{}{} {}", i == 0 ? "" : ", ", kMetNames[i], tally.counts()[i]);
    // A trouble that never happens proves nothing.
    EXPECT_TRUE(tally.counts()[i] > 0 || arguments.seeds < 1'000) << kMetNames[i];
  }
  fmt::print("met: {}\n", met);
}

TEST(Simulation, OneSeedWithItsTrace) {
  if (!arguments.only) GTEST_SKIP() << "asked for with --seed=N";
  seed_now = *arguments.only;
  const Replay run = replay(seed_now, arguments.plant);
  for (const std::string& line : run.trace) fmt::print("{}\n", line);
  EXPECT_FALSE(run.violation) << *run.violation;
}

TEST(Simulation, ASeedReplaysExactly) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) EXPECT_EQ(replay(seed, {}).trace, replay(seed, {}).trace) << seed;
}

// The test of the test: each broken variant is caught within a few seeds.
TEST(Simulation, EveryPlantedFaultIsCaught) {
  if (arguments.only || arguments.plant.planted != Planted::nothing) GTEST_SKIP() << "one thing at a time";
  fmt::print("{:<30} {:<9} {:>5}  {}\n", "planted", "rule", "seed", "caught as");
  for (const Plant& plant : plants()) {
    std::optional<std::string> violation;
    std::uint64_t seed = 0;
    while (!violation && seed < plant.seeds_max) {
      seed_now = ++seed;
      violation = World(seed, plant.planted, plant.eyes).run();
    }
    EXPECT_TRUE(violation) << plant.seeds_max << " seeds did not notice " << plant.name;
    fmt::print("{:<30} {:<9} {:>5}  {}\n", plant.name, plant.breaks, violation ? fmt::to_string(seed) : "none",
               violation.value_or("-"));
  }
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// False for an argument that is none of ours.
bool take_argument(std::string_view argument) {
  const std::size_t equals = argument.find('=');
  if (equals == std::string_view::npos) return false;
  const std::string_view name = argument.substr(0, equals);
  const std::string_view text = argument.substr(equals + 1);
  if (name == "--plant") {
    const auto found = std::ranges::find(plants(), text, &Plant::name);
    if (found == plants().end()) return false;
    arguments.plant = *found;
    return true;
  }
  const auto value = number(text);
  if (!value) return false;
  if (name == "--seed") {
    arguments.only = *value;
  } else if (name == "--seeds") {
    arguments.seeds = *value;
  } else if (name == "--first") {
    arguments.first = *value;
  } else {
    return false;
  }
  return true;
}

}  // namespace
}  // namespace twinshift::simulation

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (const char* seeds = std::getenv("TWINSHIFT_SIMULATION_SEEDS")) {
    twinshift::simulation::take_argument(std::string("--seeds=") + seeds);
  }
  for (int i = 1; i < argc; ++i) {
    if (twinshift::simulation::take_argument(argv[i])) continue;
    fmt::print(stderr, "unknown argument {}: --seed=N, --seeds=N, --first=N, --plant=NAME (one of plants.cpp)\n",
               argv[i]);
    return 2;
  }
  std::signal(SIGABRT, twinshift::simulation::tell_seed);
  return RUN_ALL_TESTS();
}
