#include "app/trace_tables.hpp"

#include <chrono>

#include <gtest/gtest.h>

#include "app/embedded_target_fixture.hpp"
#include "event/event.hpp"

namespace twinshift::app {
namespace {

using namespace std::chrono_literals;

// Notes what it is asked.
class AskedWarehouse final : public warehouse::Warehouse {
 public:
  explicit AskedWarehouse(std::string product, std::vector<std::string>& asked)
      : product_(std::move(product)), asked_(asked) {}
  base::Status prepare() override { return {}; }
  base::Result<warehouse::WriteReport> write(const warehouse::Batch&) override { return warehouse::WriteReport(); }
  base::Result<std::optional<warehouse::Marker>> find_marker(std::string_view) override {
    return std::optional<warehouse::Marker>();
  }
  base::Result<warehouse::Table> query(const std::string& sql, std::size_t) override {
    asked_.push_back(sql);
    return warehouse::Table();
  }
  base::Status ping() override { return {}; }
  [[nodiscard]] warehouse::TableName event_table() const override { return {"s", "t"}; }
  [[nodiscard]] std::string product() const override { return product_; }

 private:
  const std::string product_;
  std::vector<std::string>& asked_;
};

class TraceTables : public EmbeddedTargetFixture {
 protected:
  static base::WallTime now() { return base::WallTime(std::chrono::sys_days{2026y / 11 / 27}); }
  // The statement that a product is asked.
  template <class Ask>
  static std::string asked(const std::string& product, Ask ask) {
    std::vector<std::string> statements;
    TracedTable table(std::make_unique<AskedWarehouse>(product, statements), std::nullopt, now(), false);
    ask(table);
    return statements.at(0);
  }
  static std::string asked_by_install(const std::string& product, std::string_view install) {
    return asked(product, [&](TracedTable& table) { EXPECT_TRUE(table.rows_of_install(install)); });
  }

  void land(std::initializer_list<const char*> events) {
    auto warehouse = open_warehouse(settings_, settings_.primary).value();
    ASSERT_TRUE(warehouse->prepare());
    warehouse::Batch batch{.id = "batch", .events = {}};
    for (const char* const each : events) batch.events.push_back(event::decode_event(each, "m", now()).value());
    ASSERT_TRUE(warehouse->write(batch));
  }
  std::unique_ptr<TracedTable> open() { return open_traced_table(settings_, "primary", std::nullopt, now()).value(); }
};

TEST_F(TraceTables, RowsComeBackByIdAndByInstall) {
  land({R"({"appsflyer_id":"i'1","event_name":"first","event_time":"2024-01-01 12:00:00"})",
        R"({"appsflyer_id":"i'1","event_name":"second","event_time":"2024-01-02 12:00:00"})",
        R"({"appsflyer_id":"another"})"});
  const auto table = open();
  const auto of_install = table->rows_of_install("i'1").value();
  ASSERT_EQ(of_install.size(), 2U);
  EXPECT_EQ(of_install[0].event_name, "second");  // the newest first
  EXPECT_EQ(of_install[0].event_at, base::WallTime(std::chrono::sys_days{2024y / 1 / 2} + 12h));
  EXPECT_EQ(of_install[0].received_at, now());
  const auto answer = table->rows({{of_install[1].event_id}, {std::string(32, '0')}}).value();
  EXPECT_TRUE(answer.erased.empty());
  const auto& by_id = answer.rows;
  ASSERT_EQ(by_id.size(), 1U);
  EXPECT_EQ(by_id[0].event_name, "first");
  EXPECT_EQ(by_id[0].copies, 1);
  EXPECT_FALSE(table->bounded_by());
}

TEST_F(TraceTables, WhatWasErasedIsToldSinceWhen) {
  land({R"({"appsflyer_id":"one"})", R"({"appsflyer_id":"another"})"});
  const auto erased = event::decode_event(R"({"appsflyer_id":"one"})", "m", now()).value();
  auto warehouse = open_warehouse(settings_, settings_.primary).value();
  ASSERT_TRUE(warehouse->prepare());
  ASSERT_TRUE(warehouse->erase({{{erased->id, erased->event_at}}}));
  const auto table = open();
  const auto other = table->rows_of_install("another").value().at(0).event_id;
  const auto answer = table->rows({{erased->id.hex()}, {other}}).value();
  EXPECT_EQ(answer.rows.size(), 1U);
  ASSERT_EQ(answer.erased.size(), 1U);
  EXPECT_GT(answer.erased.at(erased->id.hex()), base::WallTime{});
}

TEST_F(TraceTables, NoTextIsSqlAndNoMoreThanABoundIsRead) {
  const auto table = open();
  for (const char* const text : {"' OR '1'='1", "'; DROP TABLE events; --", "\\' OR 1=1 --", "\"", "%", "_"}) {
    EXPECT_TRUE(table->rows_of_install(text).value().empty()) << text;
  }
  EXPECT_NE(asked_by_install("PostgreSQL", "x").find(" LIMIT 21"), std::string::npos);
  EXPECT_NE(asked_by_install("PostgreSQL", "a\\'b").find(R"('a\''b')"), std::string::npos);
  EXPECT_NE(asked_by_install("Redshift", "a\\'b").find(R"('a\\''b')"), std::string::npos);
}

TEST_F(TraceTables, RedshiftIsAskedForASpanAndADatabaseWithAnIndexIsNot) {
  const auto at = base::WallTime(std::chrono::sys_days{2026y / 11 / 1});
  const auto rows = [](std::vector<TableQuestion> questions) {
    return [questions](TracedTable& table) { EXPECT_TRUE(table.rows(questions)); };
  };
  EXPECT_EQ(asked("PostgreSQL", rows({{"id"}})).find("event_at >="), std::string::npos);
  EXPECT_NE(asked("Redshift", rows({{"id", at}, {"di", at + 1h}}))
                .find("event_at >= '2026-10-31 23:59:59' AND event_at < '2026-11-01 01:00:01.000001'"),
            std::string::npos);
  EXPECT_NE(asked("Redshift", rows({{"id", at}, {"di"}})).find("event_at >= '2026-10-27 00:00:00'"), std::string::npos);
  EXPECT_NE(asked_by_install("Redshift", "x").find("event_at >= '2026-10-27 00:00:00'"), std::string::npos);
}

TEST_F(TraceTables, ATableWithoutNamesAndOneThatIsNotThereAnswer) {
  execute("DROP TABLE events");
  execute("CREATE TABLE events (event_id TEXT, event_at TEXT, received_at TEXT, appsflyer_id TEXT)");
  execute(
      "INSERT INTO events VALUES ('x', '2024-01-01 12:00:00', NULL, 'one'), ('x', '2024-01-01 12:00:00', NULL, 'one')");
  const auto rows = open()->rows_of_install("one").value();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].copies, 2);
  EXPECT_EQ(rows[0].event_name, "");
  execute("DROP TABLE events");
  EXPECT_FALSE(open()->rows_of_install("one"));
  settings_.primary.path = settings_.data_dir / "never-made.db";
  EXPECT_FALSE(open()->rows_of_install("one"));  // nobody can tell what stood in it
  EXPECT_FALSE(std::filesystem::exists(settings_.primary.path));
  settings_.data_dir = settings_.data_dir / "never-served";
  EXPECT_TRUE(open()->rows_of_install("one").value().empty());
}

}  // namespace
}  // namespace twinshift::app
