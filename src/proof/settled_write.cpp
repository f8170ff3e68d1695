#include "proof/settled_write.hpp"

#include <optional>

namespace twinshift::proof {
namespace {

using base::ErrorKind;
using warehouse::Outcome;

WriteSums sums_of(const warehouse::WriteReport& report) {
  WriteSums sums{.removed = report.removed, .outcomes = report.outcomes};
  for (std::size_t i = 0; i < report.outcomes.size(); ++i) {
    switch (report.outcomes[i]) {
      case Outcome::written:
        ++sums.written;
        break;
      case Outcome::duplicate:
        ++sums.duplicate;
        break;
      case Outcome::rejected:
        sums.refused.emplace_back(i, i < report.reasons.size() ? report.reasons[i] : warehouse::Refusal());
        break;
      case Outcome::deferred:
        sums.put_off.push_back(i);
        break;
    }
  }
  return sums;
}

// Nothing where the batch left no marker: it did not commit, and cannot any more.
base::Result<std::optional<WriteSums>> find_outcome(warehouse::Warehouse& warehouse, const warehouse::Batch& batch,
                                                    std::uint64_t standing) {
  // The connection is gone as a rule.
  if (auto ready = warehouse.prepare_to_mend(); !ready) return base::fail(std::move(ready.error()));
  auto marker = warehouse.find_marker(batch.id);
  if (!marker) return base::fail(std::move(marker.error()));
  if (!*marker) return std::optional<WriteSums>();
  return std::optional(
      WriteSums{.written = (*marker)->inserted, .duplicate = (*marker)->duplicate, .removed = standing});
}

// A connection that was lost while nobody used it; a table that was altered, or lost its index, since it was looked at.
bool may_come_of_waiting(ErrorKind kind) {
  return kind == ErrorKind::unavailable || kind == ErrorKind::conflict;
}

}  // namespace

base::Result<WriteSums> write_settled(warehouse::Warehouse& warehouse, const warehouse::Batch& batch,
                                      std::uint64_t standing) {
  for (int write = 1;; ++write) {
    auto report = warehouse.write(batch);
    if (report) return sums_of(*report);
    if (may_come_of_waiting(report.error().kind) && write < kWritesMax) {
      if (auto ready = warehouse.prepare_to_mend(); !ready) return base::fail(std::move(ready.error()));
      continue;
    }
    if (report.error().kind != ErrorKind::unknown_outcome) return base::fail(std::move(report.error()));
    auto outcome = find_outcome(warehouse, batch, standing);
    if (!outcome) {
      outcome.error().kind = ErrorKind::unknown_outcome;
      return base::fail(std::move(outcome.error()));
    }
    if (*outcome) return std::move(**outcome);
    if (write == kWritesMax) {
      // Known by now: nothing is there.
      report.error().kind = ErrorKind::unavailable;
      return base::fail(std::move(report.error()));
    }
  }
}

base::Result<WriteSums> write_unowed(warehouse::Warehouse& warehouse, const warehouse::Batch& batch,
                                     std::uint64_t standing, const FindOwed& find_owed) {
  if (!batch.remove.empty()) return write_settled(warehouse, batch, standing);
  const std::vector<bool> is_owed = find_owed(batch.events);
  warehouse::Batch rest{.id = batch.id, .events = {}};
  std::vector<std::size_t> places;  // of the rest, in the batch
  std::vector<std::size_t> owed;
  for (std::size_t i = 0; i < batch.events.size(); ++i) {
    if (i < is_owed.size() && is_owed[i]) {
      owed.push_back(i);
    } else {
      places.push_back(i);
      rest.events.push_back(batch.events[i]);
    }
  }
  std::vector<Outcome> outcomes(batch.events.size(), Outcome::deferred);
  if (rest.events.empty()) return WriteSums{.owed = std::move(owed), .outcomes = std::move(outcomes)};
  auto sums = write_settled(warehouse, rest, standing);
  if (!sums) return sums;
  for (auto& [place, why] : sums->refused) place = places[place];
  for (std::size_t& place : sums->put_off) place = places[place];
  sums->owed = std::move(owed);
  // Where the marker told, and not all was written, none is told as landed: which they are would be a guess.
  for (std::size_t i = 0; i < sums->outcomes.size(); ++i) outcomes[places[i]] = sums->outcomes[i];
  if (!sums->outcomes.empty() || !sums->owed.empty()) sums->outcomes = std::move(outcomes);
  return sums;
}

}  // namespace twinshift::proof
