#include "proof/questions.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/time_text.hpp"
#include "event/time_parse.hpp"
#include "warehouse/erased.hpp"

namespace twinshift::proof {
namespace {

using base::ErrorKind;
using Cells = std::vector<std::optional<std::string>>;

constexpr std::string_view kDigest = "COUNT(*), SUM(event_key & 2147483647), SUM((event_key >> 31) & 2147483647)";
// Looking for one row costs as much as going on over some four.
constexpr int kWholeTableShare = 4;
constexpr std::string_view kListed = "event_id, MIN(event_key), MIN(event_at), MIN(received_at), COUNT(*)";
std::string within(const Span& span) {
  return fmt::format("event_at >= '{}' AND event_at < '{}'", base::sql_timestamp(span.from),
                     base::sql_timestamp(span.to));
}

std::string within(std::span<const Span> spans) {
  if (spans.size() == 1) return within(spans.front());
  std::string any;
  for (const Span& span : spans) any += (any.empty() ? "(" : " OR ") + within(span);
  return any + ')';
}

std::string first_bits(int bits) {
  return fmt::format("(COALESCE(event_key, 0) >> {})", kKeyBits - bits);
}

// But for what without_id_sql() counts.
std::string outside() {
  return fmt::format("(event_at IS NULL AND event_id IS NOT NULL OR event_at < '{}' OR event_at >= '{}')",
                     base::sql_timestamp(kAllTimes.from), base::sql_timestamp(kAllTimes.to));
}

// By the id, which has an index where there is one. Its digits are 0 to 9 and a to f, and sort so in every collation.
std::string beginning_as(std::span<const std::int64_t> keys) {
  constexpr int kDigits = 15;  // of the 62 bits 60
  std::string any;
  for (const std::int64_t key : keys) {
    const std::string first = fmt::format("{:0{}x}", key >> (kKeyBits - 4 * kDigits), kDigits);
    any += fmt::format("{}event_id >= '{}' AND event_id < '{}g'", any.empty() ? "(" : " OR ", first, first);
  }
  return any + ')';
}

std::string within(const Slice& slice) {
  std::string condition = slice.outside ? outside() : within(slice.spans);
  if (!slice.keys.empty()) condition += " AND " + beginning_as(slice.keys);
  if (slice.key_bits == 0) return condition;
  return condition + fmt::format(" AND {} IN ({})", first_bits(slice.key_bits), fmt::join(slice.prefixes, ","));
}

std::string among(std::span<const Listed> asked, Where where) {
  std::string ids;
  std::vector<warehouse::EventPlace> places;
  for (const Listed& each : asked) {
    ids += fmt::format("{}'{}'", ids.empty() ? "" : ",", each.id);
    places.push_back({.id = {}, .event_at = each.event_at});
  }
  const std::string in = fmt::format("event_id IN ({})", ids);
  return where == Where::anywhere ? in : warehouse::places_condition(places) + " AND " + in;
}

// Of a name in a catalogue; our names hold no NUL.
std::string literal(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += c;
    quoted += c;
  }
  return quoted + '\'';
}

base::Error not_understood(std::string_view what) {
  return {ErrorKind::internal, fmt::format("the answer's {} is not what was asked for", what), "comparing tables",
          "Does the table's event_key or event_at have another type? `twinshift schema --diff` shows it"};
}

base::Status whole(const warehouse::Table& answer, std::size_t columns) {
  if (answer.cut) {
    return base::fail(ErrorKind::full, "there are more rows than are compared at once", "comparing tables",
                      "It grew meanwhile, or holds very many doubled rows: run it again; `twinshift verify` with a "
                      "smaller --window asks for less at once");
  }
  if (!answer.rows.empty() && answer.columns.size() < columns) return base::fail(not_understood("number of columns"));
  return {};
}

// What a sum of a server is may have an empty fraction.
std::optional<std::int64_t> number_in(const std::optional<std::string>& cell) {
  if (!cell) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, fault] = std::from_chars(cell->data(), cell->data() + cell->size(), number);
  if (fault != std::errc()) return std::nullopt;
  const std::string_view rest(end, cell->data() + cell->size());
  return rest.empty() || (rest[0] == '.' && rest.find_first_not_of('0', 1) == std::string_view::npos)
             ? std::optional(number)
             : std::nullopt;
}

std::optional<base::WallTime> time_in(const std::optional<std::string>& cell) {
  if (!cell) return std::nullopt;
  const auto time = event::parse_timestamp(*cell);
  return time ? std::optional(time->utc) : std::nullopt;
}

std::optional<base::WallTime> event_at_in(const std::optional<std::string>& cell) {
  return cell ? warehouse::parse_event_at(*cell) : std::nullopt;
}

// A time that is none (NULL, infinity), or another than an event's.
bool is_outside(const std::optional<base::WallTime>& event_at) {
  return !event_at || *event_at < kAllTimes.from || *event_at >= kAllTimes.to;
}

std::optional<Listed> listed_in(const Cells& row) {
  const auto key = number_in(row[1]);
  const auto event_at = event_at_in(row[2]);
  const auto copies = number_in(row[4]);
  if (!copies) return std::nullopt;
  return Listed{.id = row[0].value_or(""),
                .key = key.value_or(0),
                .event_at = event_at.value_or(base::WallTime{}),
                .received_at = time_in(row[3]).value_or(base::WallTime{}),
                .copies = *copies,
                .outside = is_outside(event_at)};
}

}  // namespace

Spelling spelling_of(std::string_view product) {
  return product == "SQLite" ? Spelling::sqlite : Spelling::server;
}

std::string extent_sql(const std::string& table, const Span& span) {
  return fmt::format("SELECT MIN(event_at), MAX(event_at) FROM {} WHERE {}", table, within(span));
}

std::string without_id_sql(const std::string& table) {
  return fmt::format("SELECT COUNT(*) FROM {} WHERE event_at IS NULL AND event_id IS NULL", table);
}

std::string extent_of_arrivals_sql(const std::string& table, const Span& received) {
  return fmt::format(
      "SELECT MIN(event_at), MAX(event_at) FROM {} WHERE received_at >= '{}' AND received_at < '{}' AND {}", table,
      base::sql_timestamp(received.from), base::sql_timestamp(received.to), within(kAllTimes));
}

std::string windows_sql(Spelling spelling, const std::string& table, std::span<const Span> spans,
                        std::chrono::seconds window, Walk walk) {
  // DATE_PART, not EXTRACT: in PostgreSQL the latter is a NUMERIC, several times as slow. SQLite rounds to
  // milliseconds, .9996 up into the next second, so it is not shown the fraction.
  const std::string number =
      spelling == Spelling::sqlite
          ? fmt::format("CAST(strftime('%s', substr(event_at, 1, 19)) AS INTEGER) / {}", window.count())
          : fmt::format("CAST(FLOOR(DATE_PART('epoch', event_at) / {}) AS BIGINT)", window.count());
  return fmt::format("SELECT {}, {} FROM {}{} WHERE {} GROUP BY 1", number, kDigest, table,
                     walk == Walk::whole_table ? " NOT INDEXED" : "", within(spans));
}

std::string holds_much_sql(const std::string& table, std::span<const Span> spans) {
  std::string rows;
  for (const Span& span : spans) {
    rows += fmt::format("{}(SELECT COUNT(*) FROM {} WHERE {})", rows.empty() ? "" : " + ", table, within(span));
  }
  return fmt::format("SELECT {} * ({}) >= MAX(rowid) FROM {}", kWholeTableShare, rows, table);
}

std::string parts_sql(const std::string& table, const Slice& slice) {
  return fmt::format("SELECT {}, {} FROM {} WHERE {} GROUP BY 1", first_bits(slice.key_bits + kSplitBits), kDigest,
                     table, within(slice));
}

std::string list_sql(const std::string& table, const Slice& slice) {
  return fmt::format("SELECT {} FROM {} WHERE {} GROUP BY event_id", kListed, table, within(slice));
}

std::string doubles_sql(const std::string& table, const Slice& slice) {
  return list_sql(table, slice) + " HAVING COUNT(*) > 1";
}

std::string bytes_sql(std::string_view product, const warehouse::TableName& table) {
  // A row of ours takes some 500 bytes before its texts.
  if (product == "SQLite") return "SELECT 500 * MAX(rowid) FROM " + table.quoted();
  if (product == "PostgreSQL") return "SELECT pg_relation_size(" + literal(table.quoted()) + "::regclass)";
  return {};
}

std::string unique_sql(std::string_view product, const warehouse::TableName& table) {
  if (product == "SQLite") {
    // Its text ends with the one column: no more columns, and no WHERE.
    return "SELECT 1 FROM sqlite_master WHERE type = 'index' AND tbl_name = " + literal(table.table) +
           " COLLATE NOCASE AND sql LIKE 'CREATE UNIQUE INDEX %(event_id)' LIMIT 1";
  }
  if (product != "PostgreSQL") return {};
  return fmt::format(
      "SELECT 1 FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] WHERE "
      "i.indrelid = {}::regclass AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indnkeyatts = 1 AND "
      "a.attname = 'event_id' LIMIT 1",
      literal(table.quoted()));
}

std::string present_sql(const std::string& table, std::span<const Listed> asked, Where where) {
  return fmt::format("SELECT event_id, COUNT(*), MIN(event_key), MIN(event_at) FROM {} WHERE {} GROUP BY event_id",
                     table, among(asked, where));
}

std::string erased_sql(std::string_view product, const warehouse::TableName& table, std::span<const Listed> asked) {
  const warehouse::TableName list{.schema = table.schema, .table = std::string(warehouse::kErasedTable)};
  std::string name = literal(table.table);
  // Redshift reads a backslash in a literal as an escape.
  for (std::size_t at = 0; product == "Redshift" && (at = name.find('\\', at)) != std::string::npos; at += 2) {
    name.insert(at, 1, '\\');
  }
  const std::string noted = fmt::format("FROM {} WHERE table_name = {}", list.quoted(), name);
  if (asked.empty()) return "SELECT 1 " + noted + " LIMIT 1";
  return fmt::format("SELECT DISTINCT event_id {} AND {}", noted, among(asked, Where::anywhere));
}

std::string rows_sql(const std::string& table, const Slice& slice) {
  return fmt::format("SELECT * FROM {} WHERE {}", table, within(slice));
}

std::string rows_sql(const std::string& table, std::span<const Listed> asked, Where where) {
  return fmt::format("SELECT * FROM {} WHERE {}", table, among(asked, where));
}

base::Result<Digests> read_digests(const warehouse::Table& answer) {
  if (auto good = whole(answer, 4); !good) return base::fail(std::move(good.error()));
  Digests digests;
  for (const Cells& row : answer.rows) {
    const auto number = number_in(row[0]);
    const auto rows = number_in(row[1]);
    if (!number || !rows) return base::fail(not_understood("count"));
    // A sum is NULL where every key of the group is: then the rows alone are compared.
    digests[*number] += Digest{*rows, number_in(row[2]).value_or(0), number_in(row[3]).value_or(0)};
  }
  return digests;
}

base::Result<std::vector<Listed>> read_listed(const warehouse::Table& answer) {
  if (auto good = whole(answer, 5); !good) return base::fail(std::move(good.error()));
  std::vector<Listed> rows;
  rows.reserve(answer.rows.size());
  for (const Cells& row : answer.rows) {
    auto listed = listed_in(row);
    if (!listed) return base::fail(not_understood("count"));
    rows.push_back(std::move(*listed));
  }
  return rows;
}

base::Result<std::vector<Presence>> read_presence(const warehouse::Table& answer) {
  if (auto good = whole(answer, 4); !good) return base::fail(std::move(good.error()));
  std::vector<Presence> found;
  for (const Cells& row : answer.rows) {
    const auto copies = number_in(row[1]);
    if (!row[0] || !copies) return base::fail(not_understood("count"));
    const auto event_at = event_at_in(row[3]);
    found.push_back(
        {*row[0], *copies, number_in(row[2]).value_or(0), event_at.value_or(base::WallTime{}), is_outside(event_at)});
  }
  return found;
}

base::Result<std::optional<std::int64_t>> read_number(const warehouse::Table& answer) {
  if (auto good = whole(answer, 1); !good) return base::fail(std::move(good.error()));
  if (answer.rows.empty() || !answer.rows[0][0]) return std::optional<std::int64_t>();
  const auto number = number_in(answer.rows[0][0]);
  if (!number) return base::fail(not_understood("number"));
  return number;
}

base::Result<std::optional<Span>> read_extent(const warehouse::Table& answer) {
  if (auto good = whole(answer, 2); !good) return base::fail(std::move(good.error()));
  if (answer.rows.empty() || !answer.rows[0][0]) return std::optional<Span>();
  const auto first = time_in(answer.rows[0][0]);
  const auto last = time_in(answer.rows[0][1]);
  if (!first || !last) return base::fail(not_understood("time"));
  return std::optional(Span{*first, *last + std::chrono::microseconds(1)});
}

}  // namespace twinshift::proof
