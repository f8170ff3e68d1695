// What the tests of the quarantine's promise share. One thread, the test's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/conformance/quarantine_testbed.hpp"
#include "tests/support/quarantine_calls.hpp"

namespace twinshift::quarantine {

using tests::arrival_at;
using tests::event_at;
using tests::event_of;
using tests::ids_of;
using tests::put;
using tests::refused;
using tests::remove;
using tests::tickets_of;

struct DriverUnderTest {
  const char* name;
  std::unique_ptr<QuarantineTestbed> (*make)();
};

class QuarantineSuite : public ::testing::TestWithParam<DriverUnderTest> {
 protected:
  void SetUp() override { open(); }

  // Again: what was kept is there.
  void open() {
    quarantine_.reset();
    quarantine_ = bed_->open();
  }
  // As another process sees them; none after an error.
  std::vector<Record> records(const Query& query = {}) {
    auto read = bed_->reader()->read(query);
    EXPECT_TRUE(read) << read.error().text();
    return std::move(read).value_or(std::vector<Record>());
  }
  // One record an event of `target`, numbered from 1 on.
  void fill(const std::string& target, int events, const std::string& json = "{}") {
    std::vector<Refused> all;
    for (int i = 1; i <= events; ++i) all.push_back(refused(target, event_of(static_cast<std::uint8_t>(i), json)));
    ASSERT_TRUE(put(*quarantine_, std::move(all)));
  }

  const std::unique_ptr<QuarantineTestbed> bed_ = GetParam().make();
  std::unique_ptr<Quarantine> quarantine_;
};

// One row a driver.
std::vector<DriverUnderTest> drivers_under_test();
std::string name_of(const ::testing::TestParamInfo<DriverUnderTest>& driver);

}  // namespace twinshift::quarantine
