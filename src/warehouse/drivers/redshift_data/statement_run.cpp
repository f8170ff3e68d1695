#include "warehouse/drivers/redshift_data/statement_run.hpp"

#include <algorithm>

namespace twinshift::warehouse {
namespace {

using std::chrono::milliseconds;

// An answer that took this long has waited for us, so the next question may follow at once.
constexpr std::chrono::seconds kWaitedMin{1};
constexpr int kGrowthNumerator = 3;  // of a pause: by half
constexpr int kGrowthDenominator = 2;

milliseconds grown(milliseconds pause, milliseconds most) {
  return std::min(most, std::max(milliseconds(1), pause * kGrowthNumerator / kGrowthDenominator));
}

milliseconds between(base::SteadyTime from, base::SteadyTime until) {
  return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(until - from));
}

}  // namespace

DataStatus data_status_from(std::string_view name) {
  if (name == "FINISHED") return DataStatus::finished;
  if (name == "FAILED") return DataStatus::failed;
  if (name == "ABORTED") return DataStatus::aborted;
  return DataStatus::running;
}

StatementRun::StatementRun(const RunLimits& limits, base::SteadyTime now, base::SteadyTime deadline)
    : limits_(limits),
      deadline_(deadline),
      begun_(now),
      not_before_(now),
      send_pause_(limits.send_pause_first),
      look_pause_(limits.look_pause_first) {}

StatementRun StatementRun::resumed(const RunLimits& limits, base::SteadyTime now, base::SteadyTime deadline,
                                   bool accepted) {
  StatementRun run(limits, now, deadline);
  run.maybe_sent_ = true;
  if (accepted) run.phase_ = Phase::running;
  return run;
}

// When we stop looking: the time of the statement, then that of its cancellation.
base::SteadyTime StatementRun::patience() const {
  if (cancelled_at_ == base::SteadyTime{}) return begun_ + limits_.statement_timeout;
  return cancelled_at_ + limits_.settle_max;
}

milliseconds StatementRun::look_wait(base::SteadyTime now) const {
  if (ended_there_) return milliseconds(0);
  return std::min<milliseconds>(kServiceWaitMax, between(now, patience()));
}

StatementRun::Next StatementRun::next(base::SteadyTime now) const {
  if (phase_ == Phase::ended) return {};
  if (phase_ == Phase::running && !ended_there_ && now >= patience()) {
    if (cancelled_at_ == base::SteadyTime{}) return {Do::cancel};
  } else if (now < not_before_) {
    return {Do::pause, between(now, not_before_)};
  }
  if (phase_ == Phase::running) return {Do::look, look_wait(now)};
  return {Do::send, std::min<milliseconds>(kServiceWaitMax, limits_.statement_timeout)};
}

void StatementRun::finish(End end) {
  phase_ = Phase::ended;
  end_ = end;
}

void StatementRun::pause_unless_waited(base::SteadyTime now, std::chrono::nanoseconds took) {
  not_before_ = now;
  if (took >= kWaitedMin) return;
  not_before_ = now + look_pause_;
  look_pause_ = grown(look_pause_, limits_.look_pause_max);
}

void StatementRun::sent(base::SteadyTime now, std::chrono::nanoseconds took, DataStatus status) {
  phase_ = Phase::running;
  begun_ = now - std::min(took, std::chrono::nanoseconds(limits_.statement_timeout));
  ended_there_ = status != DataStatus::running;
  if (ended_there_) {
    not_before_ = now;
  } else {
    pause_unless_waited(now, took);
  }
}

void StatementRun::send_failed(base::SteadyTime now, CallTrouble trouble) {
  if (trouble == CallTrouble::unsure) {
    maybe_sent_ = true;
    ++unsure_tries_;
  }
  not_before_ = now + send_pause_;
  send_pause_ = grown(send_pause_, limits_.send_pause_max);
  const bool hopeless = trouble == CallTrouble::refused || trouble == CallTrouble::unreached;
  if (hopeless || unsure_tries_ >= limits_.unsure_tries_max || not_before_ >= deadline_) {
    finish(maybe_sent_ ? End::unknown : End::not_sent);
  }
}

void StatementRun::looked(base::SteadyTime now, std::chrono::nanoseconds took, DataStatus status) {
  switch (status) {
    case DataStatus::finished:
      return finish(End::finished);
    case DataStatus::failed:
      return finish(End::failed);
    case DataStatus::aborted:
      return finish(cancelled_at_ == base::SteadyTime{} ? End::aborted : End::timed_out);
    case DataStatus::running:
      break;
  }
  pause_unless_waited(now, took);
  if (cancelled_at_ != base::SteadyTime{} && now >= patience()) finish(End::unknown);
}

void StatementRun::look_failed(base::SteadyTime now, CallTrouble trouble) {
  pause_unless_waited(now, std::chrono::nanoseconds(0));
  const bool out_of_patience = now >= patience() && (cancelled_at_ != base::SteadyTime{} || ended_there_);
  if (trouble == CallTrouble::refused || out_of_patience) finish(End::unknown);
}

}  // namespace twinshift::warehouse
