#include "proof/table_mender.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <string_view>
#include <utility>

#include "warehouse/stored_event.hpp"

namespace twinshift::proof {
namespace {

using base::ErrorKind;
using warehouse::StoredEvent;

constexpr std::size_t kReadFirst = 500;
constexpr std::size_t kReadMin = 8;
// Events of a group that a target may refuse one by one.
constexpr std::size_t kRefusedMax = 10;

Listed listed_of(const MendPlace& place) {
  return {.id = place.id, .event_at = place.event_at, .copies = place.copies};
}

LeftEvent refused(const event::Event& event, const warehouse::Refusal& refusal) {
  std::string detail = refusal.column;
  if (!refusal.error_class.empty()) detail += (detail.empty() ? "" : ":") + refusal.error_class;
  std::ranges::replace(detail, ' ', '_');
  return {event.id.hex(), LeftWhy::refused, std::move(detail)};
}

// The events of a batch in order, and whose row each is.
struct Flat {
  std::vector<event::EventPtr> events;
  std::vector<warehouse::EventPlace> remove;
  std::uint64_t standing = 0;
};

Flat flat(std::span<const MendRow> rows) {
  Flat all;
  for (const MendRow& row : rows) {
    all.events.insert(all.events.end(), row.events.begin(), row.events.end());
    all.remove.insert(all.remove.end(), row.remove.begin(), row.remove.end());
    all.standing += row.standing;
  }
  return all;
}

// Of `rows`, as many as go into one batch: at least one.
std::size_t fitting(std::span<const MendRow> rows, std::size_t rows_max) {
  std::size_t events = 0;
  std::size_t removed = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    events += rows[i].events.size();
    removed += rows[i].remove.size();
    if (i > 0 && (events > rows_max || removed > warehouse::kRemovedMax)) return i;
  }
  return rows.size();
}

// Several rows keep the table from being unique, and its lane from it. What tells no event that ever arrived is not
// written, not even again, and a row without a time cannot be removed by it: a person is told how to leave one.
MendChoice or_by_hand(MendChoice choice, Rows here) {
  if (choice.row || choice.in_order || here.size() < 2) return choice;
  if (choice.why == LeftWhy::unsound) choice.why = LeftWhy::several;
  if (choice.why == LeftWhy::timeless) choice.why = LeftWhy::unread;
  return choice;
}

// Names every field: one that is new does not compile before somebody has said here what becomes of it.
void add(MendReport& all, MendReport&& part) {
  auto& [done, copied, replaced, surplus, in_order, batches, first_batch, last_batch, left, crooked, error] = part;
  all.done += done;
  all.copied += copied;
  all.replaced += replaced;
  all.surplus += surplus;
  all.in_order += in_order;
  all.batches += batches;
  if (all.first_batch.empty()) all.first_batch = std::move(first_batch);
  if (!last_batch.empty()) all.last_batch = std::move(last_batch);
  std::ranges::move(left, std::back_inserter(all.left));
  std::ranges::move(crooked, std::back_inserter(all.crooked));
  if (!all.error) all.error = std::move(error);
}

}  // namespace

TableMender::TableMender(Parts parts)
    : parts_(std::move(parts)),
      read_max_(std::min(parts_.read_first > 0 ? parts_.read_first : kReadFirst, parts_.rows_max)) {}

bool TableMender::may_begin() const {
  return parts_.clock->steady() < parts_.until && !(parts_.stop && parts_.stop());
}

std::vector<Side*> TableMender::readers_for(MendKind kind) const {
  // Replacing reads this side, too, which has one connection.
  if (kind != MendKind::copy || parts_.elsewhere_too == nullptr) return {parts_.elsewhere};
  return {parts_.elsewhere, parts_.elsewhere_too};
}

TableMender::GroupPtr TableMender::next_group(MendKind kind, std::span<const MendPlace>& places) {
  const auto some = places.first(std::min(read_max_, places.size()));
  places = places.subspan(some.size());
  auto group = std::make_shared<Group>();
  group->kind = kind;
  group->places = fresh_of(some);
  group->report.done = some.size();
  return group;
}

TableMender::Reading TableMender::begin_reading(GroupPtr group, Side* elsewhere) {
  auto done = std::async(parts_.launch, [this, group, elsewhere] { return read(*elsewhere, *group); });
  return {std::move(group), elsewhere, std::move(done)};
}

MendReport TableMender::mend(const MendOrder& order) {
  MendReport report;
  seen_.clear();
  std::span<const MendPlace> places(order.places);
  std::vector<Side*> idle = readers_for(order.kind);
  std::deque<Reading> reading;  // in the order's own order
  GroupPtr writing;
  std::future<void> written;
  const auto settle = [&] {
    if (!written.valid()) return;
    written.get();
    add(report, std::move(writing->report));
  };
  for (;;) {
    while (!idle.empty() && !places.empty() && may_begin()) {
      reading.push_back(begin_reading(next_group(order.kind, places), idle.back()));
      idle.pop_back();
    }
    if (reading.empty()) break;
    Reading first = std::move(reading.front());
    reading.pop_front();
    const base::Status good = first.done.get();
    settle();
    if (!good && !report.error) report.error = good.error();
    if (report.error) return report;
    adapt(*first.group);
    idle.push_back(first.elsewhere);
    writing = std::move(first.group);
    written = std::async(parts_.launch, [this, writing] { write_all(*writing); });
  }
  settle();
  return report;
}

base::Result<TableMender::RowsById> TableMender::rows_of(Side& side, std::span<const MendPlace> places, Where where) {
  std::vector<Listed> asked;
  asked.reserve(places.size());
  for (const MendPlace& place : places) asked.push_back(listed_of(place));
  auto rows = side.rows_of(asked, where);
  if (!rows) return base::fail(std::move(rows.error()));
  std::map<std::string_view, std::size_t> index;
  for (std::size_t i = 0; i < places.size(); ++i) index.emplace(places[i].id, i);
  RowsById by_id(places.size());
  for (StoredEvent& row : *rows) {
    const auto found = index.find(row.id);
    if (found != index.end()) by_id[found->second].push_back(std::move(row));
  }
  return by_id;
}

// What stands here fewer times than was found at that time stands elsewhere in the table, too.
base::Result<TableMender::RowsById> TableMender::rows_here(std::span<const MendPlace> places) const {
  auto rows = rows_of(*parts_.here, places, Where::at_their_time);
  if (!rows) return rows;
  std::vector<MendPlace> scattered;
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (static_cast<std::int64_t>((*rows)[i].size()) >= std::min<std::int64_t>(places[i].copies, kCopiesMax)) continue;
    scattered.push_back(places[i]);
    indices.push_back(i);
  }
  if (scattered.empty()) return rows;
  auto anywhere = rows_of(*parts_.here, scattered, Where::anywhere);
  if (!anywhere) return anywhere;
  for (std::size_t i = 0; i < indices.size(); ++i) (*rows)[indices[i]] = std::move((*anywhere)[i]);
  return rows;
}

// What was not asked for before in this order.
std::vector<MendPlace> TableMender::fresh_of(std::span<const MendPlace> places) {
  std::vector<MendPlace> fresh;
  std::map<std::string_view, std::size_t> index;
  for (const MendPlace& place : places) {
    if (!seen_.emplace(place.id, place.event_at, place.copies).second) continue;
    const auto [same, first] = index.emplace(place.id, fresh.size());
    if (first) {
      fresh.push_back(place);
    } else {
      fresh[same->second].copies = kCopiesMax;  // perhaps at several times: wherever its rows stand
    }
  }
  return fresh;
}

base::Status TableMender::read(Side& elsewhere, Group& group) const {
  if (group.places.empty()) return {};
  return group.kind == MendKind::copy ? read_to_copy(elsewhere, group) : read_to_replace(group);
}

base::Status TableMender::read_to_copy(Side& side, Group& group) const {
  const std::vector<MendPlace>& places = group.places;
  auto elsewhere = rows_of(side, places, Where::at_their_time);
  if (!elsewhere) return base::fail(std::move(elsewhere.error()));
  std::vector<MendPlace> unfound;
  for (std::size_t i = 0; i < places.size(); ++i) {
    MendChoice choice = choose_copy((*elsewhere)[i], parts_.ids_from_content);
    if (choice.row || choice.why == LeftWhy::unlike) {
      take_in(places[i], std::move(choice), group);
    } else {
      unfound.push_back(places[i]);
    }
  }
  if (unfound.empty()) return {};
  // A row that bore another time when it was found may have been put right since; and beside one that tells another
  // event the right one may stand at another time.
  elsewhere = rows_of(side, unfound, Where::anywhere);
  if (!elsewhere) return base::fail(std::move(elsewhere.error()));
  for (std::size_t i = 0; i < unfound.size(); ++i) {
    take_in(unfound[i], choose_copy((*elsewhere)[i], parts_.ids_from_content), group);
  }
  return {};
}

base::Status TableMender::read_to_replace(Group& group) const {
  const std::vector<MendPlace>& places = group.places;
  auto here = rows_here(places);
  if (!here) return base::fail(std::move(here.error()));
  auto elsewhere = rows_of(*parts_.elsewhere, places, Where::at_their_time);
  if (!elsewhere) return base::fail(std::move(elsewhere.error()));
  std::vector<MendPlace> unfound;
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < places.size(); ++i) {
    MendChoice choice = choose_replacement((*here)[i], (*elsewhere)[i], parts_.ids_from_content);
    if (choice.why == LeftWhy::unsound && !choice.row && !choice.in_order && (*elsewhere)[i].empty()) {
      unfound.push_back(places[i]);
      indices.push_back(i);
    } else {
      take_in(places[i], or_by_hand(std::move(choice), (*here)[i]), group);
    }
  }
  if (unfound.empty()) return {};
  // The row here may bear another time than it was written with.
  elsewhere = rows_of(*parts_.elsewhere, unfound, Where::anywhere);
  if (!elsewhere) return base::fail(std::move(elsewhere.error()));
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const auto& rows = (*here)[indices[i]];
    MendChoice choice = choose_replacement(rows, (*elsewhere)[i], parts_.ids_from_content);
    take_in(unfound[i], or_by_hand(std::move(choice), rows), group);
  }
  return {};
}

void TableMender::take_in(const MendPlace& place, MendChoice choice, Group& group) {
  if (choice.in_order) {
    ++group.report.in_order;
  } else if (!choice.row) {
    group.report.left.push_back({place.id, choice.why, {}});
  } else {
    group.rows.push_back(std::move(*choice.row));
  }
  if (choice.crooked) group.report.crooked.push_back(std::move(*choice.crooked));
}

void TableMender::adapt(const Group& group) {
  std::size_t bytes = 0;
  for (const MendRow& row : group.rows) {
    for (const event::EventPtr& event : row.events) bytes += event->json.size();
  }
  if (bytes > parts_.bytes_max) {
    read_max_ = std::max(kReadMin, read_max_ / 2);
  } else if (bytes < parts_.bytes_max / 4) {
    read_max_ = std::min(parts_.rows_max, 2 * read_max_);
  }
}

void TableMender::write_all(Group& group) const {
  std::span<const MendRow> rows = group.rows;
  while (!rows.empty()) {
    const auto some = rows.first(fitting(rows, parts_.rows_max));
    if (auto done = write(some, group); !done) {
      group.report.error = std::move(done.error());
      return;
    }
    rows = rows.subspan(some.size());
  }
}

base::Status TableMender::write(std::span<const MendRow> rows, Group& group) const {
  auto done = write_batch(rows, group);
  if (done || !may_be_the_data(done.error(), group)) return done;
  return halve(rows, group, std::move(done.error()));
}

// Where so many are refused it is the table. A `conflict` says nothing of the events: a missing right, a lock.
bool TableMender::may_be_the_data(const base::Error& error, const Group& group) {
  if (error.kind == ErrorKind::timed_out) return true;
  return error.kind == ErrorKind::rejected && group.refused < kRefusedMax;
}

// One bad event holds up none of its neighbours; and what takes too long is tried with less at a time.
base::Status TableMender::halve(std::span<const MendRow> rows, Group& group, base::Error error) const {
  if (rows.size() == 1) {
    if (error.kind == ErrorKind::timed_out) return base::fail(std::move(error));
    ++group.refused;
    group.report.left.push_back(refused(*rows.front().events.front(), warehouse::refusal_of(error)));
    return {};
  }
  const std::size_t half = rows.size() / 2;
  if (auto done = write(rows.first(half), group); !done) return done;
  return write(rows.subspan(half), group);
}

base::Status TableMender::write_batch(std::span<const MendRow> rows, Group& group) const {
  Flat all = flat(rows);
  const std::uint64_t standing = all.standing;
  const auto batch = std::make_shared<const warehouse::Batch>(
      warehouse::Batch{.id = std::string(warehouse::kMendingPrefix) + parts_.mint_id(),
                       .events = std::move(all.events),
                       .remove = std::move(all.remove)});
  const auto sums = parts_.write(batch, standing);
  if (!sums) return base::fail(sums.error());
  MendReport& report = group.report;
  for (const std::size_t index : sums->owed) {
    report.left.push_back({batch->events[index]->id.hex(), LeftWhy::owed, {}});
  }
  if (sums->owed.size() == batch->events.size()) return {};  // nothing was written
  ++report.batches;
  if (report.first_batch.empty()) report.first_batch = batch->id;
  report.last_batch = batch->id;
  if (group.kind == MendKind::copy) {
    report.copied += sums->written;
    report.in_order += sums->duplicate;
  } else {
    report.replaced += rows.size() - std::min(rows.size(), sums->refused.size() + sums->put_off.size());
    report.surplus += sums->removed - std::min(sums->removed, sums->written);
  }
  for (const auto& [index, reason] : sums->refused) report.left.push_back(refused(*batch->events[index], reason));
  for (const std::size_t index : sums->put_off) {
    report.left.push_back({batch->events[index]->id.hex(), LeftWhy::put_off, {}});
  }
  return {};
}

}  // namespace twinshift::proof
