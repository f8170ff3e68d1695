#include "warehouse/schema/owed_text.hpp"

#include <gtest/gtest.h>

namespace twinshift::warehouse {
namespace {

constexpr base::WallTime kHour{std::chrono::hours(480'000)};  // 2024-10-04 00:00:00
const TableName kTable{"mart", "events"};

Table answer_of(std::vector<std::optional<std::string>> row) {
  return {{}, {std::move(row)}, false};
}

TEST(Owed, AStatementQuotesWhatItIsGiven) {
  const OwedRow row{.instance = "it's \\ me", .target = "primary", .arrival_at = kHour, .received = 7, .as_of = kHour};
  const std::string postgres = insert_owed_sql(Dialect::postgres, kTable, std::vector{row, row});
  EXPECT_NE(postgres.find("INTO \"mart\".\"twinshift_owed\""), std::string::npos) << postgres;
  EXPECT_NE(postgres.find("('events','it''s \\ me','primary','2024-10-04 00:00:00',7,0,0,0,'2024-10-04 00:00:00'),("),
            std::string::npos)
      << postgres;
  EXPECT_NE(insert_owed_sql(Dialect::redshift, kTable, std::vector{row}).find("'it''s \\\\ me'"), std::string::npos);
}

TEST(Owed, ReadsItsAnswer) {
  const auto rows = parse_owed(
      answer_of({"a", "secondary", "2024-10-04 00:00:00", "4", "3", "2", "1", "2024-10-04 00:00:01.000002"}));
  ASSERT_TRUE(rows) << rows.error().text();
  const OwedRow expected{"a", "secondary", kHour, 4, 3, 2, 1, kHour + std::chrono::microseconds(1'000'002)};
  EXPECT_EQ(*rows, std::vector{expected});
}

TEST(Owed, RefusesWhatIsNoAnswer) {
  const std::vector<std::vector<std::optional<std::string>>> wrong = {
      {"a", "b"},
      {"a", std::nullopt, "2024-10-04 00:00:00", "4", "3", "2", "1", "2024-10-04 00:00:01"},
      {"a", "b", "yesterday", "4", "3", "2", "1", "2024-10-04 00:00:01"},
      {"a", "b", "2024-10-04 00:00:00", "4", "-3", "2", "1", "2024-10-04 00:00:01"},
      {"a", "b", "2024-10-04 00:00:00", "4", "3", "2", "1x", "2024-10-04 00:00:01"},
      {"a", "b", "2024-10-04 00:00:00", "4", "3", "2", "1", std::nullopt}};
  for (const auto& row : wrong) {
    const auto rows = parse_owed(answer_of(row));
    ASSERT_FALSE(rows);
    EXPECT_EQ(rows.error().kind, base::ErrorKind::internal);
  }
  const auto cut = parse_owed({{}, {}, true});
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().kind, base::ErrorKind::full);
}

}  // namespace
}  // namespace twinshift::warehouse
