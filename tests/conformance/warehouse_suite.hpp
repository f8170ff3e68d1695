// What the parts of the warehouse suite share: the fixture, one run for each driver. One thread at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "event/event.hpp"
#include "tests/conformance/warehouse_testbed.hpp"

namespace twinshift::warehouse {

struct DriverUnderTest {
  const char* name;
  std::unique_ptr<WarehouseTestbed> (*make)();
};
std::vector<DriverUnderTest> drivers_under_test();

event::EventPtr event_of(std::string json, base::WallTime received_at = base::WallTime(std::chrono::hours(480'000)));
// An event that differs from those of other numbers.
event::EventPtr event_of(int number);

class WarehouseSuite : public testing::TestWithParam<DriverUnderTest> {
 protected:
  WarehouseSuite() : bed_(GetParam().make()), warehouse_(bed_->open()) {}

  static Batch batch_of(std::string id, std::vector<event::EventPtr> events) {
    return {std::move(id), std::move(events)};
  }
  // write() that must succeed; outcomes as letters: w, d, r, later.
  std::string write(std::string id, std::vector<event::EventPtr> events);
  // The first column of the first row of a query that must succeed.
  std::string ask(const std::string& sql);
  std::string count() { return ask("SELECT count(*) FROM " + bed_->table()); }
  // What the books read of all that arrived from event_of()'s hour on: "2 and 1", landed and duplicate.
  std::string sums();
  // The text that an event's parts give together.
  std::string parts_of(const std::string& event_id);
  // write(); where the warehouse refuses a batch as a whole, its halves, as delivery does. Outcomes as letters.
  std::string write_around(const std::string& id, const std::vector<event::EventPtr>& events, std::string& reason);
  // Each row's event as decode() tells it, in order of event_id.
  std::vector<std::string> decoded_ids();

  std::unique_ptr<WarehouseTestbed> bed_;
  std::unique_ptr<Warehouse> warehouse_;
};

}  // namespace twinshift::warehouse
