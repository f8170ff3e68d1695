#include "tests/conformance/warehouse_suite.hpp"

#include <charconv>

#include "event/row.hpp"
#include "warehouse/load_sums.hpp"

namespace twinshift::warehouse {

std::vector<DriverUnderTest> drivers_under_test() {
  return {
#define WAREHOUSE_DRIVER(name) DriverUnderTest{#name, &make_##name##_warehouse_testbed},
#include "app/drivers.def"
      DriverUnderTest{"redshift", &make_redshift_warehouse_testbed},
  };
}

event::EventPtr event_of(std::string json, base::WallTime received_at) {
  auto decoded = event::decode_event(std::move(json), "m", received_at);
  EXPECT_TRUE(decoded) << (decoded ? "" : decoded.error().text());
  return decoded ? *decoded : nullptr;
}

event::EventPtr event_of(int number) {
  return event_of(R"({"event_time":"2024-01-01 12:00:00","appsflyer_id":"a)" + std::to_string(number) + "\"}");
}

std::string WarehouseSuite::write(std::string id, std::vector<event::EventPtr> events) {
  auto report = warehouse_->write(batch_of(std::move(id), std::move(events)));
  EXPECT_TRUE(report) << (report ? "" : report.error().text());
  if (!report) return "";
  std::string letters;
  for (const Outcome outcome : report->outcomes) {
    letters += outcome == Outcome::written     ? 'w'
               : outcome == Outcome::duplicate ? 'd'
               : outcome == Outcome::rejected  ? 'r'
                                               : 'l';
  }
  return letters;
}

std::string WarehouseSuite::write_around(const std::string& id, const std::vector<event::EventPtr>& events,
                                         std::string& reason) {
  auto report = warehouse_->write(batch_of(id, events));
  if (report) {
    std::string letters;
    for (std::size_t i = 0; i < events.size(); ++i) {
      const bool rejected = report->outcomes[i] == Outcome::rejected;
      if (rejected) reason = report->reasons[i].message;
      letters += rejected ? 'r' : 'w';
    }
    return letters;
  }
  EXPECT_EQ(report.error().kind, base::ErrorKind::rejected) << report.error().text();
  if (events.size() == 1) {
    reason = report.error().message;
    return "r";
  }
  const auto middle = events.begin() + static_cast<std::ptrdiff_t>(events.size() / 2);
  return write_around(id + "a", {events.begin(), middle}, reason) +
         write_around(id + "b", {middle, events.end()}, reason);
}

std::string WarehouseSuite::ask(const std::string& sql) {
  auto table = warehouse_->query(sql, 10);
  EXPECT_TRUE(table) << sql << ": " << (table ? "" : table.error().text());
  if (!table || table->rows.empty() || table->rows[0].empty()) return "(nothing)";
  return table->rows[0][0].value_or("NULL");
}

std::string WarehouseSuite::sums() {
  constexpr base::WallTime kFrom{std::chrono::hours(480'000 - 1)};
  const auto report = read_load_sums(*warehouse_, {.instance = "", .from_hour = kFrom});
  EXPECT_TRUE(report) << (report ? "" : report.error().text());
  LoadSums all;
  for (const LoadSums& each : report ? report->hours : std::vector<LoadSums>()) {
    all.inserted += each.inserted, all.duplicate += each.duplicate;
  }
  return std::to_string(all.inserted) + " and " + std::to_string(all.duplicate);
}

namespace {

event::Cell cell_of(const event::Column& column, const std::optional<std::string>& value) {
  event::Cell cell;
  if (!value) return cell;
  cell.null = false;
  cell.text = *value;
  if (column.type == event::ColumnType::boolean) {
    cell.number = *value == "1" || *value == "t" ? 1 : 0;
  } else if (column.type == event::ColumnType::integer || column.type == event::ColumnType::bigint) {
    std::from_chars(value->data(), value->data() + value->size(), cell.number);
  }
  return cell;
}

}  // namespace

std::string WarehouseSuite::parts_of(const std::string& event_id) {
  const auto table = warehouse_->query(
      "SELECT body FROM twinshift_parts WHERE event_id = '" + event_id + "' ORDER BY part", 1'000'000);
  EXPECT_TRUE(table) << (table ? "" : table.error().text());
  std::string whole;
  if (table) {
    for (const auto& row : table->rows) whole += row[0].value_or("");
  }
  return whole;
}

std::vector<std::string> WarehouseSuite::decoded_ids() {
  std::string sql = "SELECT event_id, extra";
  for (const event::Column& column : event::catalogue()) sql += ",\"" + std::string(column.name) + "\"";
  const auto table = warehouse_->query(sql + " FROM " + bed_->table() + " ORDER BY event_id", 1'000'000);
  EXPECT_TRUE(table) << (table ? "" : table.error().text());
  std::vector<std::string> ids;
  if (!table) return ids;
  for (const auto& row : table->rows) {
    std::vector<event::Cell> cells;
    for (std::size_t i = 0; i < event::catalogue().size(); ++i) {
      cells.push_back(cell_of(event::catalogue()[i], row[i + 2]));
    }
    const std::string extra = row[1].value_or("");
    const bool in_parts = extra.find("\"$parts\"") != std::string::npos;
    const auto json = event::decode(cells, extra, in_parts ? parts_of(row[0].value_or("")) : std::string());
    EXPECT_TRUE(json) << (json ? "" : json.error().text());
    if (json) ids.push_back(event_of(*json)->id.hex());
  }
  return ids;
}

}  // namespace twinshift::warehouse
