// What the tests of the quarantine's promise share. One thread, the test's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/conformance/quarantine_testbed.hpp"
#include "tests/support/quarantine_fixture.hpp"

namespace twinshift::quarantine {

struct DriverUnderTest {
  const char* name;
  std::unique_ptr<QuarantineTestbed> (*make)();
};

class QuarantineSuite : public QuarantineFixture, public ::testing::WithParamInterface<DriverUnderTest> {
 protected:
  void SetUp() override { open(); }

  // Again: what was kept is there.
  void open() {
    quarantine_.reset();
    quarantine_ = bed_->open();
  }
  std::unique_ptr<Reader> reader() override { return bed_->reader(); }

  const std::unique_ptr<QuarantineTestbed> bed_ = GetParam().make();
};

// One row a driver.
std::vector<DriverUnderTest> drivers_under_test();
std::string name_of(const ::testing::TestParamInfo<DriverUnderTest>& driver);

}  // namespace twinshift::quarantine
