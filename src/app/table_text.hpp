// Result sets for people and programs: a table, JSON, CSV. Pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "warehouse/warehouse.hpp"

namespace twinshift::app {

enum class TableFormat { table, json, csv };

// Columns across where they fit into `width_columns` characters, else one line a value ("expanded"); nulls are left out
// there and counted.
std::string table_as_text(const warehouse::Table& table, std::size_t width_columns);

// [{"column":"value"|null,...},...]. Values are texts, as the database showed them, but in columns of `numbers`, whose
// texts are JSON numbers already.
std::string table_as_json(const warehouse::Table& table, std::span<const std::string_view> numbers = {});

// RFC 4180 with a header line; null is an empty field, an empty text is "". `first_column` and `first_value` put one
// more column in front.
std::string table_as_csv(const warehouse::Table& table, const std::string& first_column = "",
                         const std::string& first_value = "", bool with_header = true);

}  // namespace twinshift::app
