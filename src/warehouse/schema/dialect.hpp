// The SQL dialects that a server may speak, and what each calls a column's type. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "event/row.hpp"

namespace twinshift::warehouse {

enum class Dialect : std::uint8_t { postgres, redshift };

// "postgres", "redshift".
std::string_view to_string(Dialect dialect);
std::optional<Dialect> dialect_from(std::string_view name);
// "PostgreSQL", "Redshift".
std::string_view product_of(Dialect dialect);

// Largest VARCHAR of Redshift (developer guide, "Character types"): bytes, not characters.
inline constexpr std::int32_t kRedshiftTextMax = 65'535;

// As a CREATE TABLE of ours spells it: TEXT, VARCHAR(255), SUPER ...
std::string type_of(Dialect dialect, const event::Column& column);

}  // namespace twinshift::warehouse
