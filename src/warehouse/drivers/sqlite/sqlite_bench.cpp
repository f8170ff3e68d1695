// write() beside a bare loader that puts the same ready-made rows into the same table: alone, and into two tables by
// two threads (the shape of the service).
#include <cstdlib>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>

#include "base/log.hpp"
#include "event/row.hpp"
#include "event/sample.hpp"
#include "sqlite/database.hpp"
#include "tests/support/temporary_folder.hpp"
#include "warehouse/drivers/sqlite/sqlite_dialect.hpp"
#include "warehouse/drivers/sqlite/sqlite_warehouse.hpp"
#include "warehouse/table_columns.hpp"

namespace twinshift::warehouse {
namespace {

constexpr std::uint64_t kEvents = 10'000;  // 25 MB: more than a cache holds, and checkpoints take part

const std::vector<event::EventPtr>& events() {
  static const std::vector<event::EventPtr> made = [] {
    const base::WallTime around{std::chrono::hours(480'000)};
    std::vector<event::EventPtr> list;
    for (std::uint64_t i = 0; i < kEvents; ++i) {
      list.push_back(*event::decode_event(event::sample_event(1, i, around), "m", around));
    }
    return list;
  }();
  return made;
}

// What a reader of a ready table would hold: each value's kind and bytes, by column.
struct Value {
  enum class Kind : std::uint8_t { null, number, text } kind = Kind::null;
  std::int64_t number = 0;
  std::string text;
};
using ReadyRow = std::vector<Value>;

struct Ready {
  std::vector<std::string> schema;
  std::string insert;
  std::vector<ReadyRow> rows;
};

class Folder {
 public:
  Folder() { base::log::set_level(base::log::Level::silent); }
  [[nodiscard]] std::string file(int number) const { return (root_ / (std::to_string(number) + ".db")).string(); }

 private:
  tests::TemporaryFolder root_;
};

void land(const std::string& path, std::size_t batch_rows) {
  auto warehouse = open_sqlite_warehouse({.path = path});
  for (std::size_t at = 0; at < kEvents; at += batch_rows) {
    Batch batch{std::to_string(at), {}};
    for (std::size_t i = at; i < std::min<std::size_t>(at + batch_rows, kEvents); ++i) {
      batch.events.push_back(events()[i]);
    }
    if (!warehouse || !(*warehouse)->write(batch)) std::abort();
  }
}

// The rows as write() leaves them.
const Ready& ready() {
  static const Ready made = [] {
    const Folder folder;
    land(folder.file(0), 1000);
    auto database = *sqlite::Database::open(folder.file(0), sqlite::OpenMode::read_only);
    Ready all;
    auto schema = *database.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type = 'index'");
    while (*schema.step()) all.schema.emplace_back(schema.text(0));
    auto rows = *database.prepare("SELECT * FROM appsflyer_events ORDER BY rowid");
    std::vector<bool> numbers;
    for (const event::Column& column : table_columns()) numbers.push_back(sqlite_type(column.type) == "INTEGER");
    while (*rows.step()) {
      ReadyRow& row = all.rows.emplace_back(numbers.size());
      for (std::size_t i = 0; i < numbers.size(); ++i) {
        const int column = static_cast<int>(i);
        if (rows.is_null(column)) continue;
        row[i].kind = numbers[i] ? Value::Kind::number : Value::Kind::text;
        row[i].number = numbers[i] ? rows.integer(column) : 0;
        if (!numbers[i]) row[i].text = std::string(rows.text(column));
      }
    }
    all.insert = "INSERT INTO appsflyer_events VALUES (?";
    for (std::size_t i = 1; i < numbers.size(); ++i) all.insert += ",?";
    all.insert += ")";
    return all;
  }();
  return made;
}

void bind(sqlite::Statement& statement, const ReadyRow& row) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    const int parameter = static_cast<int>(i) + 1;
    switch (row[i].kind) {
      case Value::Kind::null:
        statement.bind_null(parameter);
        break;
      case Value::Kind::number:
        statement.bind(parameter, row[i].number);
        break;
      case Value::Kind::text:
        statement.bind_text(parameter, row[i].text);
        break;
    }
  }
}

void load_bare(const std::string& path, std::size_t batch_rows) {
  auto database = *sqlite::Database::open(path, sqlite::OpenMode::create);
  if (!database.execute("PRAGMA page_size=8192") || !database.use_durable_wal()) std::abort();
  for (const std::string& sql : ready().schema) {
    if (!database.execute(sql)) std::abort();
  }
  auto insert = *database.prepare(ready().insert);
  for (std::size_t at = 0; at < kEvents; at += batch_rows) {
    auto transaction = *sqlite::Transaction::begin(database);
    for (std::size_t i = at; i < std::min<std::size_t>(at + batch_rows, kEvents); ++i) {
      bind(insert, ready().rows[i]);
      if (!insert.run()) std::abort();
    }
    if (!transaction.commit()) std::abort();
  }
}

template <class Work>
void into_tables(benchmark::State& state, Work work) {
  (void)events();
  (void)ready();
  const auto batch_rows = static_cast<std::size_t>(state.range(0));
  const int tables = static_cast<int>(state.range(1));
  for ([[maybe_unused]] auto _ : state) {
    const Folder folder;
    std::vector<std::jthread> threads;
    for (int t = 0; t < tables; ++t) {
      threads.emplace_back([&folder, t, batch_rows, work] { work(folder.file(t), batch_rows); });
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kEvents));
}

void write_events(benchmark::State& state) {
  into_tables(state, land);
}
void bare_loader(benchmark::State& state) {
  into_tables(state, load_bare);
}
BENCHMARK(bare_loader)->ArgNames({"batch", "tables"})->ArgsProduct({{100, 500, 1000}, {1, 2}})->UseRealTime();
BENCHMARK(write_events)->ArgNames({"batch", "tables"})->ArgsProduct({{100, 500, 1000}, {1, 2}})->UseRealTime();

}  // namespace
}  // namespace twinshift::warehouse
