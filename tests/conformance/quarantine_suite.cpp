#include "tests/conformance/quarantine_suite.hpp"

namespace twinshift::quarantine {

std::vector<DriverUnderTest> drivers_under_test() {
  return {
#define QUARANTINE_DRIVER(name) DriverUnderTest{#name, &make_##name##_quarantine_testbed},
#include "app/drivers.def"
  };
}

std::string name_of(const ::testing::TestParamInfo<DriverUnderTest>& driver) {
  return driver.param.name;
}

}  // namespace twinshift::quarantine
