// What the tests of a quarantine share, whichever driver it is of: a quarantine, what it holds, what is put there. One
// thread, the test's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "quarantine/quarantine.hpp"
#include "tests/support/quarantine_calls.hpp"

namespace twinshift::quarantine {

using tests::arrival_at;
using tests::event_at;
using tests::event_of;
using tests::ids_of;
using tests::put;
using tests::refused;
using tests::remove;
using tests::start_remove;
using tests::tickets_of;

class QuarantineFixture : public ::testing::Test {
 protected:
  // Whoever derives from it brings the storage, which must outlive the quarantine.
  void TearDown() override { quarantine_.reset(); }

  // As another process reads it; null where it cannot be opened, which fails the test.
  virtual std::unique_ptr<Reader> reader() = 0;

  // None after an error.
  std::vector<Record> records(const Query& query = {}) {
    const auto opened = reader();
    if (opened == nullptr) return {};
    auto read = opened->read(query);
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
