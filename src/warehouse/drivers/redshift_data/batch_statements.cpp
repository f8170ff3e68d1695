#include "warehouse/drivers/redshift_data/batch_statements.hpp"

#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "warehouse/drivers/redshift_data/batch_outline.hpp"
#include "warehouse/drivers/redshift_data/statement_packer.hpp"
#include "warehouse/lookup_ranges.hpp"
#include "warehouse/schema/ddl.hpp"
#include "warehouse/schema/duplicate_text.hpp"

namespace twinshift::warehouse {
namespace {

// LOCK, CREATE, INSERT of duplicates, DELETE, SELECT, INSERT, DROP.
constexpr std::size_t kFixedStatements = 7;
// Other messages of events that are in the batch already: those that are told, in statements of kStageDoublesMax each
// and one more; the rest is put off.
constexpr std::size_t kDoublesMax = 4 * kStageDoublesMax;
// With events in parts: CREATE, INSERT, DROP.
constexpr std::size_t kPartsStatements = 3;
// With rows to remove: DELETE of them and of their parts.
constexpr std::size_t kRemoveStatements = 2;
// Markers in one statement: the planner has to take each for a query of its own.
constexpr std::size_t kPlacesMax = 64;
// An event of more bytes goes first: it takes room that small ones would leave it too little of.
constexpr std::size_t kLargeEvent = 48U << 10U;
// What can not be packed any more need not be encoded.
constexpr std::size_t kLiteralBytesMax = kStatementsMax * kStatementBytesMax;

std::size_t marker_statements(std::size_t places) {
  return (places + kPlacesMax - 1) / kPlacesMax;
}

std::size_t double_statements(std::size_t doubles) {
  return doubles == 0 ? 0 : (doubles + kStageDoublesMax - 1) / kStageDoublesMax + 1;
}

// Columns that the stage has. One with a default must be told its NULL.
std::vector<bool> stage_columns(const Layout& layout, const LiteralRows& rows) {
  std::vector<bool> used = rows.used();
  for (std::size_t i = 0; i < used.size(); ++i) {
    const RealColumn* real = layout.real.find(layout.fit.columns[i].name);
    if (real != nullptr && real->has_default) used[i] = true;
  }
  return used;
}

void add_removal(BatchStatements& made, const TableName& table, std::span<const EventPlace> places) {
  made.remove_at = made.statements.size();
  made.statements.push_back(remove_rows_sql(table, places));
  made.statements.push_back(remove_parts_sql(table, places));
}

class Maker {
 public:
  Maker(const Batch& batch, const Layout& layout, const MarkerOrigin& origin)
      : batch_(batch), layout_(layout), origin_(origin), literals_(layout.fit.columns, layout.fit.shape) {}

  BatchStatements make() {
    out_.outcomes.assign(batch_.events.size(), Outcome::deferred);
    out_.reasons.resize(batch_.events.size());
    out_.first = first_of_each(batch_);
    if (layout_.counts_duplicates) find_doubles();
    // All of them, also of what will be put off: so their statements are counted in.
    for (const event::EventPtr& event : batch_.events) places_.index(*event);
    encode();
    used_ = stage_columns(layout_, literals_);
    StatementPacker packer(literals_, layout_.fit.columns, used_);
    for (PackedRow& row : rows_) pack(packer, row);
    settle_doubles();
    write(packer);
    return std::move(out_);
  }

 private:
  // The very message of the first equal one, once more, is no duplicate.
  void find_doubles() {
    for (std::uint32_t i = 0; i < batch_.events.size(); ++i) {
      const event::Event& first = *batch_.events[out_.first[i]];
      if (first.received_at != batch_.events[i]->received_at) doubles_.push_back({i, batch_.events[i].get()});
    }
    if (doubles_.size() <= kDoublesMax) return;
    for (const StagedDouble& each : std::span(doubles_).subspan(kDoublesMax)) put_off_.insert(each.position);
    doubles_.resize(kDoublesMax);
  }

  // Large events first, the others as they came: by their ids some would wait for ever behind the rest.
  void encode() {
    std::vector<std::uint32_t> order;
    for (std::uint32_t i = 0; i < batch_.events.size(); ++i) {
      if (out_.first[i] == i) order.push_back(i);
    }
    std::ranges::stable_partition(order, [&](std::uint32_t i) { return batch_.events[i]->json.size() > kLargeEvent; });
    for (const std::uint32_t position : order) {
      if (!rows_.empty() && literals_.bytes() > kLiteralBytesMax) break;
      const event::EventPtr& event = batch_.events[position];
      PackedRow row{.row = rows_.size(), .position = position, .place = 0, .event = event.get(), .parts = 0};
      row.parts = literals_.add(event);
      rows_.push_back(row);
    }
  }

  [[nodiscard]] std::size_t room(bool with_parts) const {
    const std::size_t others = kFixedStatements + marker_statements(places_.size()) +
                               double_statements(doubles_.size()) + (with_parts ? kPartsStatements : 0) +
                               (batch_.remove.empty() ? 0 : kRemoveStatements);
    return others < kStatementsMax ? kStatementsMax - others : 0;
  }

  void pack(StatementPacker& packer, PackedRow& row) {
    row.place = places_.index(*row.event);
    if (packer.add(row, room(packer.has_parts() || row.parts > 0))) {
      out_.outcomes[row.position] = Outcome::written;
      out_.displaced += literals_.displaced(row.row);
      times_.push_back(row.event->event_at);
    } else if (row.event->json.size() > kLargeEvent && !fits_alone(row)) {
      out_.outcomes[row.position] = Outcome::rejected;
      out_.reasons[row.position] = {
          .column = {},
          .error_class = "too large",
          .message = fmt::format("the event needs more than the {} statements of {} bytes that one transaction of the "
                                 "Data API may have",
                                 kStatementsMax, kStatementBytesMax)};
    }
  }

  [[nodiscard]] bool fits_alone(const PackedRow& row) const {
    StatementPacker alone(literals_, layout_.fit.columns, used_);
    const std::size_t others =
        kFixedStatements + 1 + (row.parts > 0 ? kPartsStatements : 0) + (batch_.remove.empty() ? 0 : kRemoveStatements);
    return alone.add(row, kStatementsMax - others);
  }

  // What stands twice in the batch fares as its first; markers tell of all that is not put off.
  void settle_doubles() {
    for (std::size_t i = 0; i < batch_.events.size(); ++i) {
      const std::uint32_t first = out_.first[i];
      const Outcome outcome = out_.outcomes[first];
      if (first != i) {
        if (put_off_.contains(static_cast<std::uint32_t>(i))) continue;  // deferred
        out_.outcomes[i] = outcome == Outcome::written ? Outcome::duplicate : outcome;
        out_.reasons[i] = out_.reasons[first];
      }
      if (outcome == Outcome::deferred) continue;
      MarkerPlace& place = places_.places()[places_.index(*batch_.events[i])];
      ++place.sent;
      place.refused += outcome == Outcome::rejected ? 1 : 0;
    }
  }

  void add(std::string statement) { out_.statements.push_back(std::move(statement)); }

  void write(StatementPacker& packer) {
    const TableName& table = layout_.table;
    const bool parts = packer.has_parts();
    const std::vector<WriteColumn> columns = chosen_columns();
    out_.staged = times_.size();
    add(lock_writer_sql(table));
    if (const auto places = removable(); !places.empty()) add_removal(out_, table, places);
    add(create_literal_stage_sql(layout_.real, columns));
    if (parts) add(create_parts_stage_sql());
    out_.rows_begin = out_.statements.size();
    for (std::string& statement : packer.take()) add(std::move(statement));
    out_.rows_end = out_.statements.size();
    if (layout_.counts_duplicates) add_duplicates();
    out_.delete_at = out_.statements.size();
    add(delete_staged_duplicates_sql(table, ranges(), layout_.takes_erasures));
    out_.select_at = out_.statements.size();
    add(select_staged_sql());
    out_.insert_begin = out_.statements.size();
    add(insert_from_stage_sql(table, columns, {}));
    if (parts) add(insert_staged_parts_sql(table));
    out_.insert_end = out_.statements.size();
    add_markers();
    add_doubles();
    add(drop_stage_sql(kStageTable));
    if (parts) add(drop_stage_sql(kPartsStageTable));
  }

  // Not of what is put off or has no room: its old row is better than none.
  [[nodiscard]] std::vector<EventPlace> removable() const {
    std::set<event::EventId> kept;
    for (std::size_t i = 0; i < batch_.events.size() && !batch_.remove.empty(); ++i) {
      const Outcome outcome = out_.outcomes[out_.first[i]];
      if (outcome != Outcome::written) kept.insert(batch_.events[i]->id);
    }
    std::vector<EventPlace> places = batch_.remove;
    std::erase_if(places, [&](const EventPlace& place) { return kept.contains(place.id); });
    return places;
  }

  [[nodiscard]] std::vector<WriteColumn> chosen_columns() const {
    std::vector<WriteColumn> columns;
    for (std::size_t i = 0; i < used_.size(); ++i) {
      if (used_[i]) columns.push_back(layout_.fit.columns[i]);
    }
    return columns;
  }

  // Never empty, even where nothing is staged: an empty condition is no SQL.
  [[nodiscard]] std::vector<TimeRange> ranges() const {
    std::vector<base::WallTime> times = times_;
    if (times.empty()) times.emplace_back();
    return lookup_ranges(std::move(times));
  }

  [[nodiscard]] Stored received_at() const { return received_at_stored(layout_.fit.columns); }

  // Of what is in the stage.
  void add_duplicates() {
    add(insert_staged_duplicates_sql(layout_.table, origin_, received_at(), ranges(), layout_.takes_erasures));
  }

  // Nothing is inserted or counted from the stage any more. What is left in it stands in the table by its own message.
  void add_doubles() {
    std::erase_if(doubles_,
                  [&](const StagedDouble& each) { return out_.outcomes[each.position] != Outcome::duplicate; });
    if (doubles_.empty()) return;
    const std::span<const StagedDouble> doubles = doubles_;
    for (std::size_t begin = 0; begin < doubles.size(); begin += kStageDoublesMax) {
      add(stage_doubles_sql(received_at(), doubles.subspan(begin, std::min(kStageDoublesMax, doubles.size() - begin))));
    }
    add_duplicates();
  }

  void add_markers() {
    std::vector<MarkerPlace> told;
    std::ranges::copy_if(places_.places(), std::back_inserter(told), [](const MarkerPlace& p) { return p.sent > 0; });
    const std::span<const MarkerPlace> places = told;
    for (std::size_t begin = 0; begin < places.size(); begin += kPlacesMax) {
      const auto part = places.subspan(begin, std::min(kPlacesMax, places.size() - begin));
      add(insert_counted_markers_sql(layout_.table, origin_, part));
    }
  }

  const Batch& batch_;
  const Layout& layout_;
  const MarkerOrigin& origin_;
  BatchStatements out_;
  LiteralRows literals_;
  std::vector<bool> used_;
  std::vector<PackedRow> rows_;
  PlaceList places_;
  std::vector<base::WallTime> times_;  // of what is staged
  std::vector<StagedDouble> doubles_;  // what stands in the batch by another message already
  std::set<std::uint32_t> put_off_;    // positions of more such than are told
};

}  // namespace

BatchStatements make_removal_statements(const Batch& batch, const TableName& table) {
  BatchStatements made;
  made.statements.push_back(lock_writer_sql(table));
  add_removal(made, table, batch.remove);
  return made;
}

BatchStatements make_batch_statements(const Batch& batch, const Layout& layout, const MarkerOrigin& origin) {
  return Maker(batch, layout, origin).make();
}

std::vector<Outcome> outcomes_of(const BatchStatements& made, const std::vector<std::uint32_t>& inserted) {
  std::vector<bool> there(made.outcomes.size());
  for (const std::uint32_t position : inserted) {
    if (position < there.size()) there[position] = true;
  }
  std::vector<Outcome> outcomes = made.outcomes;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (outcomes[i] == Outcome::written && !there[i]) outcomes[i] = Outcome::duplicate;
  }
  return outcomes;
}

}  // namespace twinshift::warehouse
