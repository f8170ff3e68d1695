#include "app/debts_of_others.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "app/driver_table.hpp"
#include "warehouse/markers.hpp"
#include "warehouse/schema/owed_text.hpp"

namespace twinshift::app {
namespace {

using proof::Listed;
using proof::Owing;
using warehouse::OwedRow;

std::chrono::seconds silent_after(const config::Settings& settings) {
  const auto interval =
      settings.primary.driver == "redshift_data" ? warehouse::kPublishIntervalOfDataApi : warehouse::kPublishInterval;
  return std::max<std::chrono::seconds>(kSilentAfter, 2 * interval);
}

// No such table: only we have ever written here, or nobody is to know of the others (docs/formats/owed.md).
base::Result<std::vector<OwedRow>> read_rows(warehouse::Warehouse& primary, base::WallTime from) {
  auto rows = warehouse::read_owed(primary, from);
  if (!rows && !warehouse::can_read_owed(primary)) return std::vector<OwedRow>();
  return rows;
}

// Of all instances, from the primary, over a connection that is opened when it is needed.
class RowsOfPrimary {
 public:
  explicit RowsOfPrimary(const config::Settings& settings) : settings_(settings) {}

  base::Result<std::vector<OwedRow>> operator()(base::WallTime from) {
    if (!primary_) {
      auto opened = open_for_reading(settings_, "primary");
      if (!opened) return base::fail(std::move(opened.error()));
      primary_ = std::move(*opened);
    }
    auto rows = read_rows(*primary_, from);
    if (!rows) primary_.reset();
    return rows;
  }

 private:
  const config::Settings settings_;
  std::shared_ptr<warehouse::Warehouse> primary_;  // none after a failure
};

}  // namespace

OthersRows::OthersRows(std::vector<OwedRow> rows, const std::string& own, base::WallTime now,
                       std::chrono::seconds silent_after) {
  std::map<std::string, base::WallTime> last_words;
  for (OwedRow& row : rows) {
    if (row.instance == own) continue;
    auto& last = last_words[row.instance];
    last = std::max(last, row.as_of);
    if (row.owed + row.quarantined > 0) owing_.push_back(std::move(row));
  }
  if (!last_words.empty()) fresh_from_ = now - silent_after;
  for (const auto& [instance, last] : last_words) {
    if (now - last > silent_after) untold_.push_back({last - kUntoldBefore, last + kUntoldAfter});
  }
}

bool OthersRows::may_owe(const std::string& target, base::WallTime received_at) const {
  if (received_at >= fresh_from_) return true;
  const base::WallTime hour = warehouse::hour_of(received_at);
  return std::ranges::any_of(owing_,
                             [&](const OwedRow& row) { return row.target == target && row.arrival_at == hour; }) ||
         std::ranges::any_of(
             untold_, [&](const Untold& untold) { return received_at >= untold.from && received_at < untold.to; });
}

base::Result<std::vector<Owing>> DebtsOfAll::owes(const std::string& target, std::span<const Listed> events) {
  auto answers = parts_.own->owes(target, events);
  if (!answers) return answers;
  const base::WallTime now = parts_.clock->now();
  std::optional<base::WallTime> oldest;
  for (std::size_t i = 0; i < events.size(); ++i) {
    Owing& answer = answers->at(i);
    if (answer == Owing::perhaps) answer = still_queued(target, events[i], now) ? Owing::unknown : Owing::no;
    if (answer == Owing::no) oldest = std::min(oldest.value_or(now), events[i].received_at);
  }
  if (!oldest) return answers;
  auto rows = parts_.read_rows(warehouse::hour_of(*oldest) - kKnownBefore);
  if (!rows) return base::fail(std::move(rows.error()));
  const OthersRows others(std::move(*rows), parts_.instance, now, parts_.silent_after);
  for (std::size_t i = 0; i < events.size(); ++i) {
    Owing& answer = answers->at(i);
    if (answer == Owing::no && others.may_owe(target, events[i].received_at)) answer = Owing::unknown;
  }
  return answers;
}

bool DebtsOfAll::still_queued(const std::string& target, const Listed& event, base::WallTime now) const {
  const bool known = event.received_at != base::WallTime{};
  if (known && now - event.received_at > kQueuedEver) return false;
  return target == "primary" || !parts_.keeps_debts || !known || now - event.received_at < kQueuedMax;
}

base::Result<std::optional<base::WallTime>> oldest_owed_by_others(const config::Settings& settings,
                                                                  const std::string& own) {
  auto primary = open_for_reading(settings, "primary");
  if (!primary) return base::fail(std::move(primary.error()));
  // What is owed is told whatever its age.
  auto rows = read_rows(**primary, base::system_clock().now());
  if (!rows) return base::fail(std::move(rows.error()));
  std::optional<base::WallTime> oldest;
  for (const OwedRow& row : *rows) {
    if (row.instance != own && row.owed > 0) oldest = std::min(oldest.value_or(row.arrival_at), row.arrival_at);
  }
  return oldest;
}

std::unique_ptr<proof::Debts> with_other_instances(const config::Settings& settings, std::string own,
                                                   std::unique_ptr<proof::Debts> debts) {
  return std::make_unique<DebtsOfAll>(DebtsOfAll::Parts{.own = std::move(debts),
                                                        .instance = std::move(own),
                                                        .clock = &base::system_clock(),
                                                        .keeps_debts = settings.keeps_debts,
                                                        .silent_after = silent_after(settings),
                                                        .read_rows = RowsOfPrimary(settings)});
}

}  // namespace twinshift::app
