// Runs seeds. `simulation_test --seed=N` replays one with its trace; `--seeds=N` or TWINSHIFT_SIMULATION_SEEDS says how
// many (from `--first=N`, default 1).
#include <charconv>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/simulation/world.hpp"

namespace twinshift::simulation {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kSeedsDefault = 300;
#else
constexpr std::uint64_t kSeedsDefault = 4'000;
#endif

struct Arguments {
  std::uint64_t first = 1;
  std::uint64_t seeds = kSeedsDefault;
  std::optional<std::uint64_t> only;
};
Arguments arguments;

std::string traced(std::uint64_t seed) {
  World world(seed, Planted::nothing, true);
  world.run();
  std::string text;
  for (const std::string& line : world.trace()) text += line + "\n";
  return text;
}

TEST(Simulation, EveryAcceptedEventArrivesOnceWhateverFails) {
  if (arguments.only) {
    fmt::print("{}", traced(*arguments.only));
    arguments.first = *arguments.only;
    arguments.seeds = 1;
  }
  for (std::uint64_t seed = arguments.first; seed < arguments.first + arguments.seeds; ++seed) {
    const std::optional<std::string> violation = World(seed, Planted::nothing).run();
    ASSERT_FALSE(violation) << *violation << "\nreplay with its trace: simulation_test --seed=" << seed;
  }
}

TEST(Simulation, ASeedReplaysExactly) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) EXPECT_EQ(traced(seed), traced(seed)) << seed;
}

class PlantedFault : public testing::TestWithParam<Planted> {};

// The test of the test: a broken variant is caught within a few seeds.
TEST_P(PlantedFault, IsCaught) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const std::optional<std::string> violation = World(seed, GetParam()).run();
    if (!violation) continue;
    fmt::print("caught by seed {}: {}\n", seed, *violation);
    return;
  }
  FAIL() << "200 seeds did not notice";
}

std::string planted_name(const testing::TestParamInfo<Planted>& info) {
  constexpr const char* kNames[] = {"Nothing",
                                    "AcknowledgeBeforeParking",
                                    "AcknowledgeBeforeQuarantine",
                                    "BelieveUnknown",
                                    "InventMarker",
                                    "AcknowledgeReleased",
                                    "WriteTwice"};
  return kNames[static_cast<std::size_t>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(Simulation, PlantedFault,
                         testing::Values(Planted::acknowledge_before_parking, Planted::acknowledge_before_quarantine,
                                         Planted::believe_unknown, Planted::invent_marker,
                                         Planted::acknowledge_released, Planted::write_twice),
                         planted_name);

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
  const auto value = number(argument.substr(equals + 1));
  const std::string_view name = argument.substr(0, equals);
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
    fmt::print(stderr, "unknown argument {}: --seed=N, --seeds=N, --first=N\n", argv[i]);
    return 2;
  }
  return RUN_ALL_TESTS();
}
