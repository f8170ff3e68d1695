#include "tests/simulation/sim_table.hpp"

#include <algorithm>

namespace twinshift::simulation {

bool Row::stands_at_its_time() const {
  return copies > 0 && (spoils.empty() || std::ranges::any_of(spoils, [](Spoil each) { return each != Spoil::time; }));
}

Row& SimTable::row_of(std::int64_t number) {
  const auto at = static_cast<std::size_t>(number);
  if (at >= rows_.size()) rows_.resize(at + 1);
  return rows_[at];
}

const Row& SimTable::row(std::int64_t number) const {
  static const Row kNone;
  const auto at = static_cast<std::size_t>(number);
  return at < rows_.size() ? rows_[at] : kNone;
}

bool SimTable::finds(std::int64_t number) const {
  const Row& found = row(number);
  return unique_ ? found.copies > 0 : found.stands_at_its_time();
}

bool SimTable::settled(std::int64_t number) const {
  const Row& found = row(number);
  return found.copies > 0 || found.taken || found.removed;
}

bool SimTable::insert(std::int64_t number, const event::EventPtr& event) {
  Row& row = row_of(number);
  const bool fresh = !row.stands_at_its_time();
  if (!row.spoils.empty()) row.spoils.push_back(Spoil::none);
  if (row.copies++ == 0) row.event = event;
  look_at(row);
  return fresh;
}

void SimTable::drop(Row& row, int copy) {
  --row.copies;
  if (!row.spoils.empty()) row.spoils.erase(row.spoils.begin() + copy);
  if (std::ranges::all_of(row.spoils, [](Spoil each) { return each == Spoil::none; })) row.spoils.clear();
}

base::WallTime SimTable::event_at(std::int64_t number, int copy) const {
  const base::WallTime at = around_.catalogue.of(number).event_at;
  return row(number).spoil(copy) == Spoil::time ? at + kMovedBy : at;
}

int SimTable::remove(std::int64_t number, base::WallTime event_at_asked) {
  Row& row = row_of(number);
  int gone = 0;
  for (int copy = row.copies - 1; copy >= 0; --copy) {
    if (event_at(number, copy) != event_at_asked) continue;
    drop(row, copy);
    ++gone;
  }
  look_at(row);
  return gone;
}

int SimTable::erase(std::int64_t number, bool notes) {
  Row& row = row_of(number);
  const int gone = row.copies;
  if (gone > 0) row.erased_messages.push_back(message_of(*row.event));
  row.copies = 0;
  row.spoils.clear();
  row.erased = row.erased || notes;
  row.removed = true;
  look_at(row);
  return gone;
}

void SimTable::take(std::int64_t number) {
  Row& row = row_of(number);
  row.copies = 0;
  row.spoils.clear();
  row.taken = true;
  spoil_now(row);
}

void SimTable::copy(std::int64_t number, int times) {
  Row& row = row_of(number);
  for (; times > 0; --times) {
    ++row.copies;
    if (!row.spoils.empty()) row.spoils.push_back(row.spoils.front());
  }
  spoil_now(row);
}

void SimTable::change(std::int64_t number, Spoil spoil) {
  Row& row = row_of(number);
  row.spoils.resize(static_cast<std::size_t>(row.copies), Spoil::none);
  row.spoils.front() = spoil;
  spoil_now(row);
}

void SimTable::spoil_now(Row& row) {
  row.spoilt = row.ever_spoilt = true;
  look_at(row);
}

void SimTable::look_at(Row& row) {
  if (!row.spoilt || !row.sound()) return;
  row.spoilt = false;
  row.sound_since = around_.now;
}

}  // namespace twinshift::simulation
