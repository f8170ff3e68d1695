#include "warehouse/option_name.hpp"

#include <gtest/gtest.h>

namespace twinshift::warehouse {
namespace {

TEST(OptionName, IsTheTargetsOwn) {
  EXPECT_EQ(option_name("primary", "REDSHIFT_STATEMENT_TIMEOUT"), "REDSHIFT_STATEMENT_TIMEOUT");
  EXPECT_EQ(option_name("secondary", "REDSHIFT_STATEMENT_TIMEOUT"), "SECONDARY_REDSHIFT_STATEMENT_TIMEOUT");
}

}  // namespace
}  // namespace twinshift::warehouse
