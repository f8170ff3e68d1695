#include "warehouse/schema/sql_access.hpp"

#include <gtest/gtest.h>

namespace twinshift::warehouse {
namespace {

TEST(AtTarget, NamesItOnce) {
  const auto place = [](std::string where) {
    return at_target({base::ErrorKind::conflict, "message", std::move(where), "hint"}, "primary").where;
  };
  EXPECT_EQ(place("table \"t\""), "primary, table \"t\"");
  EXPECT_EQ(place("primary"), "primary");
  EXPECT_EQ(place("primary, statement 7"), "primary, statement 7");
  EXPECT_EQ(place("primary.example:5432/db"), "primary, primary.example:5432/db") << "a host of that name";
}

}  // namespace
}  // namespace twinshift::warehouse
