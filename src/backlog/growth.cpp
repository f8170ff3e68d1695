#include "backlog/growth.hpp"

#include <cmath>
#include <string>

#include "base/log.hpp"

namespace twinshift::backlog {
namespace {

using namespace std::chrono_literals;

// Said once when the budget's end comes this near, and again this often while it stays so.
constexpr auto kDaysLeft = 72h;
constexpr auto kHoursLeft = 6h;
constexpr auto kSayAgain = 1h;
// Longer is no forecast.
constexpr double kSecondsMax = 10.0 * 365 * 86'400;

double difference(std::uint64_t now, std::uint64_t then) {
  return static_cast<double>(now) - static_cast<double>(then);
}

std::optional<std::chrono::seconds> time_for(double amount, double per_second) {
  if (per_second <= 0 || amount / per_second > kSecondsMax) return std::nullopt;
  return std::chrono::seconds(std::llround(std::ceil(amount / per_second)));
}

BudgetHerald::Level level_of(const Growth& growth, bool storing_bodies) {
  if (!storing_bodies) return BudgetHerald::Level::used;
  if (!growth.budget_used_in || *growth.budget_used_in > kDaysLeft) return BudgetHerald::Level::calm;
  return *growth.budget_used_in > kHoursLeft ? BudgetHerald::Level::days : BudgetHerald::Level::hours;
}

}  // namespace

void GrowthMeter::sample(base::SteadyTime now, std::uint64_t events, std::uint64_t bytes) {
  while (!samples_.empty() && now - samples_.front().at > kGrowthWindow) samples_.pop_front();
  if (samples_.empty() || now - samples_.back().at >= kGrowthStep) samples_.push_back({now, events, bytes});
}

Growth GrowthMeter::growth(base::SteadyTime now, std::uint64_t events, std::uint64_t bytes,
                           std::uint64_t bytes_max) const {
  Growth growth;
  if (samples_.empty() || now - samples_.front().at < kGrowthStep) return growth;
  const Sample& then = samples_.front();
  const double seconds = std::chrono::duration<double>(now - then.at).count();
  growth.events_per_second = difference(events, then.events) / seconds;
  growth.bytes_per_second = difference(bytes, then.bytes) / seconds;
  if (events > 0) growth.parity_in = time_for(static_cast<double>(events), -growth.events_per_second);
  if (bytes < bytes_max) growth.budget_used_in = time_for(difference(bytes_max, bytes), growth.bytes_per_second);
  return growth;
}

void BudgetHerald::tell(base::SteadyTime now, const Growth& growth, std::uint64_t bytes, std::uint64_t bytes_max,
                        bool storing_bodies) {
  const Level level = level_of(growth, storing_bodies);
  const bool worse = level > level_;
  const bool again = level != Level::calm && level == level_ && now - said_at_ >= kSayAgain;
  if (level == Level::calm && level_ != Level::calm) {
    base::log::info("The backlog's budget is no longer running out").add("target", target_).add("bytes", bytes);
  }
  level_ = level;
  if (!worse && !again) return;
  said_at_ = now;
  auto line = base::log::warn(level == Level::used
                                  ? "The backlog's room is used up: events are kept by their ids alone and will be "
                                    "read from the primary"
                                  : "The backlog's budget will be used up at the present growth");
  line.add("target", target_).add("bytes", bytes).add("bytesMax", bytes_max);
  if (growth.budget_used_in) line.add("secondsLeft", static_cast<std::int64_t>(growth.budget_used_in->count()));
  line.add("hint", "Bring the target back; free disk space, or raise BACKLOG_BYTES_MAX where the disk has room");
}

}  // namespace twinshift::backlog
