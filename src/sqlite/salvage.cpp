#include "sqlite/salvage.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

#include <sqlite3.h>

#include "sqlite/database.hpp"
#include "sqlite/row_ranges.hpp"

namespace twinshift::sqlite {
namespace {

namespace fs = std::filesystem;
using base::ErrorKind;

// A file that is written once, and thrown away where that fails: no journal, one fsync at the end.
constexpr const char* kWriteOnce = "PRAGMA journal_mode=OFF;PRAGMA synchronous=OFF";
// A schema of which one entry is damaged would else hide all tables.
constexpr const char* kReadOn = "PRAGMA writable_schema=ON";

std::string in_quotes(std::string_view name) {
  std::string text = "\"";
  for (const char c : name) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + '"';
}

struct Files {
  Database& damaged;
  Database& fresh;
  std::uint64_t unreadable_ranges_max;
};

struct SchemaEntry {
  std::string type;
  std::string name;
  std::string sql;
};

// As many as can be read.
std::vector<SchemaEntry> entries_of(Database& damaged, Salvaged& done) {
  std::vector<SchemaEntry> entries;
  auto statement = damaged.prepare(
      "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
      false);
  if (!statement) {
    done.lost = true;
    return entries;
  }
  for (;;) {
    auto row = statement->step();
    if (!row) done.lost = true;
    if (!row || !*row) return entries;
    entries.push_back(
        {std::string(statement->text(0)), std::string(statement->text(1)), std::string(statement->text(2))});
  }
}

struct Columns {
  std::vector<std::string> names;
  std::string row_number;  // under which name a row's own number is reached; empty: WITHOUT ROWID
};

base::Result<Columns> columns_of(Database& fresh, const std::string& table) {
  Columns columns;
  auto statement = fresh.prepare("SELECT name FROM pragma_table_info(?)", false);
  if (!statement) return base::fail(std::move(statement.error()));
  statement->bind_text(1, table);
  for (;;) {
    auto row = statement->step();
    if (!row) return base::fail(std::move(row.error()));
    if (!*row) break;
    columns.names.emplace_back(statement->text(0));
  }
  for (const char* name : {"rowid", "_rowid_", "oid"}) {
    const auto same = [&](const std::string& each) { return sqlite3_stricmp(each.c_str(), name) == 0; };
    if (std::ranges::any_of(columns.names, same)) continue;
    if (!fresh.prepare("SELECT " + std::string(name) + " FROM " + in_quotes(table), false)) continue;
    columns.row_number = name;
    break;
  }
  return columns;
}

// One table's rows from the one file into the other.
class TableCopy {
 public:
  // `keeps_numbers`: nothing stood in the table, so each row keeps its number, and none is taken twice.
  TableCopy(const Files& files, bool keeps_numbers, Salvaged& done)
      : damaged_(files.damaged),
        fresh_(files.fresh),
        unreadable_ranges_max_(files.unreadable_ranges_max),
        keeps_numbers_(keeps_numbers),
        done_(done) {}

  base::Status run(const std::string& table) {
    auto columns = columns_of(fresh_, table);
    if (!columns) return base::fail(std::move(columns.error()));
    std::string list;
    std::string places;
    for (const std::string& name : columns->names) {
      list += (list.empty() ? "" : ", ") + in_quotes(name);
      places += places.empty() ? "?" : ", ?";
    }
    const std::string number = columns->row_number;
    const bool keeps = keeps_numbers_ && !number.empty();
    skipped_ = number.empty() || keeps ? 0 : 1;
    auto insert = fresh_.prepare("INSERT OR IGNORE INTO " + in_quotes(table) + '(' + (keeps ? number + ", " : "") +
                                 list + ") VALUES (" + (keeps ? "?, " : "") + places + ')');
    if (!insert) return base::fail(std::move(insert.error()));
    insert_ = &*insert;
    if (number.empty()) return by_both_ends("SELECT " + list + " FROM " + in_quotes(table), table);
    return by_row_number("SELECT " + number + ", " + list + " FROM " + in_quotes(table) + " NOT INDEXED", number,
                         table);
  }

 private:
  base::Status by_row_number(const std::string& select, const std::string& number, const std::string& table) {
    const std::string between = select + " WHERE " + number + " BETWEEN ? AND ? ORDER BY " + number;
    auto statement = damaged_.prepare(between);
    if (!statement) return lose();
    RowRanges ranges(first_and_last(number, table), unreadable_ranges_max_);
    while (const auto range = ranges.next()) {
      statement->bind(1, range->first);
      statement->bind(2, range->last);
      std::optional<std::int64_t> reached;
      auto whole = copy(*statement, [&] { reached = statement->integer(0); });
      statement->reset();
      if (!whole) return base::fail(std::move(whole.error()));
      if (!*whole) ranges.failed(*range, reached);
    }
    done_.lost = done_.lost || ranges.any_failed();
    return {};
  }

  // Of a table without row numbers: from the front up to what cannot be read, then from the back.
  base::Status by_both_ends(const std::string& select, const std::string& table) {
    for (const char* order : {"", " DESC"}) {
      auto statement = damaged_.prepare(select + order_of(table, order));
      if (!statement) return lose();
      auto whole = copy(*statement, [] {});
      if (!whole) return base::fail(std::move(whole.error()));
      if (*whole) return {};
      done_.lost = true;
    }
    return {};
  }

  std::string order_of(const std::string& table, const std::string& order) {
    auto statement = fresh_.prepare("SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk", false);
    if (!statement) return {};
    statement->bind_text(1, table);
    std::string text;
    while (statement->step().value_or(false)) {
      text += (text.empty() ? " ORDER BY " : ", ") + in_quotes(statement->text(0)) + order;
    }
    return text;
  }

  // False: it met something that cannot be read. Errors: of the new file alone.
  template <class Told>
  base::Result<bool> copy(Statement& from, Told told) {
    for (;;) {
      auto row = from.step();
      if (!row) return false;
      if (!*row) return true;
      told();
      if (auto put = insert(from); !put) return base::fail(std::move(put.error()));
    }
  }

  base::Status insert(const Statement& from) {
    insert_->bind_values_of(from, skipped_);
    auto put = insert_->run();
    if (put) {
      done_.rows += static_cast<std::uint64_t>(fresh_.changes());
      return {};
    }
    if (put.error().kind != ErrorKind::rejected) return put;
    done_.lost = true;  // values that no row of this table can have: it is not one
    return {};
  }

  // The greatest number that a row may have where the last page tells nothing: no row takes less than kRowBytesMin.
  RowRange first_and_last(const std::string& number, const std::string& table) {
    constexpr std::int64_t kRowBytesMin = 4;
    const auto first = damaged_.integer("SELECT min(" + number + ") FROM " + in_quotes(table) + " NOT INDEXED");
    const auto last = damaged_.integer("SELECT max(" + number + ") FROM " + in_quotes(table) + " NOT INDEXED");
    if (first && last) return {*first, *last};
    const std::int64_t pages = damaged_.integer("PRAGMA page_count").value_or(0);
    const std::int64_t bytes = damaged_.integer("PRAGMA page_size").value_or(0);
    return {first.value_or(1), last.value_or(pages * bytes / kRowBytesMin)};
  }

  base::Status lose() {
    done_.lost = true;
    return {};
  }

  Database& damaged_;
  Database& fresh_;
  const std::uint64_t unreadable_ranges_max_;
  const bool keeps_numbers_;
  Salvaged& done_;
  Statement* insert_ = nullptr;
  int skipped_ = 0;  // columns of what is read that are not written
};

base::Status copy_tables(const Files& files, const std::vector<SchemaEntry>& entries, Salvaged& done) {
  Database& fresh = files.fresh;
  for (const SchemaEntry& entry : entries) {
    if (entry.type != "table") continue;
    const bool made = fresh.execute(entry.sql).has_value();
    if (!made && !fresh.prepare("SELECT 1 FROM " + in_quotes(entry.name), false)) {
      done.lost = true;
      continue;
    }
    ++done.tables;
    if (auto copied = TableCopy(files, made, done).run(entry.name); !copied) return copied;
  }
  return {};
}

base::Status fill(const Files& files, Salvaged& done) {
  Database& fresh = files.fresh;
  const auto entries = entries_of(files.damaged, done);
  auto transaction = Transaction::begin(fresh);
  if (!transaction) return base::fail(std::move(transaction.error()));
  if (auto copied = copy_tables(files, entries, done); !copied) return copied;
  // An index that cannot be made, because something stands twice, is its owner's to make.
  for (const SchemaEntry& entry : entries) {
    if (entry.type == "table") continue;
    auto made = fresh.execute(entry.sql);
    if (!made && made.error().kind == ErrorKind::full) return made;
  }
  return transaction->commit();
}

base::Status make_durable(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool done = fd >= 0 && ::fsync(fd) == 0;
  const int reason = errno;
  if (fd >= 0) ::close(fd);
  if (done) return {};
  return base::fail(ErrorKind::unavailable, std::string("cannot be made durable: ") + std::strerror(reason), path,
                    "Look at the disk, and run it again");
}

// Without the line that says in which of a connection's databases it is: there is but one.
std::string first_fault(const std::string& told) {
  const std::size_t end = told.starts_with("***") ? told.find('\n') : std::string::npos;
  return end == std::string::npos ? told : told.substr(end + 1);
}

}  // namespace

base::Result<std::optional<std::string>> damage_of(const std::string& path) {
  auto database = Database::open(path, OpenMode::read_only);
  auto text = database ? database->text("PRAGMA integrity_check(1)")
                       : base::Result<std::string>(base::fail(std::move(database.error())));
  if (text) return *text == "ok" ? std::nullopt : std::optional(first_fault(*text));
  if (text.error().kind == ErrorKind::corrupt) return std::optional(std::move(text.error().message));
  return base::fail(std::move(text.error()));
}

base::Result<Salvaged> salvage(const std::string& damaged, const std::string& into,
                               std::uint64_t unreadable_ranges_max) {
  Salvaged done;
  auto fresh = Database::open(into, OpenMode::create);
  if (!fresh) return base::fail(std::move(fresh.error()));
  auto from = Database::open(damaged, OpenMode::read_only);
  if (!from) return base::fail(std::move(from.error()));
  (void)from->execute(kReadOn);  // where not even that is answered nothing will be
  const std::int64_t page = from->integer("PRAGMA page_size").value_or(0);
  if (page > 0) (void)fresh->execute("PRAGMA page_size=" + std::to_string(page));
  if (auto set = fresh->execute(kWriteOnce); !set) return base::fail(std::move(set.error()));
  const Files files{*from, *fresh, unreadable_ranges_max};
  if (auto filled = fill(files, done); !filled) return base::fail(std::move(filled.error()));
  if (auto kept = make_durable(into); !kept) return base::fail(std::move(kept.error()));
  return done;
}

base::Status rename_database(const std::string& from, const std::string& to) {
  for (const char* ending : {"-wal", "-shm", ""}) {
    std::error_code error;
    fs::rename(from + ending, to + ending, error);
    if (error && (*ending == '\0' || error != std::errc::no_such_file_or_directory)) {
      return base::fail(ErrorKind::unavailable, "cannot be renamed to " + to + ending + ": " + error.message(),
                        from + ending, "Look at the folder's rights, and run it again");
    }
  }
  const fs::path folder = fs::path(to).parent_path();
  return make_durable(folder.empty() ? "." : folder.string());
}

}  // namespace twinshift::sqlite
