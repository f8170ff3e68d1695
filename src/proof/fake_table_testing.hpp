// A table in memory that can be compared and written: rows as they stand, several of an id where a test wants it.
// As a warehouse is: read and written from several threads at a time. Its members are a test's own, while nothing runs.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "event/event.hpp"
#include "proof/fake_side_testing.hpp"
#include "proof/settled_write.hpp"
#include "proof/side.hpp"
#include "warehouse/stored_event.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::proof::testing {

inline warehouse::StoredEvent stored_event(const event::Event& event) {
  return {.id = event.id.hex(),
          .key = event.key,
          .event_at = event.event_at,
          .received_at = event.received_at,
          .text = event.json};
}

class FakeTable final : public Side {
 public:
  explicit FakeTable(std::string name) : name_(std::move(name)) {}
  // The rows as they stand now, with a lock of their own.
  FakeTable(const FakeTable& other)
      : before_write(other.before_write), before_rows(other.before_rows), name_(other.name_) {
    const std::scoped_lock lock(other.mutex_);
    rows_there = other.rows_there;
  }

  std::vector<warehouse::StoredEvent> rows_there;
  std::function<std::optional<base::Error>(const warehouse::Batch&)> before_write;  // may fail it
  std::function<std::optional<base::Error>()> before_rows;                          // of ids are read; likewise
  int writes = 0;
  std::size_t batch_max = 0;  // events of the largest

  // As a driver does it: all or nothing; what stands there at its event_at is a duplicate.
  base::Result<WriteSums> write(const warehouse::Batch& batch) {
    if (before_write) {
      if (auto error = before_write(batch)) return base::fail(std::move(*error));
    }
    const std::scoped_lock lock(mutex_);
    ++writes;
    batch_max = std::max(batch_max, batch.events.size());
    WriteSums sums;
    for (const warehouse::EventPlace& place : batch.remove) {
      sums.removed += std::erase_if(rows_there, [&](const warehouse::StoredEvent& row) {
        return row.id == place.id.hex() && row.event_at == place.event_at;
      });
    }
    std::set<std::pair<std::string, base::WallTime>> there;
    for (const auto& row : rows_there) there.emplace(row.id, *row.event_at);
    for (const event::EventPtr& event : batch.events) {
      const bool fresh = there.emplace(event->id.hex(), event->event_at).second;
      ++(fresh ? sums.written : sums.duplicate);
      if (fresh) rows_there.push_back(stored_event(*event));
    }
    return sums;
  }

  [[nodiscard]] const std::string& name() const override { return name_; }
  base::Result<std::optional<Span>> extent(const Span& span) override { return view().extent(span); }
  base::Result<std::optional<Span>> extent_of_arrivals(const Span& received) override {
    return view().extent_of_arrivals(received);
  }
  base::Result<std::int64_t> without_id() override { return 0; }
  base::Result<std::optional<std::int64_t>> bytes() override { return std::optional<std::int64_t>(); }
  base::Result<Digests> windows(std::span<const Span> spans, std::chrono::seconds window) override {
    return view().windows(spans, window);
  }
  base::Result<Digests> parts(const Slice& slice) override { return view().parts(slice); }
  base::Result<std::vector<Listed>> list(const Slice& slice) override { return view().list(slice); }
  base::Result<std::vector<Listed>> doubles(const Slice& slice) override { return view().doubles(slice); }
  base::Result<std::map<std::string, Presence>> present(std::span<const Listed> asked, Where where) override {
    return view().present(asked, where);
  }
  base::Result<std::set<std::string>> erased(std::span<const Listed>) override { return std::set<std::string>(); }
  base::Result<std::vector<warehouse::StoredEvent>> rows(const Slice& slice, std::size_t) override {
    const std::scoped_lock lock(mutex_);
    std::vector<warehouse::StoredEvent> found;
    for (const auto& row : rows_there) {
      if (slice.outside == row.event_at.has_value()) continue;
      const auto holds = [&](const Span& span) { return *row.event_at >= span.from && *row.event_at < span.to; };
      if (!slice.outside && std::ranges::none_of(slice.spans, holds)) continue;
      if (slice.key_bits > 0 && std::ranges::count(slice.prefixes, *row.key >> (kKeyBits - slice.key_bits)) == 0) {
        continue;
      }
      found.push_back(row);
    }
    return found;
  }
  base::Result<std::vector<warehouse::StoredEvent>> rows_of(std::span<const Listed> asked, Where where) override {
    if (before_rows) {
      if (auto error = before_rows()) return base::fail(std::move(*error));
    }
    std::map<std::string, base::WallTime> wanted;
    for (const Listed& each : asked) wanted.emplace(each.id, each.event_at);
    const std::scoped_lock lock(mutex_);
    std::vector<warehouse::StoredEvent> found;
    for (const auto& row : rows_there) {
      const auto place = wanted.find(row.id);
      if (place == wanted.end()) continue;
      if (where == Where::anywhere || place->second == row.event_at) found.push_back(row);
    }
    return found;
  }

 private:
  FakeSide view() {
    FakeSide side(name_);
    side.unique = false;
    const std::scoped_lock lock(mutex_);
    for (const auto& row : rows_there) {
      side.table.push_back({.id = row.id,
                            .key = row.key.value_or(0),
                            .event_at = row.event_at.value_or(base::WallTime{}),
                            .received_at = row.received_at.value_or(base::WallTime{}),
                            .outside = !row.event_at});
    }
    return side;
  }

  const std::string name_;
  mutable std::mutex mutex_;  // of the rows and counts
};

}  // namespace twinshift::proof::testing
