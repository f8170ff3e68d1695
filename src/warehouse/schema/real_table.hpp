// A table as it really is, and how rows are fitted to it. No I/O: drivers read, this decides. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "event/row.hpp"
#include "warehouse/schema/dialect.hpp"
#include "warehouse/table_name.hpp"

namespace twinshift::warehouse {

// What a server's type can hold, as far as we write to it.
enum class Stored : std::uint8_t {
  text,  // also varchar, of `width` bytes; 0: no limit of its own
  int2,
  int4,
  int8,
  boolean,
  numeric,  // `precision` and `scale`; 0: any
  timestamp,
  timestamptz,
  json,
  jsonb,
  super,
  other,
};

struct RealColumn {
  std::string name;       // as the server has it
  std::string type_text;  // for people: "character varying(255)"
  Stored stored = Stored::other;
  std::int32_t width = 0;
  std::int32_t precision = 0;
  std::int32_t scale = 0;
  bool not_null = false;
  bool has_default = false;
  bool writable = true;  // false for a generated one

  bool operator==(const RealColumn&) const = default;
};

// An enforced PRIMARY KEY or UNIQUE.
struct UniqueKey {
  std::string name;
  std::vector<std::string> columns;
  bool partial = false;  // has a condition or is on an expression
  bool primary = false;
  bool constraint = false;  // dropped by ALTER TABLE, not by DROP INDEX
};

struct RealTable {
  std::vector<RealColumn> columns;  // in the server's order
  std::vector<UniqueKey> keys;
  bool exists = false;
  bool is_table = true;  // false: a view, a foreign table ...

  [[nodiscard]] const RealColumn* find(std::string_view name) const;
};

// A column that rows are written to.
struct WriteColumn {
  std::string_view name;
  int catalogue_index = -1;  // -1: one of ours
  Stored stored = Stored::text;
  event::ColumnType type = event::ColumnType::text;
};

struct Fit {
  event::TableShape shape;
  std::vector<WriteColumn> columns;  // what an INSERT fills, in the order of table_columns()
  std::vector<std::string> missing;  // ours or AppsFlyer's, not there: ADD COLUMN
  std::vector<std::string> unused;   // there, but of a type that would change values: these go to `extra`
  // What a person must mend before rows can be written: one sentence and one statement each.
  struct Fault {
    std::string what;
    std::string cure;
  };
  std::vector<Fault> faults;
  bool lacks_loaded_at = false;  // rows can be written without it
  std::string id_key;            // the enforced unique key on event_id alone; empty where there is none
};

// Would a column of that type keep the cells of `column` as they are, but for what the shape says of widths?
bool keeps(const RealColumn& real, const event::Column& column);

Fit fit_table(Dialect dialect, const RealTable& real, const TableName& table);

}  // namespace twinshift::warehouse
