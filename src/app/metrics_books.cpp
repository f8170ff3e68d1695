#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "app/metrics_parts.hpp"

namespace twinshift::app {
namespace {

MetricLabels labels(const std::string& target) {
  return {{"target", target}};
}

MetricLabels labels(const std::string& target, const char* name, const char* value) {
  return {{"target", target}, {name, value}};
}

// What was never counted has no value: 0 would say that nothing is missing. twinshift_books_counted is there always.
std::vector<books::TargetBooks> counted_of(const std::vector<books::TargetBooks>& books) {
  std::vector<books::TargetBooks> counted;
  std::ranges::copy_if(books, std::back_inserter(counted),
                       [](const auto& each) { return each.counted_at.has_value(); });
  return counted;
}

void add_sides(MetricFamilies::Family& family, const books::TargetBooks& books) {
  const auto add = [&](const char* side, std::uint64_t count) {
    family.add(labels(books.name, "side", side), static_cast<double>(count));
  };
  const books::Counts& counts = books.summary.counts;
  add("received", counts.received);
  add("landed", counts.landed);
  add("duplicate", counts.duplicate);
  add("quarantined", counts.quarantined);
  add("owed", counts.owed);
  add("waived", counts.waived);
}

}  // namespace

void add_books(MetricFamilies& families, const std::vector<books::TargetBooks>& books) {
  const std::vector<books::TargetBooks> counted = counted_of(books);
  const auto add = [&families](const std::vector<books::TargetBooks>& of, const char* name, const char* help,
                               auto value) {
    auto family = families.gauge(name, help);
    for (const books::TargetBooks& each : of) family.add(labels(each.name), static_cast<double>(value(each)));
  };
  add(books, "twinshift_books_counted", "1: the last count succeeded; 0: it failed, or there was none yet.",
      [](const auto& each) { return each.counted_at && each.error.empty() ? 1 : 0; });
  auto sides =
      families.gauge("twinshift_books_events",
                     "Events by what became of them: received = landed + duplicate + quarantined + owed + waived.");
  for (const books::TargetBooks& each : counted) add_sides(sides, each);
  add(counted, "twinshift_books_missing", "Events that were received and are nowhere. Above 0: wake somebody.",
      [](const auto& each) { return each.missing; });
  add(counted, "twinshift_books_surplus", "More than was received, in closed hours.",
      [](const auto& each) { return each.summary.surplus; });
  add(counted, "twinshift_books_open_hours", "Hours of arrival of which something is still owed.",
      [](const auto& each) { return each.summary.open_hours; });
  add(counted, "twinshift_books_counted_timestamp_seconds", "When the books were last counted.",
      [](const auto& each) { return std::chrono::duration<double>(each.counted_at->time_since_epoch()).count(); });
}

}  // namespace twinshift::app
