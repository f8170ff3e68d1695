#include "app/schema_diff.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/json_text.hpp"
#include "warehouse/table_name.hpp"

namespace twinshift::app {
namespace {

using warehouse::SchemaColumn;
using warehouse::SchemaDescription;
using warehouse::SchemaDifference;

const SchemaColumn* find(const SchemaDescription& table, const std::string& name) {
  const auto found = std::ranges::find_if(table.columns, [&](const SchemaColumn& each) { return each.name == name; });
  return found == table.columns.end() ? nullptr : &*found;
}

bool is_told(const SchemaDescription& table, const std::string& column) {
  return std::ranges::any_of(table.differences, [&](const SchemaDifference& each) { return each.column == column; });
}

// What stands in the second table otherwise than in the first.
class Pair {
 public:
  Pair(const TargetSchema& first, const TargetSchema& second, std::vector<SchemaFinding>& out)
      : first_(first),
        second_(second),
        same_product_(first.description.product == second.description.product),
        out_(out) {}

  void compare() {
    for (const SchemaColumn& column : first_.description.columns) {
      if (skips(column.name)) continue;
      const SchemaColumn* other = find(second_.description, column.name);
      if (other == nullptr) {
        tell_single(first_, second_, column);
      } else {
        compare_column(column, *other);
      }
    }
    for (const SchemaColumn& column : second_.description.columns) {
      if (!skips(column.name) && find(first_.description, column.name) == nullptr) tell_single(second_, first_, column);
    }
  }

 private:
  [[nodiscard]] bool skips(const std::string& column) const {
    return column == warehouse::kLoadedAt || is_told(first_.description, column) ||
           is_told(second_.description, column);
  }

  void tell_single(const TargetSchema& has, const TargetSchema& lacks, const SchemaColumn& column) {
    std::string cure = "Add it by hand where reports need it";
    if (same_product_) {
      cure = "ALTER TABLE " + lacks.description.table + " ADD COLUMN " + warehouse::quote_identifier(column.name) +
             ' ' + column.type;
    }
    out_.push_back(
        {lacks.target,
         {column.name, fmt::format("is missing, {} has it ({}); Twinshift does not write it", has.target, column.type),
          std::move(cure), false}});
  }

  void compare_column(const SchemaColumn& one, const SchemaColumn& other) {
    if (one.holds != other.holds) {
      tell(one.name,
           fmt::format("holds {}, {} holds {}: longer or finer values stand whole in extra on one side only",
                       other.holds, first_.target, one.holds),
           alter_type(one));
    } else if (same_product_ && one.type != other.type) {
      tell(one.name, fmt::format("has the type {}, {} has {}", other.type, first_.target, one.type), alter_type(one));
    }
    if (same_product_ && one.encoding != other.encoding) {
      tell(one.name, fmt::format("has the encoding {}, {} has {}", other.encoding, first_.target, one.encoding),
           "ALTER TABLE " + second_.description.table + " ALTER COLUMN " + warehouse::quote_identifier(one.name) +
               " ENCODE " + one.encoding);
    }
    const bool is_ours = !one.holds.empty();  // those NOT NULL are told beside the catalogue
    if (!is_ours && one.not_null != other.not_null) {
      tell(one.name,
           fmt::format("{} NULL, in {} it {}", other.not_null ? "takes no" : "takes", first_.target,
                       one.not_null ? "takes none" : "does"),
           "Decide by hand: Twinshift does not write it");
    }
  }

  [[nodiscard]] std::string alter_type(const SchemaColumn& one) const {
    if (!same_product_)
      return "Give both columns the catalogue's type: `twinshift schema --target " + second_.target + "`";
    return "ALTER TABLE " + second_.description.table + " ALTER COLUMN " + warehouse::quote_identifier(one.name) +
           " TYPE " + one.type;
  }

  void tell(const std::string& column, std::string what, std::string cure) {
    out_.push_back({second_.target, {column, std::move(what), std::move(cure), false}});
  }

  const TargetSchema& first_;
  const TargetSchema& second_;
  bool same_product_;
  std::vector<SchemaFinding>& out_;
};

std::string about_target(const TargetSchema& target) {
  const SchemaDescription& table = target.description;
  std::string text = fmt::format("{}: {}, table {}", target.target, table.product, table.table);
  if (!table.exists) return text + ": not there";
  text += fmt::format(": {} columns", table.columns.size());
  if (!table.distribution.empty()) text += ", distributed by " + table.distribution;
  if (!table.sort_key.empty()) text += ", sorted by " + table.sort_key;
  if (!table.foreign_rows) return text + ", rows without event_id not counted: " + table.not_counted;
  return text + fmt::format(", rows without event_id (not Twinshift's, never touched): {}", *table.foreign_rows);
}

std::string target_as_json(const TargetSchema& target) {
  const SchemaDescription& table = target.description;
  base::JsonObject object;
  object.add("product", table.product).add("table", table.table).add("exists", table.exists);
  if (!table.distribution.empty()) object.add("distribution", table.distribution);
  if (!table.sort_key.empty()) object.add("sortKey", table.sort_key);
  if (table.foreign_rows) {
    object.add("foreignRows", *table.foreign_rows);
  } else {
    object.add_raw("foreignRows", "null");
  }
  std::string columns;
  for (const SchemaColumn& column : table.columns) {
    base::JsonObject each;
    each.add("name", column.name).add("type", column.type).add("holds", column.holds).add("notNull", column.not_null);
    if (!column.encoding.empty()) each.add("encoding", column.encoding);
    columns += (columns.empty() ? "" : ",") + each.text();
  }
  return object.add_raw("columns", '[' + columns + ']').text();
}

}  // namespace

std::vector<SchemaFinding> find_differences(const std::vector<TargetSchema>& targets) {
  std::vector<SchemaFinding> findings;
  for (const TargetSchema& target : targets) {
    for (const SchemaDifference& each : target.description.differences) findings.push_back({target.target, each});
  }
  const bool two = targets.size() == 2 && targets[0].description.exists && targets[1].description.exists;
  if (two) Pair(targets[0], targets[1], findings).compare();
  return findings;
}

std::string differences_as_text(const std::vector<TargetSchema>& targets, const std::vector<SchemaFinding>& findings) {
  std::string text;
  for (const SchemaFinding& finding : findings) {
    const SchemaDifference& each = finding.difference;
    text += fmt::format("{}{}: {} {}. Mend: {}\n", finding.target, each.stops ? " (stops writing)" : "",
                        each.column.empty() ? "the table" : "the column " + each.column, each.what, each.cure);
  }
  for (const TargetSchema& target : targets) text += about_target(target) + '\n';
  if (!findings.empty()) return text + fmt::format("different: {} found\n", findings.size());
  return text + (targets.size() == 2 ? "same: both tables are as they should be\n" : "same: as it should be\n");
}

std::string differences_as_json(const std::vector<TargetSchema>& targets, const std::vector<SchemaFinding>& findings) {
  base::JsonObject tables;
  for (const TargetSchema& target : targets) tables.add_raw(target.target, target_as_json(target));
  std::string list;
  for (const SchemaFinding& finding : findings) {
    const SchemaDifference& each = finding.difference;
    base::JsonObject object;
    object.add("target", finding.target).add("column", each.column).add("what", each.what).add("mend", each.cure);
    list += (list.empty() ? "" : ",") + object.add("stops", each.stops).text();
  }
  base::JsonObject out;
  out.add("same", findings.empty()).add_raw("targets", tables.text()).add_raw("differences", '[' + list + ']');
  return out.text() + '\n';
}

}  // namespace twinshift::app
