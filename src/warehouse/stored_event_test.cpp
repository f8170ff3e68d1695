#include "warehouse/stored_event.hpp"

#include <string>

#include <gtest/gtest.h>

#include "base/time_text.hpp"

namespace twinshift::warehouse {
namespace {

std::string parsed(std::string_view text) {
  const auto time = parse_event_at(text);
  return time ? base::sql_timestamp(*time) : "none";
}

TEST(StoredEvent, AnEventAtThatSortsElsewhereIsNone) {
  EXPECT_EQ(parsed("2026-01-14 23:58:53.625"), "2026-01-14 23:58:53.625");
  EXPECT_EQ(parsed("2026-01-14 23:58:53"), "2026-01-14 23:58:53");
  EXPECT_EQ(parsed("2026-01-14 23:58:53+00"), "2026-01-14 23:58:53");  // as a server shows a TIMESTAMPTZ
  for (const char* const text :
       {"2026-01-14T23:58:53Z", "2026-01-14T23:58:53", "2026-01-14 23:58:53Z", "", "garbage"}) {
    EXPECT_EQ(parsed(text), "none") << text;
  }
}

}  // namespace
}  // namespace twinshift::warehouse
