// A table in memory, debts that a test sets, and a clock that waiting moves.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "event/event.hpp"
#include "proof/debts.hpp"
#include "proof/side.hpp"

namespace twinshift::proof::testing {

// The id whose first 62 bits are this key, as identity makes them.
inline std::string id_of(std::int64_t key) {
  return fmt::format("{:016x}{:016x}", static_cast<std::uint64_t>(key) << 2U, 0);
}
inline Listed row_of(std::int64_t key, std::int64_t second) {
  const base::WallTime at{std::chrono::seconds(second)};
  return {.id = id_of(key), .key = key, .event_at = at, .received_at = at};
}

// A real event: its id is that of its content.
struct RealEvent {
  std::string text;
  Listed row;
};
inline RealEvent real_event(int number, std::string_view event_time, std::string_view revenue = "1.5") {
  RealEvent made{.text = fmt::format(R"({{"appsflyer_id":"a{}","event_time":"{}","event_revenue":"{}"}})", number,
                                     event_time, revenue),
                 .row = {}};
  const auto event = event::decode_event(made.text, {}, {});
  made.row = {.id = (*event)->id.hex(), .key = (*event)->key, .event_at = (*event)->event_at};
  return made;
}

class FakeSide final : public Side {
 public:
  explicit FakeSide(std::string name) : name_(std::move(name)) {}

  std::vector<Listed> table;
  std::map<std::string, std::string> texts;      // by id: what the row tells; nothing where it is not given
  std::map<std::string, std::int64_t> versions;  // by id: id_version
  std::set<std::string> erased_ids;              // noted as erased
  bool unique = true;                            // keeps ids unique, so that it finds them wherever they stand
  std::optional<std::int64_t> bytes_told;
  std::int64_t rows_without_id = 0;  // beside the table
  std::size_t windows_max = kWindowsMax;
  std::optional<std::chrono::hours> span_max;  // longer ones that hold something are not answered in time
  int questions = 0;
  std::size_t listed = 0;                         // rows that list() gave away
  std::optional<base::Error> error;               // of every question
  std::function<void(FakeSide&)> before_present;  // what happens between the looks
  std::function<void(FakeSide&)> before_list;     // once
  std::set<std::string> unlisted;                 // ids that are counted in sums and in no list

  [[nodiscard]] const std::string& name() const override { return name_; }

  base::Result<std::optional<Span>> extent(const Span& span) override {
    std::optional<Span> found;
    if (auto good = ask(); !good) return base::fail(std::move(good.error()));
    for (const Listed& row : table) {
      if (!in(row, {.spans = {span}})) continue;
      const base::WallTime behind = row.event_at + std::chrono::microseconds(1);
      found =
          found ? Span{std::min(found->from, row.event_at), std::max(found->to, behind)} : Span{row.event_at, behind};
    }
    return found;
  }
  base::Result<std::optional<Span>> extent_of_arrivals(const Span& received) override {
    std::optional<Span> found;
    if (auto good = ask(); !good) return base::fail(std::move(good.error()));
    for (const Listed& row : table) {
      if (row.received_at < received.from || row.received_at >= received.to) continue;
      const Span one{row.event_at, row.event_at + std::chrono::microseconds(1)};
      found = found ? Span{std::min(found->from, one.from), std::max(found->to, one.to)} : one;
    }
    return found;
  }
  base::Result<std::int64_t> without_id() override {
    if (auto good = ask(); !good) return base::fail(std::move(good.error()));
    return rows_without_id;
  }
  base::Result<std::optional<std::int64_t>> bytes() override { return bytes_told; }
  base::Result<Digests> windows(std::span<const Span> spans, std::chrono::seconds window) override {
    if (is_too_long(spans)) return base::fail(base::ErrorKind::timed_out, "took too long", name_);
    auto all = digests({.spans = {spans.begin(), spans.end()}},
                       [&](const Listed& row) { return window_of(row.event_at, window); });
    if (all && all->size() > windows_max) return base::fail(base::ErrorKind::full, "too many", name_);
    return all;
  }
  base::Result<Digests> parts(const Slice& slice) override {
    const int shift = kKeyBits - slice.key_bits - kSplitBits;
    return digests(slice, [&](const Listed& row) { return row.key >> shift; });
  }
  base::Result<std::vector<Listed>> list(const Slice& slice) override {
    if (before_list) std::exchange(before_list, nullptr)(*this);
    if (auto good = ask(); !good) return base::fail(std::move(good.error()));
    auto all = by_id(slice);
    std::erase_if(all, [&](const Listed& row) { return unlisted.contains(row.id); });
    listed += all.size();
    return at_most(std::move(all));
  }
  base::Result<std::vector<Listed>> doubles(const Slice& slice) override {
    if (auto good = ask(); !good) return base::fail(std::move(good.error()));
    if (is_too_long(slice.spans)) return base::fail(base::ErrorKind::timed_out, "took too long", name_);
    auto all = by_id(slice);
    std::erase_if(all, [](const Listed& row) { return row.copies < 2; });
    return at_most(std::move(all));
  }
  base::Result<std::map<std::string, Presence>> present(std::span<const Listed> asked, Where where) override {
    if (before_present) std::exchange(before_present, nullptr)(*this);
    if (auto good = ask(); !good) return base::fail(std::move(good.error()));
    std::map<std::string, Presence> found;
    for (const Listed& row : among(asked, where)) {
      const Presence none{.id = row.id, .copies = 0, .key = row.key, .event_at = row.event_at, .outside = row.outside};
      ++found.try_emplace(row.id, none).first->second.copies;
    }
    return found;
  }
  base::Result<std::set<std::string>> erased(std::span<const Listed> asked) override {
    if (auto good = ask(); !good) return base::fail(std::move(good.error()));
    std::set<std::string> noted;
    for (const Listed& each : asked) {
      if (erased_ids.contains(each.id)) noted.insert(each.id);
    }
    return noted;
  }
  base::Result<std::vector<warehouse::StoredEvent>> rows(const Slice& slice, std::size_t rows_max) override {
    if (auto good = ask(); !good) return base::fail(std::move(good.error()));
    std::vector<warehouse::StoredEvent> found;
    for (const Listed& row : table) {
      if (in(row, slice)) found.push_back(stored(row));
    }
    if (found.size() > rows_max) return base::fail(base::ErrorKind::full, "too many", name_);
    return found;
  }
  base::Result<std::vector<warehouse::StoredEvent>> rows_of(std::span<const Listed> asked, Where where) override {
    if (auto good = ask(); !good) return base::fail(std::move(good.error()));
    std::vector<warehouse::StoredEvent> found;
    for (const Listed& row : among(asked, where)) found.push_back(stored(row));
    return found;
  }

 private:
  [[nodiscard]] bool is_too_long(std::span<const Span> spans) const {
    const auto too_long = [&](const Span& each) {
      return each.to - each.from > *span_max &&
             std::ranges::any_of(table, [&](const Listed& row) { return in(row, {.spans = {each}}); });
    };
    return span_max && std::ranges::any_of(spans, too_long);
  }
  base::Status ask() {
    ++questions;
    return error ? base::Status(base::fail(*error)) : base::Status();
  }
  [[nodiscard]] warehouse::StoredEvent stored(const Listed& row) const {
    const auto text = texts.find(row.id);
    const auto version = versions.find(row.id);
    return {.id = row.id,
            .key = row.key,
            .event_at = row.outside ? std::nullopt : std::optional(row.event_at),
            .received_at = row.received_at,
            .text = text == texts.end() ? std::nullopt : std::optional(text->second),
            .id_version = version == versions.end() ? std::nullopt : std::optional(version->second)};
  }
  [[nodiscard]] std::vector<Listed> among(std::span<const Listed> asked, Where where) const {
    std::map<std::string, Listed> wanted;
    for (const Listed& row : asked) wanted.emplace(row.id, row);
    std::vector<Listed> found;
    for (const Listed& row : table) {
      const auto asked_for = wanted.find(row.id);
      if (asked_for == wanted.end()) continue;
      const bool everywhere = unique || where == Where::anywhere || asked_for->second.outside;
      if (everywhere || (!row.outside && asked_for->second.event_at == row.event_at)) found.push_back(row);
    }
    return found;
  }
  [[nodiscard]] std::vector<Listed> by_id(const Slice& slice) const {
    std::map<std::string, Listed> found;
    for (const Listed& row : table) {
      if (!in(row, slice)) continue;
      const auto [place, fresh] = found.emplace(row.id, row);
      if (!fresh) ++place->second.copies;
    }
    std::vector<Listed> all;
    for (auto& [id, row] : found) all.push_back(row);
    return all;
  }
  base::Result<std::vector<Listed>> at_most(std::vector<Listed> all) const {
    if (all.size() > kListedRoom) return base::fail(base::ErrorKind::full, "too many", name_);
    return all;
  }
  static bool in(const Listed& row, const Slice& slice) {
    if (slice.outside != row.outside) return false;
    const auto holds = [&](const Span& span) { return row.event_at >= span.from && row.event_at < span.to; };
    if (!slice.outside && std::ranges::none_of(slice.spans, holds)) return false;
    const auto begins = [&](std::int64_t key) { return row.id.starts_with(id_of(key).substr(0, 15)); };
    if (!slice.keys.empty() && std::ranges::none_of(slice.keys, begins)) return false;
    return slice.key_bits == 0 || std::ranges::count(slice.prefixes, row.key >> (kKeyBits - slice.key_bits)) > 0;
  }
  template <class Group>
  base::Result<Digests> digests(const Slice& slice, Group group) {
    if (auto good = ask(); !good) return base::fail(std::move(good.error()));
    Digests found;
    for (const Listed& row : table) {
      if (in(row, slice)) found[group(row)].add(row.key);
    }
    return found;
  }

  const std::string name_;
};

class FakeDebts final : public Debts {
 public:
  std::map<std::string, std::vector<Listed>> owed_rows;          // by target
  std::map<std::string, std::set<std::string>> quarantined_ids;  // by target
  Owing otherwise = Owing::no;                                   // what is not owed
  std::optional<base::WallTime> told_from;                       // `untold` where the difference was seen later
  int visits = 0;                                                // calls of owed() and owes()
  std::optional<base::Error> error;

  base::Result<Digests> owed(const std::string& target, const Span& span, std::chrono::seconds window) override {
    ++visits;
    if (error) return base::fail(*error);
    Digests digests;
    for (const Listed& row : owed_rows[target]) {
      if (row.event_at >= span.from && row.event_at < span.to) digests[window_of(row.event_at, window)].add(row.key);
    }
    return digests;
  }
  base::Result<std::vector<Owing>> owes(const std::string& target, std::span<const Listed> events,
                                        base::WallTime seen) override {
    ++visits;
    const bool told = !told_from || seen < *told_from;
    std::vector<Owing> answers;
    for (const Listed& event : events) {
      const bool owed = std::ranges::count(owed_rows[target], event.id, &Listed::id) > 0;
      answers.push_back(owed ? Owing::yes : told ? otherwise : Owing::untold);
    }
    return answers;
  }
  base::Result<std::vector<bool>> quarantined(const std::string& target, std::span<const Listed> events) override {
    std::vector<bool> answers;
    for (const Listed& event : events) answers.push_back(quarantined_ids[target].contains(event.id));
    return answers;
  }
};

}  // namespace twinshift::proof::testing
