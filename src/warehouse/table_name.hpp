// Names of tables as people configure them: `table` or `schema.table`. Any thread may call these.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace twinshift::warehouse {

struct TableName {
  std::string schema;  // empty where none was given
  std::string table;

  // "schema"."table", each part quoted.
  [[nodiscard]] std::string quoted() const;
};

// Bytes of one part: what Redshift allows. PostgreSQL's limit is 63, its driver says so.
inline constexpr std::size_t kNameBytesMax = 127;

// "name" or "schema.name"; a part that stands in double quotes may hold anything but NUL, a quote in it is doubled. A
// bare part: letters, digits, '_', '$', '-' and bytes beyond ASCII. Case is kept. `invalid` for anything else, and for
// names that we or SQLite keep for ourselves (twinshift_*, sqlite_*).
base::Result<TableName> parse_table_name(std::string_view text);

// In double quotes, as all our dialects take it; a quote in it is doubled. The name must hold no NUL.
std::string quote_identifier(std::string_view name);

// ASCII letters small: how SQLite and Redshift compare names.
std::string lower_name(std::string_view name);

}  // namespace twinshift::warehouse
