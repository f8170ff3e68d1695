#include "warehouse/schema/describe.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "warehouse/doubled_ids.hpp"
#include "warehouse/schema/ddl.hpp"
#include "warehouse/table_columns.hpp"

namespace twinshift::warehouse {
namespace {

using event::ColumnType;

class Describer {
 public:
  explicit Describer(const DescribeInput& input)
      : in_(input), fit_(fit_table(input.dialect, input.real, input.table)) {}

  SchemaDescription describe() {
    out_.product = product_of(in_.dialect);
    out_.table = in_.table.quoted();
    out_.exists = in_.real.exists;
    if (!in_.real.exists) {
      add("", "does not exist", "`twinshift schema --target " + in_.target + " --apply` creates it, as the start does");
      return std::move(out_);
    }
    if (!in_.real.is_table) {
      add_stop("", "is not a table, so no rows can be written", "Configure another table");
      return std::move(out_);
    }
    for (const Fit::Fault& fault : fit_.faults) add_stop("", fault.what, fault.cure);
    for (const RealColumn& real : in_.real.columns) describe_column(real);
    tell_missing();
    for (const event::Column& column : table_columns()) compare(column);
    tell_keys();
    return std::move(out_);
  }

 private:
  void add(std::string_view column, std::string what, std::string cure) {
    out_.differences.push_back({std::string(column), std::move(what), std::move(cure), false});
  }
  void add_stop(std::string_view column, std::string what, std::string cure) {
    out_.differences.push_back({std::string(column), std::move(what), std::move(cure), true});
  }

  [[nodiscard]] std::int32_t width(const event::Column& column) const {
    const int index = event::find_column(column.name);
    return index < 0 ? column.width : fit_.shape.widths[static_cast<std::size_t>(index)];
  }
  [[nodiscard]] std::int32_t scale(const event::Column& column) const {
    const int index = event::find_column(column.name);
    return index < 0 ? column.scale : fit_.shape.scales[static_cast<std::size_t>(index)];
  }

  void describe_column(const RealColumn& real) {
    SchemaColumn column{
        .name = real.name, .type = real.type_text, .holds = {}, .encoding = {}, .not_null = real.not_null};
    for (const event::Column& each : table_columns()) {
      if (each.name == real.name) column.holds = holds_of(each, width(each), scale(each));
    }
    if (const auto found = in_.physical.encodings.find(real.name); found != in_.physical.encodings.end()) {
      column.encoding = found->second;
    }
    out_.columns.push_back(std::move(column));
  }

  void tell_missing() {
    for (const std::string& column : fit_.missing) {
      const bool own = event::find_column(column) < 0;
      add(column, own ? "is missing" : "is missing: its values go to extra",
          add_column_sql(in_.dialect, in_.table, column));
    }
    if (fit_.lacks_loaded_at) {
      add(kLoadedAt, "is missing: nothing tells when a row came", add_loaded_at_sql(in_.dialect, in_.table));
    }
  }

  void compare(const event::Column& column) {
    const RealColumn* real = in_.real.find(column.name);
    if (real == nullptr) return;
    if (std::ranges::find(fit_.unused, real->name) != fit_.unused.end()) {
      add(column.name, "has the type " + real->type_text + ", which would change values: they go to extra instead",
          rename_column_sql(in_.table, column.name) + ", and let --apply add a new one");
      return;
    }
    const bool writable =
        std::ranges::any_of(fit_.columns, [&](const WriteColumn& c) { return c.name == column.name; });
    if (!writable) return;  // one of ours with a fault, told already
    compare_size(column, *real);
    compare_null(column, *real);
    const bool loses_text = column.name == "event_value" && real->stored == Stored::jsonb;
    if (loses_text) {
      add(column.name, "is jsonb, which keeps the value but not its text: the text also stands in extra",
          "ALTER TABLE " + in_.table.quoted() + " ALTER COLUMN event_value TYPE JSON USING event_value::json");
    }
  }

  void compare_size(const event::Column& column, const RealColumn& real) {
    const bool is_extra = column.name == "extra";
    const std::int32_t there = is_extra && real.width > 0 ? real.width : width(column);
    const bool sized = column.type == ColumnType::text || column.type == ColumnType::json;
    if (sized && there < column.width) {
      add(column.name,
          fmt::format("holds {} bytes, the catalogue {}: {}", there, column.width,
                      is_extra ? "a longer one is kept in parts" : "a longer value stands whole in extra"),
          grow_column_sql(in_.dialect, in_.table, column, real));
    }
    if (column.type != ColumnType::decimal) return;
    const std::int32_t places = scale(column);
    if (places >= column.scale && there - places >= column.width - column.scale) return;
    add(column.name,
        fmt::format("holds decimal({},{}), the catalogue decimal({},{}): what it would round stands in extra, too",
                    there, places, column.width, column.scale),
        grow_column_sql(in_.dialect, in_.table, column, real));
  }

  void compare_null(const event::Column& column, const RealColumn& real) {
    if (event::find_column(column.name) < 0 || !real.not_null) return;
    add(column.name, "is NOT NULL: an event without it gets a filler, and extra says so",
        drop_not_null_sql(in_.dialect, in_.table, real));
  }

  void tell_keys() {
    if (in_.dialect == Dialect::postgres && fit_.id_key.empty() && in_.real.find("event_id") != nullptr) {
      add("event_id", kNotUnique, create_index_sql(in_.dialect, in_.table).front());
    }
    for (const Sibling& each : siblings_of(in_.dialect, in_.table)) {
      if (is_there(each.name) || (!each.index_of.empty() && !is_there(each.index_of))) continue;
      add("", (each.index_of.empty() ? "lacks its sibling " : "lacks its sibling's index ") + each.name,
          "`twinshift schema --target " + in_.target + " --apply` creates it");
    }
    if (in_.dialect == Dialect::redshift) tell_physical();
  }

  [[nodiscard]] bool is_there(const std::string& sibling_name) const {
    return std::ranges::find(in_.siblings_there, sibling_name) != in_.siblings_there.end();
  }

  void tell_physical() {
    const Physical& physical = in_.physical;
    out_.distribution = physical.distribution;
    for (const std::string& column : physical.sort_key) {
      out_.sort_key += (out_.sort_key.empty() ? "" : ", ") + column;
    }
    // Redshift may have come to the same by itself: AUTO(KEY(event_id)).
    if (!physical.distribution.empty() && physical.distribution.find("KEY(event_id)") == std::string::npos) {
      add("", "is distributed by " + physical.distribution + ", not by KEY(event_id): finding doubles moves rows",
          "ALTER TABLE " + in_.table.quoted() + " ALTER DISTKEY event_id");
    }
    if (physical.sort_key.empty() || physical.sort_key.front() != "event_at") {
      add("",
          "is sorted by " + (out_.sort_key.empty() ? std::string("nothing") : out_.sort_key) +
              ", not by event_at: finding doubles reads all of it",
          "ALTER TABLE " + in_.table.quoted() + " ALTER COMPOUND SORTKEY (event_at)");
    }
  }

  const DescribeInput& in_;
  Fit fit_;
  SchemaDescription out_;
};

}  // namespace

SchemaDescription describe_table(const DescribeInput& input) {
  return Describer(input).describe();
}

}  // namespace twinshift::warehouse
