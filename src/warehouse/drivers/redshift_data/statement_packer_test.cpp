#include "warehouse/drivers/redshift_data/statement_packer.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "warehouse/schema/real_testing.hpp"
#include "warehouse/schema/write_text.hpp"

namespace twinshift::warehouse {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

event::EventPtr event_of(std::string json) {
  return *event::decode_event(std::move(json), "m", base::WallTime(std::chrono::hours(480'000)));
}

class Packing : public testing::Test {
 protected:
  Packing()
      : fit_(fit_table(Dialect::redshift, made_table(Dialect::redshift), kTable)), rows_(fit_.columns, fit_.shape) {}

  PackedRow row_of(std::string json) {
    events_.push_back(event_of(std::move(json)));
    PackedRow row{.row = rows_.rows(),
                  .position = static_cast<std::uint32_t>(events_.size() - 1),
                  .place = 0,
                  .event = events_.back().get(),
                  .parts = 0};
    row.parts = rows_.add(events_.back());
    return row;
  }
  StatementPacker packer(std::size_t bytes_max = kStatementBytesMax) {
    return {rows_, fit_.columns, rows_.used(), bytes_max};
  }
  // The values that the statements put into a column of the only row, joined: literals as SQL reads them.
  static std::string read_back(const std::vector<std::string>& statements, const std::string& column) {
    std::string value;
    const std::string assign = '"' + column + "\" = \"" + column + "\" || '";
    for (const std::string& sql : statements) {
      for (std::size_t at = sql.find(assign); at != std::string::npos; at = sql.find(assign, at + 1)) {
        for (std::size_t i = at + assign.size(); i < sql.size(); ++i) {
          if (sql[i] == '\'' && (i + 1 == sql.size() || sql[i + 1] != '\'')) break;
          if (sql[i] == '\'' || sql[i] == '\\') {
            EXPECT_EQ(sql[i + 1], sql[i]) << "half a pair";
            ++i;
          }
          value += sql[i];
        }
      }
    }
    return value;
  }

  std::string text_of(std::string_view key) {
    for (const event::Field& field : events_[0]->fields) {
      if (field.key == key) return std::string(field.text);
    }
    return {};
  }

  Fit fit_;
  LiteralRows rows_;
  std::vector<event::EventPtr> events_;
};

TEST_F(Packing, PutsManyRowsIntoAFewStatementsOfAtMostTheLimit) {
  std::vector<PackedRow> rows;
  for (int i = 0; i < 500; ++i) {
    rows.push_back(row_of(R"({"event_name":"n","campaign":")" + std::string(1'000, 'c') + std::to_string(i) + "\"}"));
  }
  StatementPacker packer = this->packer();
  for (const PackedRow& row : rows) ASSERT_TRUE(packer.add(row, kStatementsMax));
  const auto statements = packer.take();
  EXPECT_LE(statements.size(), 7U);
  std::size_t found = 0;
  for (const std::string& sql : statements) {
    EXPECT_LE(sql.size(), kStatementBytesMax);
    EXPECT_THAT(sql, StartsWith("INSERT INTO twinshift_stage (twinshift_pos,twinshift_place,\"event_id\""));
    EXPECT_THAT(sql, EndsWith(")"));
    for (std::size_t at = sql.find("'n'"); at != std::string::npos; at = sql.find("'n'", at + 1)) ++found;
  }
  EXPECT_EQ(found, 500U);
  // What no event has is no column of the statement.
  EXPECT_EQ(statements[0].find("\"customer_user_id\""), std::string::npos);
}

TEST_F(Packing, LeavesOutWhatDoesNotFitAndKeepsTheRest) {
  std::vector<PackedRow> rows;
  for (int i = 0; i < 40; ++i)
    rows.push_back(row_of(R"({"campaign":")" + std::string(3'000, 'x') + std::to_string(i) + "\"}"));
  const PackedRow large = row_of(R"({"unknown":")" + std::string(200'000, 'y') + "\"}");
  StatementPacker packer = this->packer();
  for (const PackedRow& row : rows) ASSERT_TRUE(packer.add(row, 3));
  const std::size_t before = packer.statements();
  EXPECT_FALSE(packer.add(large, 3));
  EXPECT_EQ(packer.statements(), before);
  EXPECT_FALSE(packer.has_parts());
  const PackedRow last = row_of(R"({"campaign":"last"})");
  EXPECT_TRUE(packer.add(last, 3));
  const auto statements = packer.take();
  EXPECT_EQ(statements.size(), before);
  EXPECT_THAT(statements.back(), HasSubstr("'last'"));
  EXPECT_EQ(statements.back().find("yyyy"), std::string::npos);
}

TEST_F(Packing, AppendsWhatIsLargerThanAStatement) {
  std::string odd;
  for (int i = 0; odd.size() < 60'000; ++i) odd += i % 3 == 0 ? "''" : i % 3 == 1 ? "\\\\\\\\" : "\xC3\xA9";
  const PackedRow row = row_of(R"({"original_url":")" + odd + R"(","http_referrer":")" + std::string(40'000, '\'') +
                               R"(","campaign":"small"})");
  for (const std::size_t limit : {std::size_t{5'000}, std::size_t{50'000}, kStatementBytesMax}) {
    StatementPacker packer = this->packer(limit);
    ASSERT_TRUE(packer.add(row, 1'000));
    const auto statements = packer.take();
    for (const std::string& sql : statements) EXPECT_LE(sql.size(), limit);
    EXPECT_THAT(statements.front(), HasSubstr("'small'"));
    EXPECT_THAT(statements.back(), EndsWith(" WHERE twinshift_pos = 0"));
    // Compared outside the macro: a failure must not print 60 KB.
    EXPECT_TRUE(read_back(statements, "http_referrer") == text_of("http_referrer")) << limit;
    const bool both = limit < kStatementBytesMax;  // without the other it fits
    EXPECT_TRUE(read_back(statements, "original_url") == (both ? text_of("original_url") : "")) << limit;
  }
}

TEST_F(Packing, AMebibyteOfTheWorstTextFitsIntoOneTransaction) {
  for (const char* piece : {"x", "'", "\\\\", "\\\"", "\xC3\xA9", "\\u0001"}) {
    for (const char* field : {"unknown", "campaign", "event_value", "original_url"}) {
      std::string text;
      while (text.size() + 40 < (1U << 20U)) text += piece;
      const PackedRow row = row_of("{\"" + std::string(field) + "\":\"" + text + "\"}");
      StatementPacker packer = this->packer();
      EXPECT_TRUE(packer.add(row, kStatementsMax - 10)) << piece << " in " << field << ": " << packer.statements();
      for (const std::string& sql : packer.take()) EXPECT_LE(sql.size(), kStatementBytesMax);
    }
  }
}

TEST(CutLiteral, CutsBetweenCharactersAndPairs) {
  EXPECT_EQ(cut_literal("abc", 8), 3U);
  EXPECT_EQ(cut_literal("abcdefghij", 8), 8U);
  EXPECT_EQ(cut_literal("abcdefg''x", 8), 7U);
  EXPECT_EQ(cut_literal("abcdef''xx", 8), 8U);
  EXPECT_EQ(cut_literal("abcd''''''", 9), 8U);
  EXPECT_EQ(cut_literal(R"(abcdefg\\x)", 8), 7U);
  EXPECT_EQ(cut_literal(R"(abcde\\''xx)", 8), 7U);
  EXPECT_EQ(cut_literal("abcdefg\xC3\xA9x", 8), 7U);
  EXPECT_EQ(cut_literal("abcd\xF0\x9F\x98\x80xx", 7), 4U);
}

}  // namespace
}  // namespace twinshift::warehouse
