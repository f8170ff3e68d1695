#include "warehouse/drivers/redshift_data/answers.hpp"

#include <gtest/gtest.h>

namespace twinshift::warehouse {
namespace {

TEST(Answers, OfASubmission) {
  const auto plain = read_submitted(R"({"Id":"u-1","CreatedAt":1623979777.126,"Database":"dev"})");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->id, "u-1");
  EXPECT_EQ(plain->status, DataStatus::running);
  EXPECT_EQ(read_submitted(R"({"Id":"u-1","Status":"FINISHED","HasResultSet":false})")->status, DataStatus::finished);
}

TEST(Answers, OfADescription) {
  const auto batch = read_description(
      R"({"Id":"u","Status":"FAILED","Error":"top","SubStatements":[{"Id":"u:1","Status":"FINISHED","ResultRows":0},)"
      R"({"Id":"u:2","Status":"FAILED","Error":"ERROR: x","ResultRows":-1,"HasResultSet":true,"QueryString":"SELECT"}]})");
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->status, DataStatus::failed);
  ASSERT_EQ(batch->statements.size(), 2U);
  EXPECT_EQ(batch->statements[0].result_rows, 0);
  EXPECT_EQ(batch->statements[1].error, "ERROR: x");
  EXPECT_TRUE(batch->statements[1].has_result_set);
  // ExecuteStatement's has no list: it is its own only one.
  const auto one = read_description(R"({"Id":"u","Status":"FINISHED","HasResultSet":true,"ResultRows":3})");
  ASSERT_TRUE(one);
  ASSERT_EQ(one->statements.size(), 1U);
  EXPECT_EQ(one->statements[0].id, "u");
  EXPECT_EQ(one->statements[0].result_rows, 3);
}

TEST(Answers, OfAResult) {
  const auto page =
      read_result_page(R"({"Records":[[{"longValue":-7},{"isNull":true},{"stringValue":"a\u0062"}],)"
                       R"([{"booleanValue":true},{"booleanValue":false},{"doubleValue":0.1}]],)"
                       R"("ColumnMetadata":[{"name":"a","label":"A"},{"name":"b"},{"label":"c"}],"NextToken":"t"})");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->columns, (std::vector<std::string>{"A", "b", "c"}));
  ASSERT_EQ(page->rows.size(), 2U);
  EXPECT_EQ(page->rows[0], (ResultPage::Row{"-7", std::nullopt, "ab"}));
  EXPECT_EQ(page->rows[1], (ResultPage::Row{"t", "f", "0.1"}));
  EXPECT_EQ(page->next_token, "t");
}

TEST(Answers, ThatAreNoneAreToldApart) {
  for (const char* text : {"", "{", "[]", "null", "<html></html>", R"({"Id":""})", R"({"Id":7})", R"({"Id":"u")",
                           R"({"Status":"FINISHED"})"}) {
    EXPECT_FALSE(read_submitted(text)) << text;
    EXPECT_FALSE(read_description(text)) << text;
  }
  for (const char* text : {"", "{}", R"({"Records":7})", R"({"Records":[7]})", R"({"Records":[[7]]})",
                           R"({"Records":[],"ColumnMetadata":[7]})", R"({"Records":[[{"longValue":1}])"}) {
    EXPECT_FALSE(read_result_page(text)) << text;
  }
}

}  // namespace
}  // namespace twinshift::warehouse
