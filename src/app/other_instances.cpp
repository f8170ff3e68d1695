#include "app/other_instances.hpp"

#include <utility>

#include "app/driver_table.hpp"
#include "warehouse/load_sums.hpp"
#include "warehouse/schema/owed_text.hpp"

namespace twinshift::app {
namespace {

std::chrono::seconds publish_interval(const config::Settings& settings) {
  return settings.primary.driver == "redshift_data" ? warehouse::kPublishIntervalOfDataApi
                                                    : warehouse::kPublishInterval;
}

}  // namespace

HoursOfBooks sum_of_others(const std::vector<warehouse::OwedRow>& rows, const std::string& own,
                           const std::string& target) {
  HoursOfBooks hours;
  for (const warehouse::OwedRow& row : rows) {
    if (row.instance == own || row.target != target) continue;
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

base::Result<HoursOfBooks> OtherInstances::read(const std::string& target) {
  const std::lock_guard lock(mutex_);
  if (std::chrono::steady_clock::now() >= good_until_) {
    if (auto read = refresh(); !read) return base::fail(std::move(read.error()));
    good_until_ = std::chrono::steady_clock::now() + kept_for_;
  }
  return sum_of_others(rows_, own_, target);
}

base::Status OtherInstances::refresh() {
  if (!primary_) {
    auto opened = open_for_reading(settings_, "primary");
    if (!opened) return base::fail(std::move(opened.error()));
    primary_ = std::move(*opened);
  }
  auto rows = warehouse::read_owed(*primary_);
  if (!rows) return explain(rows.error());
  rows_ = std::move(*rows);
  return {};
}

// Is it the primary that does not answer, or only this table that cannot be read?
base::Status OtherInstances::explain(const base::Error& error) {
  const bool answers = warehouse::read_load_sums(*primary_, {.from_hour = base::system_clock().now()}).has_value();
  if (!answers) {
    primary_.reset();
    return base::fail(error);
  }
  rows_.clear();
  if (throttle_.pass("owed", std::chrono::steady_clock::now())) {
    base::log::warn("The other instances' books cannot be read: what they take shows as surplus in ours").add(error);
  }
  return {};
}

}  // namespace twinshift::app
