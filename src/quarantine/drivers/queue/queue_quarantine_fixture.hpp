// What the tests of the queue's quarantine share: one on a queue in memory. One thread, the test's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "quarantine/drivers/queue/queue_bed_testing.hpp"
#include "tests/support/fake_queue.hpp"
#include "tests/support/quarantine_calls.hpp"

namespace twinshift::quarantine {

using tests::event_of;
using tests::ids_of;
using tests::put;
using tests::refused;
using tests::remove;
using tests::start_remove;
using tests::tickets_of;

class QueueQuarantineFixture : public ::testing::Test, protected QueueBed {
 protected:
  QueueQuarantineFixture() : QueueBed(std::make_shared<tests::FakeQueue>()) {}

  void open() {
    quarantine_.reset();
    quarantine_ = open_swept();
  }

  // As another process sees them; none after an error.
  std::vector<Record> records(const Query& query = {}) {
    auto read = reader()->read(query);
    EXPECT_TRUE(read) << read.error().text();
    return std::move(read).value_or(std::vector<Record>());
  }
  // One record an event of `target`, numbered from 1 on.
  void fill(const std::string& target, int events, const std::string& json = "{}") {
    std::vector<Refused> all;
    for (int i = 1; i <= events; ++i) all.push_back(refused(target, event_of(static_cast<std::uint8_t>(i), json)));
    ASSERT_TRUE(put(*quarantine_, std::move(all)));
  }

  std::unique_ptr<Quarantine> quarantine_;
};

}  // namespace twinshift::quarantine
