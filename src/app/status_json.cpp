#include "app/status_json.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "app/status_verdict.hpp"
#include "app/version.hpp"
#include "base/json_text.hpp"
#include "base/time_text.hpp"

namespace twinshift::app {
namespace {

using base::JsonObject;
using delivery::TargetStatus;

// A number, or null.
std::string number(std::optional<double> value) {
  return value && std::isfinite(*value) ? fmt::format("{:.4g}", *value) : "null";
}

std::string time_text(std::optional<base::WallTime> time) {
  return time ? base::json_string(base::iso8601_ms(*time)) : "null";
}

template <class Each, class Text>
std::string list(const std::vector<Each>& all, Text text) {
  std::string out = "[";
  for (const Each& each : all) {
    if (out.size() > 1) out += ',';
    out += text(each);
  }
  return out + ']';
}

std::string numbers(const std::vector<double>& values) {
  return list(values, [](double value) { return number(value); });
}

std::string latency(const base::LatencyCounts& counts) {
  const auto milliseconds = [&](double share) {
    const auto seconds = counts.quantile(share);
    return number(seconds ? std::optional(1'000 * *seconds) : std::nullopt);
  };
  return JsonObject().add_raw("p50", milliseconds(0.5)).add_raw("p99", milliseconds(0.99)).text();
}

std::string verdict_part(const MetricsInput& figures) {
  const std::vector<StatusPoint> points = status_points(figures);
  JsonObject part;
  part.add("level", to_string(worst_of(points)));
  part.add("headline", points.empty() ? "All is well" : points.front().what);
  part.add_raw(
      "points", list(points, [](const StatusPoint& point) {
        return JsonObject().add("level", to_string(point.level)).add("what", point.what).add("cure", point.cure).text();
      }));
  return part.text();
}

std::string intake_part(const StatusInput& input) {
  const intake::WebhookStats& stats = input.figures->intake;
  JsonObject part;
  part.add_raw("perSecond", number(input.history->accepted_per_second()));
  part.add("accepted", stats.accepted).add("refused", stats.refused).add("turnedAway", stats.turned_away);
  part.add_raw("latencyMs", latency(input.history->intake_latency()));
  part.add("connections", input.figures->http.connections_open);
  return part.text();
}

std::string queue_part(const StatusInput& input) {
  const queue::QueueStatus& queue = input.figures->queue;
  JsonObject part;
  part.add("driver", input.queue_driver).add("up", !queue.trouble.has_value());
  part.add_raw("events", queue.depth_known ? std::to_string(queue.depth) : "null");
  part.add("inFlight", queue.in_flight);
  part.add_raw("oldestAgeSeconds", number(std::chrono::duration<double>(queue.oldest_age).count()));
  part.add("deadLetters", queue.dead_lettered).add("spooled", queue.spooled);
  part.add("error", queue.trouble ? queue.trouble->message : "");
  return part.text();
}

std::string backlog_part(const TargetStatus& target) {
  JsonObject part;
  part.add("events", target.owed);
  part.add_raw("oldestAgeSeconds", number(std::chrono::duration<double>(target.oldest_owed_age).count()));
  std::optional<double> eta;
  if (target.backlog_storage) {
    if (target.backlog_storage->parity_in) eta = static_cast<double>(target.backlog_storage->parity_in->count());
    part.add("bytes", target.backlog_storage->bytes).add("bytesMax", target.backlog_storage->bytes_max);
  }
  part.add_raw("etaSeconds", number(eta));
  return part.text();
}

std::string books_part(const MetricsInput& figures, const std::string& target) {
  const auto found = std::ranges::find(figures.books, target, &books::TargetBooks::name);
  if (found == figures.books.end() || !found->counted_at) return "null";
  JsonObject part;
  part.add("missing", found->missing).add("surplus", found->summary.surplus);
  part.add("openHours", std::uint64_t{found->summary.open_hours}).add("received", found->summary.counts.received);
  part.add_raw("countedAt", time_text(found->counted_at)).add("error", found->error);
  return part.text();
}

std::string target_part(const StatusInput& input, const TargetStatus& target) {
  const StatusHistory& history = *input.history;
  const auto records = input.figures->quarantine.records.find(target.name);
  JsonObject part;
  part.add("name", target.name).add("isPrimary", target.is_primary).add("product", target.product);
  part.add("state", delivery::to_string(target.state));
  part.add_raw("rowsPerSecond", number(history.rows_per_second(target.name))).add("rows", target.landed);
  part.add("duplicates", target.duplicates);
  part.add_raw("successPercent", number(history.success_percent(target.name)));
  part.add_raw("commitMs", latency(history.commit_latency(target.name)));
  part.add("attempts", target.tally.attempts).add("failures", target.tally.failed());
  part.add("retries", target.tally.retries).add("breakerOpenings", target.tally.breaker_openings);
  part.add("inHand", target.in_hand);
  part.add_raw("backlog", target.is_primary ? "null" : backlog_part(target));
  part.add("quarantined", records == input.figures->quarantine.records.end() ? std::uint64_t{0} : records->second);
  part.add_raw("lastCommit", time_text(target.last_commit));
  part.add("error", target.last_error);
  part.add_raw("books", books_part(*input.figures, target.name));
  return part.text();
}

std::string parity_part(const MetricsInput& figures) {
  if (!figures.parity) return "null";
  const proof::ParityState& state = *figures.parity;
  JsonObject part;
  part.add_raw("identicalUpTo", time_text(state.up_to));
  std::optional<double> lag;
  if (state.up_to) lag = std::max(0.0, std::chrono::duration<double>(figures.now - *state.up_to).count());
  part.add_raw("lagSeconds", number(lag)).add("except", state.except);
  std::string last = "null";
  if (state.last) {
    last = JsonObject()
               .add("verdict", proof::to_string(state.last->verdict))
               .add("differences", state.last->differences)
               .add_raw("begun", time_text(state.last->begun))
               .text();
  }
  return part.add_raw("lastAudit", last).text();
}

std::string error_part(const RecentError& error) {
  return JsonObject()
      .add("level", error.level)
      .add("what", error.what)
      .add("target", error.target)
      .add("error", error.error)
      .add("hint", error.hint)
      .add("count", error.count)
      .add_raw("last", time_text(error.last))
      .text();
}

std::string refused_part(const RefusedWhy& refused) {
  return JsonObject()
      .add("target", refused.target)
      .add("column", refused.column)
      .add("reason", refused.reason)
      .add("events", refused.events)
      .text();
}

std::string series_part(const StatusHistory& history) {
  const StatusHistory::Series series = history.series();
  JsonObject targets;
  for (const auto& [name, target] : series.targets) {
    targets.add_raw(name, JsonObject()
                              .add_raw("rowsPerSecond", numbers(target.rows_per_second))
                              .add_raw("owed", numbers(target.owed))
                              .text());
  }
  JsonObject part;
  part.add("stepSeconds", static_cast<std::int64_t>(StatusHistory::kStep.count()));
  part.add("steps", std::uint64_t{StatusHistory::kSteps});
  part.add_raw("acceptedPerSecond", numbers(series.accepted_per_second));
  part.add_raw("latencyP99Ms", numbers(series.latency_p99_ms));
  return part.add_raw("targets", targets.text()).text();
}

}  // namespace

std::string status_json(const StatusInput& input) {
  const MetricsInput& figures = *input.figures;
  JsonObject status;
  status.add("version", kVersion).add_raw("timestamp", time_text(figures.now));
  status.add_raw("startedAt", time_text(input.started_at));
  status.add_raw("verdict", verdict_part(figures));
  status.add_raw("intake", intake_part(input)).add_raw("queue", queue_part(input));
  status.add_raw("targets", list(figures.targets, [&](const auto& target) { return target_part(input, target); }));
  status.add_raw("parity", parity_part(figures));
  status.add_raw("quarantine", list(input.refused, refused_part));
  status.add_raw("errors", list(input.errors, error_part));
  return status.add_raw("series", series_part(*input.history)).text();
}

}  // namespace twinshift::app
