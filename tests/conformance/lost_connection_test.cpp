// A connection that is cut at every message boundary of a batch, in both directions: each event stands once in the end,
// and what a driver says of the outcome is never a guess.
#include <charconv>
#include <optional>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/conformance/standin_control.hpp"
#include "tests/conformance/warehouse_testbed.hpp"
#include "warehouse/load_sums.hpp"

namespace twinshift::warehouse {
namespace {

using base::ErrorKind;

struct Server {
  const char* name;
  std::unique_ptr<WarehouseTestbed> (*make)();
};

class LostConnection : public testing::TestWithParam<Server> {
 protected:
  LostConnection() : bed_(GetParam().make()), warehouse_(bed_->open()) {}
  ~LostConnection() override { control_.order(R"({"do":"fault","kind":"off"})"); }

  // Three events of its own; in every other batch also another message of one that stands there already, and another of
  // one of its own.
  Batch next_batch() {
    Batch batch{"batch-" + std::to_string(++batches_), {}};
    for (int i = 0; i < 3; ++i) batch.events.push_back(event_of(batches_ * 10 + i));
    if (batches_ % 2 == 0) {
      batch.events.push_back(event_of((batches_ - 1) * 10, std::chrono::microseconds(1)));
      batch.events.push_back(event_of(batches_ * 10, std::chrono::hours(1)));
    }
    return batch;
  }

  static event::EventPtr event_of(int number, std::chrono::microseconds after = {}) {
    auto decoded =
        event::decode_event(R"({"event_time":"2024-01-01 12:00:00","appsflyer_id":"a)" + std::to_string(number) + "\"}",
                            "m", base::WallTime(std::chrono::hours(480'000)) + after);
    return *decoded;
  }

  struct Told {
    int errors = 0;
    int unknown = 0;
  };

  // What a lane does with a batch. Bounded: one cut, so a few steps.
  Told land(const Batch& batch) {
    constexpr int kStepsMax = 8;
    Told told;
    bool unknown = false;
    for (int step = 0; step < kStepsMax; ++step) {
      if (unknown) {
        const auto marker = warehouse_->find_marker(batch.id);
        if (marker && *marker) {
          EXPECT_EQ((*marker)->sent, batch.events.size());
          return told;
        }
        unknown = !marker;
        continue;
      }
      const auto report = warehouse_->write(batch);
      if (report) return told;
      ++told.errors;
      unknown = report.error().kind == ErrorKind::unknown_outcome;
      told.unknown += unknown ? 1 : 0;
      EXPECT_TRUE(unknown || report.error().kind == ErrorKind::unavailable) << report.error().text();
    }
    ADD_FAILURE() << "the batch did not land";
    return told;
  }

  std::string ask(const std::string& sql) {
    const auto table = warehouse_->query(sql, 10);
    EXPECT_TRUE(table) << (table ? "" : table.error().text());
    return table && !table->rows.empty() ? table->rows[0][0].value_or("NULL") : "";
  }

  tests::StandinControl control_{"TWINSHIFT_TEST_STANDIN_CONTROL"};
  std::unique_ptr<WarehouseTestbed> bed_;
  std::unique_ptr<Warehouse> warehouse_;
  int batches_ = 0;
};

TEST_P(LostConnection, AtEveryMessageBoundaryLeavesEachEventOnce) {
  constexpr int kBoundariesMax = 400;
  ASSERT_TRUE(warehouse_->prepare());
  land(next_batch());  // what is prepared once is there
  int errors = 0;
  int unknown = 0;
  int boundary = 1;
  // A batch without duplicates and one with: until one of each passes with all its boundaries uncut.
  for (int uncut = 0; uncut < 2 && boundary < kBoundariesMax; boundary += batches_ % 2) {
    control_.order(fmt::format(R"({{"do":"fault","kind":"cut","at":{}}})", boundary));
    const Told told = land(next_batch());
    control_.order(R"({"do":"fault","kind":"off"})");
    uncut = told.errors == 0 ? uncut + 1 : 0;
    errors += told.errors;
    unknown += told.unknown;
  }
  ASSERT_LT(boundary, kBoundariesMax);
  // Most boundaries lie before the COMMIT; but some after it, or the test would not look where it matters.
  EXPECT_GT(errors, 10);
  EXPECT_GT(unknown, 1);
  EXPECT_LT(unknown, errors);
  const std::string events = std::to_string(batches_ * 3);
  EXPECT_EQ(ask("SELECT count(*) FROM " + bed_->table()), events);
  EXPECT_EQ(ask("SELECT count(DISTINCT event_id) FROM " + bed_->table()), events);
  EXPECT_EQ(ask("SELECT sum(inserted) FROM twinshift_loads"), events);
  EXPECT_EQ(ask("SELECT count(DISTINCT batch_id) FROM twinshift_loads"), std::to_string(batches_));
  const auto sums = read_load_sums(*warehouse_, {.from_hour = base::WallTime(std::chrono::hours(480'000))});
  ASSERT_TRUE(sums) << sums.error().text();
  // Both messages of every other batch, each in its hour.
  const auto all = static_cast<std::uint64_t>(batches_);
  EXPECT_EQ(sums->hours, (std::vector<LoadSums>{{base::WallTime(std::chrono::hours(480'000)), all * 3, all / 2},
                                                {base::WallTime(std::chrono::hours(480'001)), 0, all / 2}}));
}

TEST_P(LostConnection, AfterTheCommitIsToldAsUnknownAndFoundByItsMarker) {
  ASSERT_TRUE(warehouse_->prepare());
  land(next_batch());
  control_.order(R"({"do":"fault","kind":"cut_after_commit"})");
  const Batch batch = next_batch();
  const auto report = warehouse_->write(batch);
  if (report) GTEST_SKIP() << "the cut met another COMMIT of this batch";
  if (report.error().kind != ErrorKind::unknown_outcome) {
    // The stage's own COMMIT: nothing was written to the table.
    EXPECT_EQ(report.error().kind, ErrorKind::unavailable);
    EXPECT_FALSE(*warehouse_->find_marker(batch.id));
    return;
  }
  const auto marker = warehouse_->find_marker(batch.id);
  ASSERT_TRUE(marker && *marker);
  EXPECT_EQ((*marker)->inserted, 3U);
}

TEST_P(LostConnection, BeforeTheCommitLeavesNothing) {
  ASSERT_TRUE(warehouse_->prepare());
  land(next_batch());
  control_.order(R"({"do":"fault","kind":"cut_before_commit"})");
  const Batch batch = next_batch();
  ASSERT_FALSE(warehouse_->write(batch));
  const auto marker = warehouse_->find_marker(batch.id);
  ASSERT_TRUE(marker) << marker.error().text();
  EXPECT_FALSE(*marker);
  land(batch);
  EXPECT_EQ(ask("SELECT count(*) FROM " + bed_->table()), "6");
}

INSTANTIATE_TEST_SUITE_P(Dialects, LostConnection,
                         testing::Values(Server{"postgres", &make_proxied_postgres_warehouse_testbed},
                                         Server{"redshift", &make_redshift_warehouse_testbed}),
                         [](const auto& server) { return std::string(server.param.name); });

}  // namespace
}  // namespace twinshift::warehouse
