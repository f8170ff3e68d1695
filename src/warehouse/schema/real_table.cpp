#include "warehouse/schema/real_table.hpp"

#include <algorithm>
#include <utility>

#include "warehouse/schema/ddl.hpp"
#include "warehouse/schema_access.hpp"
#include "warehouse/table_columns.hpp"
#include "warehouse/table_name.hpp"

namespace twinshift::warehouse {
namespace {

using event::ColumnType;

bool is_timestamp(Stored stored) {
  return stored == Stored::timestamp || stored == Stored::timestamptz;
}

bool is_json(Stored stored) {
  return stored == Stored::json || stored == Stored::jsonb || stored == Stored::super;
}

bool keeps_number(Stored stored, ColumnType type) {
  if (type == ColumnType::bigint) return stored == Stored::int8;
  return stored == Stored::int4 || stored == Stored::int8;
}

// Bytes or digits that the shape may use of a column. What has no limit of its own gets the catalogue's, so that both
// targets hold the same.
std::int32_t width_of(const RealColumn& real, const event::Column& column) {
  if (column.type == ColumnType::decimal) return real.precision > 0 ? real.precision : column.width;
  const bool sized = column.type == ColumnType::text || column.type == ColumnType::json;
  return sized && real.stored == Stored::text && real.width > 0 ? real.width : column.width;
}

class Fitter {
 public:
  Fitter(Dialect dialect, const RealTable& real, const TableName& table)
      : dialect_(dialect), real_(real), table_(table) {}

  Fit fit() {
    start_shape();
    for (const event::Column& column : table_columns()) look_at(column);
    look_at_foreign();
    look_at_keys();
    fit_.lacks_loaded_at = real_.find(kLoadedAt) == nullptr;
    return std::move(fit_);
  }

 private:
  void start_shape() {
    fit_.shape = event::TableShape::whole();
    for (const event::Column& column : event::catalogue()) fit_.shape.scales.push_back(column.scale);
    if (dialect_ == Dialect::redshift) fit_.shape.extra_bytes_max = kRedshiftTextMax;
  }

  void look_at(const event::Column& column) {
    const RealColumn* real = real_.find(column.name);
    const int index = event::find_column(column.name);
    if (real == nullptr) {
      fit_.missing.emplace_back(column.name);
      if (index >= 0) fit_.shape.widths[static_cast<std::size_t>(index)] = event::TableShape::kAbsent;
      return;
    }
    if (!keeps(*real, column)) return turn_away(*real, index);
    fit_.columns.push_back({column.name, index, real->stored, column.type});
    if (index >= 0) use(*real, column, static_cast<std::size_t>(index));
    if (index < 0) use_own(*real, column);
  }

  void turn_away(const RealColumn& real, int index) {
    if (index < 0) {
      fit_.faults.push_back(
          {"the column " + real.name + " has the type " + real.type_text + ", which would change what is put into it",
           rename_column_sql(table_, real.name) + ", and let --apply add a new one"});
      return;
    }
    fit_.unused.push_back(real.name);
    fit_.shape.widths[static_cast<std::size_t>(index)] = event::TableShape::kAbsent;
    refuse_null(real);
  }

  // A NOT NULL column that no row of ours fills.
  void refuse_null(const RealColumn& real) {
    if (!real.not_null || real.has_default || !real.writable) return;
    fit_.faults.push_back({"the column " + real.name + " is NOT NULL without a default, and events do not fill it",
                           drop_not_null_sql(dialect_, table_, real)});
  }

  void use(const RealColumn& real, const event::Column& column, std::size_t index) {
    fit_.shape.widths[index] = width_of(real, column);
    if (column.type == ColumnType::decimal && real.precision > 0) fit_.shape.scales[index] = real.scale;
    if (column.type == ColumnType::json && real.stored != Stored::json && real.stored != Stored::text) {
      fit_.shape.json_exact = false;
    }
    if (!real.not_null) return;
    fit_.shape.not_null.resize(event::catalogue().size());
    fit_.shape.not_null[index] = true;
  }

  void use_own(const RealColumn& real, const event::Column& column) {
    if (column.name != "extra" || real.stored != Stored::text || real.width == 0) return;
    fit_.shape.extra_bytes_max = std::min(fit_.shape.extra_bytes_max, static_cast<std::size_t>(real.width));
  }

  void look_at_foreign() {
    for (const RealColumn& real : real_.columns) {
      const auto is_this = [&](const event::Column& column) { return column.name == lower_name(real.name); };
      if (std::ranges::none_of(table_columns(), is_this)) refuse_null(real);
    }
  }

  void look_at_keys() {
    for (const UniqueKey& key : real_.keys) {
      const bool is_id = key.columns == std::vector<std::string>{"event_id"} && !key.partial;
      const bool has_id = std::ranges::find(key.columns, "event_id") != key.columns.end();
      if (is_id && fit_.id_key.empty()) fit_.id_key = key.name;
      if (is_id || has_id) continue;  // with event_id in it a key can refuse nothing that event_id does not
      std::string on;
      for (const std::string& column : key.columns) on += (on.empty() ? "" : ", ") + column;
      fit_.faults.push_back({"the table enforces uniqueness of " + (on.empty() ? "an expression" : on) +
                                 ", which events do not have: different events would be refused",
                             drop_key_sql(table_, key)});
    }
  }

  Dialect dialect_;
  const RealTable& real_;
  const TableName& table_;
  Fit fit_;
};

}  // namespace

const RealColumn* RealTable::find(std::string_view name) const {
  const auto found = std::ranges::find_if(columns, [&](const RealColumn& each) { return each.name == name; });
  return found == columns.end() ? nullptr : &*found;
}

bool keeps(const RealColumn& real, const event::Column& column) {
  if (!real.writable) return false;
  switch (column.type) {
    case ColumnType::text:
      return real.stored == Stored::text &&
             (column.name != "event_id" || real.width == 0 || real.width >= column.width);
    case ColumnType::integer:
    case ColumnType::bigint:
      return keeps_number(real.stored, column.type);
    case ColumnType::boolean:
      return real.stored == Stored::boolean;
    case ColumnType::decimal:
      return real.stored == Stored::numeric;
    case ColumnType::timestamp:
    case ColumnType::timestamptz:
      // A local time has no zone that a TIMESTAMPTZ could turn it into.
      return is_timestamp(real.stored) &&
             (column.spelling != event::Spelling::local || real.stored == Stored::timestamp);
    case ColumnType::json:
      return is_json(real.stored) || real.stored == Stored::text;
  }
  return false;
}

Fit fit_table(Dialect dialect, const RealTable& real, const TableName& table) {
  return Fitter(dialect, real, table).fit();
}

}  // namespace twinshift::warehouse
