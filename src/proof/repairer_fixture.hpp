// Two tables in memory, who compares them, and who mends them.
#pragma once

#include <algorithm>
#include <chrono>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/time_text.hpp"
#include "event/identity.hpp"
#include "proof/fake_table_testing.hpp"
#include "proof/repairer.hpp"
#include "proof/table_mender.hpp"
#include "proof/verifier.hpp"
#include "tests/support/manual_clock.hpp"

namespace twinshift::proof {

using testing::FakeDebts;
using testing::FakeTable;
using warehouse::StoredEvent;

inline constexpr base::WallTime kArrival{std::chrono::seconds(1'730'500'000)};
inline constexpr std::int64_t kBegin = 1'730'000'000;

inline event::EventPtr event_of(int number, std::string_view campaign = "c") {
  const base::WallTime at{std::chrono::seconds(kBegin + number * 7)};
  auto event = event::decode_event(fmt::format(R"({{"appsflyer_id":"a{}","event_time":"{}","campaign":"{}"}})", number,
                                               base::sql_timestamp(at), campaign),
                                   {}, kArrival + std::chrono::milliseconds(number));
  return *event;
}

// Both tables, who compares them, and who mends them.
class World : public Mender {
 public:
  MendReport mend(const MendOrder& order) override {
    ++orders;
    FakeTable& here = order.target == "primary" ? primary : secondary;
    FakeTable& elsewhere = order.target == "primary" ? secondary : primary;
    FakeTable elsewhere_too = elsewhere;  // what another connection sees
    if (before_reading_beside) elsewhere_too.before_rows = before_reading_beside;
    TableMender mender({.here = &here,
                        .elsewhere = &elsewhere,
                        .elsewhere_too = &elsewhere_too,
                        .write = [&](const BatchPtr& batch, std::uint64_t) -> base::Result<WriteSums> {
                          if (!all_owed) return here.write(*batch);
                          WriteSums sums;
                          for (std::size_t i = 0; i < batch->events.size(); ++i) sums.owed.push_back(i);
                          return sums;
                        },
                        .mint_id = [this] { return std::to_string(++ids); },
                        .rows_max = rows_max,
                        .bytes_max = 1U << 20U,
                        .ids_from_content = true,
                        .clock = &clock,
                        .until = clock.steady() + order_max,
                        .stop = {}});
    return mender.mend(order);
  }

  FakeTable primary{"primary"};
  FakeTable secondary{"secondary"};
  tests::ManualClock clock;
  std::function<std::optional<base::Error>()> before_reading_beside;  // over the second connection; may fail it
  bool all_owed = false;                                              // by the time of the write
  std::size_t rows_max = 100;
  std::chrono::seconds order_max{3'600};
  int orders = 0;
  int ids = 0;
};

class RepairerTest : public ::testing::Test {
 protected:
  void lands(const event::EventPtr& event) {
    world.primary.rows_there.push_back(testing::stored_event(*event));
    world.secondary.rows_there.push_back(testing::stored_event(*event));
  }
  void fill(int events) {
    for (int i = 0; i < events; ++i) lands(event_of(i));
  }
  static StoredEvent& row(FakeTable& table, int number) {
    return *std::ranges::find(table.rows_there, event_of(number)->id.hex(), &StoredEvent::id);
  }
  static void loses(FakeTable& table, int number) {
    std::erase_if(table.rows_there, [&](const StoredEvent& each) { return each.id == event_of(number)->id.hex(); });
  }

  // One comparison; `repairer` may be null. What was found, as "kind target number of findings".
  base::Status compare(Repairer* repairer, bool once = false) {
    findings.clear();
    base::Status taken;
    Verifier verifier({.deep = !once, .once = once},
                      {.sides = {&world.primary, &world.secondary},
                       .debts = &debts,
                       .clock = &world.clock,
                       .wait =
                           [this](std::chrono::nanoseconds wait) {
                             world.clock.advance(std::chrono::ceil<std::chrono::microseconds>(wait));
                           },
                       .found =
                           [&](const Finding& finding) {
                             findings.push_back(finding);
                             if (repairer != nullptr && taken) taken = repairer->take(finding);
                           },
                       .told = {},
                       .stop = [&] { return !taken.has_value(); }});
    const auto report = verifier.run();
    if (!taken) return taken;
    if (!report) return base::fail(report.error());
    return repairer != nullptr ? repairer->finish() : base::Status();
  }
  base::Status repair(bool once = false) {
    left.clear();
    Repairer repairer({.mender = &world,
                       .targets = {"primary", "secondary"},
                       .left = [this](const std::string& target, const LeftEvent& each) {
                         left.push_back(target + ' ' + each.id + ' ' + std::string(to_string(each.why)));
                       }});
    auto done = compare(&repairer, once);
    receipts = {repairer.receipt(0), repairer.receipt(1)};
    return done;
  }
  // Ids that the rows of a table tell soundly, each as often as it stands there.
  static std::multiset<std::string> ids(const FakeTable& table) {
    std::multiset<std::string> all;
    for (const StoredEvent& each : table.rows_there) {
      if (each.text && event::content_id(*each.text).hex() == each.id) all.insert(each.id);
    }
    return all;
  }

  // What one of the two has more of.
  static std::vector<std::string> difference(const std::multiset<std::string>& one,
                                             const std::multiset<std::string>& other) {
    std::vector<std::string> all;
    std::ranges::set_symmetric_difference(one, other, std::back_inserter(all));
    return all;
  }

  World world;
  FakeDebts debts;
  std::vector<Finding> findings;
  std::vector<std::string> left;
  Pair<Receipt> receipts;
};

}  // namespace twinshift::proof
