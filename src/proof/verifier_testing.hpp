// Two tables in memory, debts that a test sets, and a clock that waiting moves, compared by a Verifier.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "proof/fake_side_testing.hpp"
#include "proof/verifier.hpp"
#include "tests/support/manual_clock.hpp"

namespace twinshift::proof::testing {

inline constexpr std::int64_t kBegin = 1'730'000'000;  // a second of 2024

class VerifierTest : public ::testing::Test {
 protected:
  void stands_on_both(const Listed& row) {
    primary.table.push_back(row);
    secondary.table.push_back(row);
  }
  // Keys far apart, as hashes are.
  static std::int64_t key_of(std::uint64_t number) {
    return static_cast<std::int64_t>((number * 0x9E37'79B9'7F4A'7C15U) >> 2U);
  }
  void fill(std::uint64_t rows, std::int64_t seconds) {
    for (std::uint64_t i = 0; i < rows; ++i) {
      stands_on_both(row_of(key_of(i + 1), kBegin + static_cast<std::int64_t>(i) % seconds));
    }
  }
  base::Result<VerifyReport> run() {
    Verifier verifier(options, {.sides = {&primary, &secondary},
                                .debts = &debts,
                                .clock = &clock,
                                .wait =
                                    [this](std::chrono::nanoseconds left) {
                                      stopped = stopped || stop_after_bites;
                                      clock.advance(std::chrono::ceil<std::chrono::microseconds>(left));
                                      if (on_wait) on_wait();
                                    },
                                .found = [this](const Finding& finding) { findings.push_back(finding); },
                                .told =
                                    [this](const VerifyProgress& progress) {
                                      shares.push_back(progress.share);
                                      waited_for_others = waited_for_others || progress.awaits_others;
                                    },
                                .stop = [this] { return stopped; }});
    return verifier.run();
  }
  // "missing secondary <key>"
  std::vector<std::string> found() {
    std::vector<std::string> texts;
    for (const Finding& finding : findings) {
      texts.push_back(fmt::format("{} {} {}", to_string(finding.kind), finding.target, finding.id));
    }
    return texts;
  }

  FakeSide primary{"primary"};
  FakeSide secondary{"secondary"};
  FakeDebts debts;
  tests::ManualClock clock;
  VerifyOptions options;
  std::vector<Finding> findings;
  std::vector<double> shares;
  std::function<void()> on_wait;
  bool waited_for_others = false;
  bool stopped = false;
  bool stop_after_bites = false;
};

}  // namespace twinshift::proof::testing
