#include "warehouse/drivers/sqlite/row_refusal.hpp"

#include <gtest/gtest.h>

namespace twinshift::warehouse {
namespace {

Refusal from(std::string message) {
  return row_refusal({base::ErrorKind::rejected, "cannot run a statement: " + std::move(message), "file", {}});
}

TEST(RowRefusal, NamesTheColumnOfANotNull) {
  const Refusal refusal = from("NOT NULL constraint failed: appsflyer_events.event_name");
  EXPECT_EQ(refusal.column, "event_name");
  EXPECT_EQ(refusal.error_class, "SQLITE_CONSTRAINT_NOTNULL");
  EXPECT_EQ(refusal.message, "NOT NULL constraint failed: appsflyer_events.event_name");
}

TEST(RowRefusal, NamesTheOnlyColumnOfACheck) {
  EXPECT_EQ(from("CHECK constraint failed: length(city) < 10").column, "city");
  EXPECT_EQ(from("CHECK constraint failed: city <> region").column, "");
  EXPECT_EQ(from("CHECK constraint failed: short_city").column, "");
  EXPECT_EQ(from("CHECK constraint failed: city <> region").error_class, "SQLITE_CONSTRAINT_CHECK");
}

TEST(RowRefusal, AnythingElseKeepsItsText) {
  EXPECT_EQ(from("string or blob too big").error_class, "SQLITE_CONSTRAINT");
}

}  // namespace
}  // namespace twinshift::warehouse
