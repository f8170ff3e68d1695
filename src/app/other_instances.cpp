#include "app/other_instances.hpp"

#include <utility>

#include "app/driver_table.hpp"
#include "warehouse/schema/owed_text.hpp"

namespace twinshift::app {
namespace {

std::chrono::seconds publish_interval(const config::Settings& settings) {
  return settings.primary.driver == "redshift_data" ? warehouse::kPublishIntervalOfDataApi
                                                    : warehouse::kPublishInterval;
}

}  // namespace

HoursOfBooks hours_of(const std::vector<warehouse::OwedRow>& sums, const std::string& target) {
  HoursOfBooks hours;
  for (const warehouse::OwedRow& row : sums) {
    if (row.target != target) continue;
    hours[row.arrival_at] += {.received = row.received,
                              .landed = 0,
                              .duplicate = 0,
                              .quarantined = row.quarantined,
                              .owed = row.owed,
                              .waived = row.waived};
  }
  return hours;
}

OtherInstances::OtherInstances(const config::Settings& settings, std::string own)
    : settings_(settings), own_(std::move(own)), kept_for_(publish_interval(settings) / 2) {}

std::chrono::milliseconds OtherInstances::lag() const {
  return 2 * publish_interval(settings_) + 2 * settings_.books_interval + kept_for_;
}

base::Result<HoursOfBooks> OtherInstances::read(const std::string& target, books::Hour from) {
  const std::lock_guard lock(mutex_);
  if (std::chrono::steady_clock::now() >= good_until_) {
    if (auto read = refresh(from); !read) return base::fail(std::move(read.error()));
    good_until_ = std::chrono::steady_clock::now() + kept_for_;
  }
  return hours_of(sums_, target);
}

base::Status OtherInstances::refresh(books::Hour from) {
  if (!primary_) {
    auto opened = open_for_reading(settings_, "primary");
    if (!opened) return base::fail(std::move(opened.error()));
    primary_ = std::move(*opened);
  }
  auto sums = warehouse::read_owed_by_others(*primary_, own_, from);
  if (!sums) return explain(sums.error());
  sums_ = std::move(*sums);
  return {};
}

// Only where the table is not there, or may not be read, do we go on without the others. Everything else (a primary
// that does not answer, or takes too long, an answer that was cut) is no answer at all: then losses would hide behind
// what the others took.
base::Status OtherInstances::explain(const base::Error& error) {
  if (warehouse::can_read_owed(*primary_)) {
    primary_.reset();
    return base::fail(error);
  }
  sums_.clear();
  if (throttle_.pass("owed", std::chrono::steady_clock::now())) {
    base::log::warn("The other instances' books cannot be read: what they take shows as surplus in ours").add(error);
  }
  return {};
}

}  // namespace twinshift::app
