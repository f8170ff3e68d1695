// The SELECTs by which a table is compared, the same meaning in each dialect, and the reading of their answers. Text
// only; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "proof/digest.hpp"
#include "warehouse/stored_event.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::proof {

// Rows of one answer at most: ten years of hours; the ids that are listed at once (some 4 MB a side); the ids and the
// prefixes that are asked for at once, so that a statement stays far below the Data API's 100 KB.
inline constexpr std::size_t kWindowsMax = 100'000;
inline constexpr std::size_t kListedMax = 16'384;
// Rows that an answer may bring: events land between the sums that a slice was chosen by and its list.
inline constexpr std::size_t kListedRoom = 2 * kListedMax;
inline constexpr std::size_t kAskedMax = 250;
// Where a statement may be longer (SQLite, PostgreSQL).
inline constexpr std::size_t kAskedOfLocalMax = 1'000;
inline constexpr std::size_t kPrefixesMax = 256;

// How one product spells what the dialects have no common word for.
enum class Spelling : std::uint8_t { sqlite, server };
Spelling spelling_of(std::string_view product);  // Warehouse::product()

// The first and the last event_at of the table within the span; both NULL where there is none.
std::string extent_sql(const std::string& table, const Span& span);
// Likewise of the rows that arrived within the span and have a time that an event may have.
std::string extent_of_arrivals_sql(const std::string& table, const Span& received);
// How many rows have neither event_id nor event_at: whoever wrote them knew neither column (the service that a table
// was taken over from). They have no identity, so nobody can say which of them a side lacks: no other question finds
// them.
std::string without_id_sql(const std::string& table);
// How rows of a span are come by. SQLite goes by the index whatever the span holds, and then looks for each row by
// itself: where that is a good part of the table, reading all of it in its own order costs a fraction. Servers know
// themselves what is better.
enum class Walk : std::uint8_t { as_planned, whole_table };
// A row a window that holds something: its number, count, sums.
std::string windows_sql(Spelling spelling, const std::string& table, std::span<const Span> spans,
                        std::chrono::seconds window, Walk walk = Walk::as_planned);
// SQLite: 1 where the spans hold so much of the table that it is better read whole; the index alone tells it.
std::string holds_much_sql(const std::string& table, std::span<const Span> spans);
// The same for the parts of a slice: a row for each first `key_bits` + kSplitBits bits that occur.
std::string parts_sql(const std::string& table, const Slice& slice);
// The ids of a slice: id, key, event_at, received_at, how often it stands there. Ask for at most kListedRoom.
std::string list_sql(const std::string& table, const Slice& slice);
// Those that stand more than once.
std::string doubles_sql(const std::string& table, const Slice& slice);
// About how many bytes a scan of the table reads; empty text where that cannot be asked, or need not: Redshift reads
// the columns alone.
std::string bytes_sql(std::string_view product, const warehouse::TableName& table);
// One row where the database itself keeps each id unique; empty text where the dialect knows no such index (Redshift).
std::string unique_sql(std::string_view product, const warehouse::TableName& table);

struct Listed {
  std::string id;
  std::int64_t key = 0;
  base::WallTime event_at{};
  base::WallTime received_at{};  // 1970 where the row has none
  std::int64_t copies = 1;
  bool outside = false;  // event_at is none, or outside of kAllTimes: no range of times finds the row
  // It is none that can be read: 1970 stands for it, which is within kAllTimes.
  [[nodiscard]] bool is_timeless() const { return outside && event_at == base::WallTime{}; }
};

// Which of these ids (warehouse::is_event_id) stand in the table, how often each. At most kAskedMax.
enum class Where : std::uint8_t {
  at_their_time,  // within their event_at, so that the table's order helps
  anywhere,       // wherever somebody has moved them: dear without an index
};
std::string present_sql(const std::string& table, std::span<const Listed> asked, Where where);
// Which of them are noted as erased, each once; of none: one row where anything is.
std::string erased_sql(std::string_view product, const warehouse::TableName& table, std::span<const Listed> asked);
// All columns of the rows of a slice; of these ids.
std::string rows_sql(const std::string& table, const Slice& slice);
std::string rows_sql(const std::string& table, std::span<const Listed> asked, Where where);

// `internal` where an answer is not what was asked for; `full` where it was cut.
base::Result<Digests> read_digests(const warehouse::Table& answer);
base::Result<std::vector<Listed>> read_listed(const warehouse::Table& answer);
struct Presence {
  std::string id;
  std::int64_t copies = 0;
  std::int64_t key = 0;  // of one of them
  base::WallTime event_at{};
  bool outside = false;  // as Listed has it
};
base::Result<std::vector<Presence>> read_presence(const warehouse::Table& answer);
// The one number of an answer; nothing where it is NULL.
base::Result<std::optional<std::int64_t>> read_number(const warehouse::Table& answer);
// Nothing where the table holds nothing. The end is behind the last row.
base::Result<std::optional<Span>> read_extent(const warehouse::Table& answer);

}  // namespace twinshift::proof
