// The promise of `twinshift schema`: what a target's table should be, what it is, and how it becomes so. Drivers
// implement it beside Warehouse; each call makes a connection of its own.
//
// Threads: one at a time. Calls block up to the driver's own limits.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "event/row.hpp"

namespace twinshift::warehouse {

// One column of a real table.
struct SchemaColumn {
  std::string name;      // as the server has it
  std::string type;      // in the server's words
  std::string holds;     // what it takes of an event (holds_of); empty for a column that is not ours
  std::string encoding;  // Redshift's compression; empty where there is none to tell
  bool not_null = false;
};

// One thing that is not as it should be.
struct SchemaDifference {
  std::string column;  // empty: the table as a whole
  std::string what;    // half a sentence: "is missing: its values go to extra"
  std::string cure;    // the statement that mends it, for a person to run
  bool stops = false;  // nothing can be written until it is mended
};

struct SchemaDescription {
  std::string product;  // "PostgreSQL"
  std::string table;    // quoted, with its schema
  bool exists = false;
  std::vector<SchemaColumn> columns;          // in the server's order
  std::string distribution;                   // Redshift: "KEY(event_id)", "EVEN"; elsewhere empty
  std::string sort_key;                       // Redshift: "event_at"; elsewhere empty
  std::vector<SchemaDifference> differences;  // from the catalogue, those that stop us first
  // Rows without event_id: somebody else's, never touched. Nothing where they could not be counted.
  std::optional<std::uint64_t> foreign_rows;
  std::string not_counted;  // then: why
};

// Whom the server takes us for.
struct Greeting {
  std::string user;
  std::string database;
  std::string version;    // the server's own words
  std::string isolation;  // the level of a Redshift database; empty where it does not say
};

// One right that our user lacks, or a statement that does not work for another reason.
struct RightsFinding {
  std::string what;    // half a sentence
  std::string cure;    // the GRANT, or what else mends it
  bool stops = false;  // no event can be written until it is mended
};
struct RightsTrial {
  std::vector<RightsFinding> findings;
  std::string tried;  // what was tried, and what only asked: for people
};

// Told each statement after it ran.
using StatementHeard = std::function<void(std::string_view)>;

class SchemaAccess {
 public:
  virtual ~SchemaAccess() = default;

  // The statements that make the table and its siblings, as text. Does not connect.
  [[nodiscard]] virtual std::string ddl() const = 0;

  // Logs in, and nothing more.
  virtual base::Result<Greeting> greet() = 0;

  // Tries what a start and a batch do: making tables, temporary ones too, and inserting. Nothing stays: all is rolled
  // back, and no INSERT has a row. Where that cannot be done (the Data API rolls nothing back), the catalog is asked.
  virtual base::Result<RightsTrial> try_rights() = 0;

  // Reads the catalog of the server and counts foreign rows. Changes nothing.
  virtual base::Result<SchemaDescription> describe() = 0;

  // Creates the table or adds what it lacks, also where somebody else made it. Never drops, narrows or changes what is
  // there. `conflict` where a person must mend something first; statements told to `heard` stay done.
  virtual base::Status apply(const StatementHeard& heard) = 0;
};

// The column of the warehouse's own clock, which rows leave to its default. Outside all comparison.
inline constexpr std::string_view kLoadedAt = "loaded_at";

// What a column takes of its field, the same words for each product: "text, 255 bytes", "decimal(38,12)", "timestamp".
// `width` kAbsent: "nothing".
std::string holds_of(const event::Column& column, std::int32_t width, std::int32_t scale);

}  // namespace twinshift::warehouse
