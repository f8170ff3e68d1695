#include "tests/simulation/sim_side.hpp"

#include <algorithm>
#include <utility>

namespace twinshift::simulation {

using proof::Digests;
using proof::Listed;
using proof::Slice;
using proof::Span;
using warehouse::StoredEvent;

namespace {

void widen(std::optional<Span>& span, base::WallTime at) {
  const Span moment{at, at + std::chrono::microseconds(1)};
  span = span ? Span{std::min(span->from, moment.from), std::max(span->to, moment.to)} : moment;
}

}  // namespace

// Time passes before the answer: it is of the moment at which the question was carried out.
base::Status SimSide::ask() {
  if (!task_.wait(warehouse_.question_time())) {
    return base::fail(base::ErrorKind::cancelled, "the process has died", "simulation");
  }
  return warehouse_.question_answered();
}

SimSide::Seen SimSide::seen(std::int64_t number, int copy) const {
  const Row& row = warehouse_.row(number);
  const Content& content = around_.catalogue.of(number);
  const Spoil spoil = row.spoil(copy);
  return {.content = &content,
          .event = row.event.get(),
          .spoil = spoil,
          .key = spoil == Spoil::key ? content.changed_key : content.key,
          .event_at = warehouse_.table.event_at(number, copy)};
}

template <class See>
void SimSide::each(See see) const {
  const auto events = static_cast<std::int64_t>(warehouse_.table.events());
  for (std::int64_t number = 0; number < events; ++number) {
    for (int copy = 0; copy < warehouse_.row(number).copies; ++copy) see(seen(number, copy));
  }
}

template <class See>
void SimSide::each_of(std::span<const Listed> asked, proof::Where where, See see) const {
  for (const Listed& row : asked) {
    const auto number = around_.catalogue.find(row.id);
    if (!number) continue;
    for (int copy = 0; copy < warehouse_.row(*number).copies; ++copy) {
      const Seen there = seen(*number, copy);
      if (warehouse_.table.unique() || where == proof::Where::anywhere || there.event_at == row.event_at) see(there);
    }
  }
}

bool SimSide::in(const Seen& row, const Slice& slice) {
  const auto holds = [&](const Span& span) { return row.event_at >= span.from && row.event_at < span.to; };
  if (std::ranges::none_of(slice.spans, holds)) return false;
  if (!slice.keys.empty() && std::ranges::count(slice.keys, row.key) == 0) return false;
  return slice.key_bits == 0 || std::ranges::count(slice.prefixes, row.key >> (proof::kKeyBits - slice.key_bits)) > 0;
}

Listed SimSide::listed(const Seen& row) {
  return {.id = row.content->hex, .key = row.key, .event_at = row.event_at, .received_at = row.event->received_at};
}

StoredEvent SimSide::stored(const Seen& row) {
  return {.id = row.content->hex,
          .key = row.key,
          .event_at = row.event_at,
          .received_at = row.event->received_at,
          .text = row.spoil == Spoil::text ? row.content->changed_json : row.content->json};
}

base::Result<std::optional<Span>> SimSide::extent(const Span& span) {
  if (auto good = ask(); !good) return base::fail(std::move(good.error()));
  std::optional<Span> found;
  each([&](const Seen& row) {
    if (row.event_at >= span.from && row.event_at < span.to) widen(found, row.event_at);
  });
  return found;
}

// Nobody else writes here.
base::Result<std::int64_t> SimSide::without_id() {
  if (auto good = ask(); !good) return base::fail(std::move(good.error()));
  return 0;
}

base::Result<std::optional<Span>> SimSide::extent_of_arrivals(const Span& received) {
  if (auto good = ask(); !good) return base::fail(std::move(good.error()));
  std::optional<Span> found;
  each([&](const Seen& row) {
    const base::WallTime at = row.event->received_at;
    if (at >= received.from && at < received.to) widen(found, row.event_at);
  });
  return found;
}

base::Result<std::optional<std::int64_t>> SimSide::bytes() {
  if (!knows_bytes_) return std::optional<std::int64_t>();
  return std::optional<std::int64_t>(1);
}

template <class Group>
Digests SimSide::digests(const Slice& slice, Group group) const {
  Digests found;
  each([&](const Seen& row) {
    if (in(row, slice)) found[group(row)].add(row.key);
  });
  return found;
}

base::Result<Digests> SimSide::windows(std::span<const Span> spans, std::chrono::seconds window) {
  if (auto good = ask(); !good) return base::fail(std::move(good.error()));
  return digests({.spans = {spans.begin(), spans.end()}},
                 [&](const Seen& row) { return proof::window_of(row.event_at, window); });
}

base::Result<Digests> SimSide::parts(const Slice& slice) {
  if (auto good = ask(); !good) return base::fail(std::move(good.error()));
  const int shift = proof::kKeyBits - slice.key_bits - proof::kSplitBits;
  return digests(slice, [&](const Seen& row) { return row.key >> shift; });
}

std::vector<Listed> SimSide::by_id(const Slice& slice) const {
  std::vector<Listed> all;
  each([&](const Seen& row) {
    if (!in(row, slice)) return;
    // Copies of one event come one after the other.
    if (!all.empty() && all.back().id == row.content->hex) {
      ++all.back().copies;
    } else {
      all.push_back(listed(row));
    }
  });
  return all;
}

base::Result<std::vector<Listed>> SimSide::list(const Slice& slice) {
  if (auto good = ask(); !good) return base::fail(std::move(good.error()));
  return by_id(slice);
}

base::Result<std::vector<Listed>> SimSide::doubles(const Slice& slice) {
  if (warehouse_.table.unique()) return std::vector<Listed>();
  if (auto good = ask(); !good) return base::fail(std::move(good.error()));
  std::vector<Listed> all = by_id(slice);
  std::erase_if(all, [](const Listed& row) { return row.copies < 2; });
  return all;
}

base::Result<std::map<std::string, proof::Presence>> SimSide::present(std::span<const Listed> asked,
                                                                      proof::Where where) {
  if (auto good = ask(); !good) return base::fail(std::move(good.error()));
  std::map<std::string, proof::Presence> found;
  each_of(asked, where, [&](const Seen& row) {
    const proof::Presence none{.id = row.content->hex, .copies = 0, .key = row.key, .event_at = row.event_at};
    ++found.try_emplace(none.id, none).first->second.copies;
  });
  return found;
}

base::Result<std::set<std::string>> SimSide::erased(std::span<const Listed> asked) {
  if (auto good = ask(); !good) return base::fail(std::move(good.error()));
  std::set<std::string> noted;
  for (const Listed& each : asked) {
    const auto number = around_.catalogue.find(each.id);
    if (number && warehouse_.row(*number).erased) noted.insert(each.id);
  }
  return noted;
}

base::Result<std::vector<StoredEvent>> SimSide::rows(const Slice& slice, std::size_t rows_max) {
  if (auto good = ask(); !good) return base::fail(std::move(good.error()));
  std::vector<StoredEvent> found;
  each([&](const Seen& row) {
    if (in(row, slice)) found.push_back(stored(row));
  });
  if (found.size() > rows_max) return base::fail(base::ErrorKind::full, "too many", name_);
  return found;
}

base::Result<std::vector<StoredEvent>> SimSide::rows_of(std::span<const Listed> asked, proof::Where where) {
  if (auto good = ask(); !good) return base::fail(std::move(good.error()));
  std::vector<StoredEvent> found;
  each_of(asked, where, [&](const Seen& row) { found.push_back(stored(row)); });
  return found;
}

}  // namespace twinshift::simulation
