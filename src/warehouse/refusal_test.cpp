#include <gtest/gtest.h>

#include "warehouse/warehouse.hpp"

namespace twinshift::warehouse {
namespace {

Refusal from(std::string message, std::string where) {
  return refusal_of({base::ErrorKind::rejected, std::move(message), std::move(where), {}});
}

TEST(Refusal, TakesColumnAndClassFromTheMessage) {
  const Refusal refusal = from("null value, column event_name, constraint c [23502]", "primary, insert");
  EXPECT_EQ(refusal.column, "event_name");
  EXPECT_EQ(refusal.error_class, "23502");
}

TEST(Refusal, TakesTheColumnFromThePlace) {
  EXPECT_EQ(from("value too long [22001]", "target primary, column city").column, "city");
  EXPECT_EQ(from("value too long [22001]", "column city").column, "city");
}

TEST(Refusal, WithoutAClassTheKindStands) {
  const Refusal refusal = from("the server refused a statement", "primary");
  EXPECT_EQ(refusal.column, "");
  EXPECT_EQ(refusal.error_class, "rejected");
}

TEST(Refusal, AColumnEndsWhereItsNameEnds) {
  EXPECT_EQ(from("x, column a_1: \"secret\"", "").column, "a_1");
}

}  // namespace
}  // namespace twinshift::warehouse
