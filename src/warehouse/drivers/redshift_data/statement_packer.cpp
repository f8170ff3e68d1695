#include "warehouse/drivers/redshift_data/statement_packer.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "warehouse/schema/write_text.hpp"

namespace twinshift::warehouse {
namespace {

constexpr std::string_view kNull = "NULL";
// Less is neither worth an assignment of its own, nor the rest of a statement.
constexpr std::size_t kPieceMin = 1'024;
// What a row has beside its cells: parentheses, position, place.
constexpr std::size_t kRowFixed = 32;

// The columns that are in use, in their order.
std::vector<std::size_t> indexes_of(const std::vector<bool>& used) {
  std::vector<std::size_t> indexes;
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (used[i]) indexes.push_back(i);
  }
  return indexes;
}

std::string head_of(const std::vector<WriteColumn>& columns, const std::vector<std::size_t>& used) {
  std::vector<WriteColumn> chosen;
  for (const std::size_t index : used) chosen.push_back(columns[index]);
  return literal_stage_head(chosen);
}

}  // namespace

std::size_t cut_literal(std::string_view escaped, std::size_t most) {
  if (escaped.size() <= most) return escaped.size();
  std::size_t at = most;
  while (at > 0 && (static_cast<unsigned char>(escaped[at]) & 0xC0U) == 0x80U) --at;
  const char last = at > 0 ? escaped[at - 1] : ' ';
  if (last != '\'' && last != '\\') return at;
  // Such characters come in pairs.
  std::size_t run = 0;
  while (run < at && escaped[at - 1 - run] == last) ++run;
  return at - run % 2;
}

StatementPacker::StatementPacker(const LiteralRows& rows, const std::vector<WriteColumn>& columns,
                                 const std::vector<bool>& used, std::size_t statement_bytes_max)
    : literals_(rows), columns_(columns), used_(indexes_of(used)), statement_bytes_max_(statement_bytes_max) {
  rows_.head = head_of(columns, used_);
  parts_.head = parts_stage_head();
}

std::size_t StatementPacker::statements() const {
  return rows_.size() + parts_.size() + appends_.size();
}

bool StatementPacker::add(const PackedRow& row, std::size_t statements_max) {
  const Mark rows{rows_.done.size(), rows_.open.size()};
  const Mark parts{parts_.done.size(), parts_.open.size()};
  const std::size_t appends = appends_.size();
  put_row(row);
  put_parts(row);
  if (statements() <= statements_max) return true;
  // Back to what was there: statements that were closed meanwhile are opened again.
  const auto undo = [](Inserts& inserts, const Mark& mark) {
    if (inserts.done.size() > mark.done) inserts.open = std::move(inserts.done[mark.done]);
    inserts.done.resize(mark.done);
    inserts.open.resize(mark.open);
  };
  undo(rows_, rows);
  undo(parts_, parts);
  appends_.resize(appends);
  return false;
}

void StatementPacker::put(Inserts& inserts, std::string_view row) const {
  if (!inserts.open.empty() && inserts.open.size() + 1 + row.size() > statement_bytes_max_) {
    inserts.done.push_back(std::exchange(inserts.open, {}));
  }
  if (inserts.open.empty()) {
    inserts.open.reserve(statement_bytes_max_);
    inserts.open = inserts.head;
  } else {
    inserts.open += ',';
  }
  inserts.open += row;
}

// Which values must be left out of the row so that it fits into a statement: the largest texts first.
std::vector<std::size_t> StatementPacker::detach(const PackedRow& row) const {
  std::size_t bytes = rows_.head.size() + kRowFixed;
  std::vector<std::size_t> texts;
  for (const std::size_t column : used_) {
    const std::string_view cell = literals_.cell(row.row, column);
    bytes += 1 + std::max(cell.size(), kNull.size());
    const Stored stored = columns_[column].stored;
    if (cell.size() >= kPieceMin && (stored == Stored::text || stored == Stored::super)) texts.push_back(column);
  }
  std::vector<std::size_t> detached;
  if (bytes <= statement_bytes_max_) return detached;
  std::ranges::sort(texts, std::greater(), [&](std::size_t column) { return literals_.cell(row.row, column).size(); });
  for (const std::size_t column : texts) {
    if (bytes <= statement_bytes_max_) break;
    bytes -= literals_.cell(row.row, column).size() - 2;
    detached.push_back(column);
  }
  return detached;
}

void StatementPacker::put_row(const PackedRow& row) {
  const std::vector<std::size_t> detached = detach(row);
  std::string text = fmt::format("({},{}", row.position, row.place);
  for (const std::size_t column : used_) {
    text += ',';
    const std::string_view cell = literals_.cell(row.row, column);
    if (!detached.empty() && std::ranges::find(detached, column) != detached.end()) {
      text += "''";
    } else {
      text += cell.empty() ? kNull : cell;
    }
  }
  text += ')';
  put(rows_, text);
  if (!detached.empty()) put_pieces(row, detached);
}

void StatementPacker::put_pieces(const PackedRow& row, const std::vector<std::size_t>& columns) {
  const std::string tail = append_to_stage_tail(row.position);
  std::string open;
  for (const std::size_t column : columns) {
    const std::string name = quote_identifier(columns_[column].name);
    const std::string assign = fmt::format("{0} = {0} || '", name);
    std::string_view rest = literals_.cell(row.row, column);
    rest = rest.substr(1, rest.size() - 2);
    bool in_open = false;  // a column can be assigned to only once in a statement
    while (!rest.empty()) {
      const std::size_t fixed = open.size() + assign.size() + tail.size() + 2;
      if (!open.empty() && (in_open || fixed + kPieceMin > statement_bytes_max_)) {
        appends_.push_back(std::exchange(open, {}) + tail);
        in_open = false;
        continue;
      }
      open += open.empty() ? append_to_stage_head() : std::string(",");
      const std::size_t room = statement_bytes_max_ - open.size() - assign.size() - tail.size() - 1;
      const std::size_t size = cut_literal(rest, room);
      open.append(assign).append(rest.substr(0, size)) += '\'';
      rest.remove_prefix(size);
      in_open = true;
    }
  }
  if (!open.empty()) appends_.push_back(open + tail);
}

void StatementPacker::put_parts(const PackedRow& row) {
  if (row.parts == 0) return;
  const auto parts = event::split_parts(row.event->json);
  const std::string id = row.event->id.hex();
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::string text = fmt::format("({},'{}',{},{},", row.position, id, i + 1, parts.size());
    append_literal(text, Dialect::redshift, parts[i]);
    put(parts_, text += ')');
  }
}

std::vector<std::string> StatementPacker::take() {
  std::vector<std::string> statements = std::move(rows_.done);
  if (!rows_.open.empty()) statements.push_back(std::move(rows_.open));
  std::ranges::move(appends_, std::back_inserter(statements));
  std::ranges::move(parts_.done, std::back_inserter(statements));
  if (!parts_.open.empty()) statements.push_back(std::move(parts_.open));
  return statements;
}

}  // namespace twinshift::warehouse
