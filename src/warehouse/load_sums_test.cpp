#include "warehouse/load_sums.hpp"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace twinshift::warehouse {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr base::WallTime kHour{std::chrono::hours(480'000)};  // 2024-10-04 00:00:00

Table answer_of(std::vector<std::vector<std::optional<std::string>>> rows) {
  return {{"arrival_hour", "landed", "twice"}, std::move(rows), false};
}

TEST(LoadSums, AskForHoursFromTheirBeginning) {
  const std::string sql = load_sums_sql({{"s", "it's"}, {}, kHour + std::chrono::minutes(59)});
  EXPECT_THAT(sql, HasSubstr(R"("s"."twinshift_loads" WHERE table_name = 'it''s' AND arrival_at >= )"
                             "'2024-10-04 00:00:00' AND batch_id NOT LIKE 'mend-%' UNION ALL"));
  EXPECT_THAT(sql, HasSubstr(R"(SELECT DISTINCT event_key, received_at FROM "s"."twinshift_duplicates" WHERE )"
                             "table_name = 'it''s' AND received_at >= '2024-10-04 00:00:00' AND batch_id NOT LIKE "
                             "'mend-%')"));
  EXPECT_THAT(sql, Not(HasSubstr("instance")));
}

TEST(LoadSums, OfOneInstanceWhateverItsName) {
  LoadQuestion question{{"", "t"}, R"(a\'b)", kHour};
  EXPECT_THAT(load_sums_sql(question), HasSubstr(R"(FROM "twinshift_loads" )"));
  EXPECT_THAT(load_sums_sql(question), HasSubstr(R"(AND instance = 'a\''b')"));
  question.backslash_escapes = true;
  EXPECT_THAT(load_sums_sql(question), HasSubstr(R"(AND instance = 'a\\''b')"));
}

TEST(LoadSums, AreReadFromText) {
  const auto sums = parse_load_sums(answer_of({{"2024-10-04 00", "3", "0"}, {"2024-10-04 23", "0", "12345678901"}}));
  ASSERT_TRUE(sums) << sums.error().text();
  EXPECT_EQ(*sums, (std::vector<LoadSums>{{kHour, 3, 0}, {kHour + std::chrono::hours(23), 0, 12'345'678'901}}));
}

TEST(LoadSums, WhatIsNoAnswerIsNotTakenForOne) {
  using Row = std::vector<std::optional<std::string>>;
  for (const Row& row : {Row{"10/04/2024 00", "1", "1"}, Row{"2024-10-04 00", std::nullopt, "1"}, Row{"2024-10-04 00"},
                         Row{"2024-10-04 00", "-1", "1"}, Row{"2024-10-04 00", "1", "1.5"}, Row{std::nullopt, "1", "1"},
                         Row{"2024-10-04 24", "1", "1"}}) {
    EXPECT_FALSE(parse_load_sums(answer_of({row})));
  }
  Table cut = answer_of({});
  cut.cut = true;
  EXPECT_EQ(parse_load_sums(cut).error().kind, base::ErrorKind::full);
}

// Answers each query by the test's word.
class Asked final : public Warehouse {
 public:
  explicit Asked(std::function<base::Result<Table>(const std::string&, int)> answer) : answer_(std::move(answer)) {}
  base::Status prepare() override { return {}; }
  base::Result<WriteReport> write(const Batch&) override { return WriteReport{}; }
  base::Result<std::optional<Marker>> find_marker(std::string_view) override { return std::nullopt; }
  base::Result<Table> query(const std::string& sql, std::size_t) override { return answer_(sql, ++queries); }
  base::Status ping() override { return {}; }
  [[nodiscard]] TableName event_table() const override { return {"s", "t"}; }
  [[nodiscard]] bool counts_duplicates() const override { return counts; }
  [[nodiscard]] std::string product() const override { return "Fake"; }

  int queries = 0;
  bool counts = true;

 private:
  std::function<base::Result<Table>(const std::string&, int)> answer_;
};

base::Result<Table> trouble() {
  return base::fail(base::ErrorKind::unavailable, "trouble", "here");
}
bool asks_for_duplicates(const std::string& sql) {
  return sql.find("twinshift_duplicates") != std::string::npos;
}
const Table kOneHour = answer_of({{"2024-10-04 00", "3", "1"}});

TEST(LoadSums, TakeOneQuery) {
  Asked asked([](const std::string&, int) { return kOneHour; });
  const auto report = read_load_sums(asked, {.from_hour = kHour});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->hours.front().duplicate, 1U);
  EXPECT_TRUE(report->duplicates_counted);
  EXPECT_EQ(asked.queries, 1);
}

TEST(LoadSums, WithoutTheTableOfDuplicatesSaySo) {
  Asked asked([](const std::string& sql, int) { return asks_for_duplicates(sql) ? trouble() : kOneHour; });
  auto report = read_load_sums(asked, {.from_hour = kHour});
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->duplicates_counted);
  EXPECT_EQ(report->hours.front().inserted, 3U);
  asked.counts = false;  // then it need not be tried
  asked.queries = 0;
  EXPECT_FALSE(read_load_sums(asked, {.from_hour = kHour})->duplicates_counted);
  EXPECT_EQ(asked.queries, 1);
}

TEST(LoadSums, APassingTroubleIsNotAMissingTable) {
  Asked asked([](const std::string&, int query) { return query == 1 ? trouble() : kOneHour; });
  const auto report = read_load_sums(asked, {.from_hour = kHour});
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->duplicates_counted);
  Asked gone([](const std::string&, int) { return trouble(); });
  EXPECT_FALSE(read_load_sums(gone, {.from_hour = kHour}));
  EXPECT_EQ(gone.queries, 2);
}

}  // namespace
}  // namespace twinshift::warehouse
