#include "app/metrics.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <optional>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <utility>

namespace twinshift::app {
namespace {

using prometheus::MetricFamily;

class Gauges {
 public:
  // One family, in the order of first use.
  void add(const char* name, const char* help, std::vector<prometheus::ClientMetric::Label> labels, double value) {
    if (families_.empty() || families_.back().name != name) {
      families_.push_back({.name = name, .help = help, .type = prometheus::MetricType::Gauge, .metric = {}});
    }
    prometheus::ClientMetric metric;
    metric.label = std::move(labels);
    metric.gauge.value = value;
    families_.back().metric.push_back(std::move(metric));
  }
  [[nodiscard]] std::string text() const { return prometheus::TextSerializer().Serialize(families_); }

 private:
  std::vector<MetricFamily> families_;
};

std::vector<prometheus::ClientMetric::Label> labels(const std::string& target) {
  return {{"target", target}};
}

std::vector<prometheus::ClientMetric::Label> labels(const std::string& target, const char* name, const char* value) {
  return {{"target", target}, {name, value}};
}

// What was never counted has no value: 0 would say that nothing is missing. twinshift_books_counted is there always.
std::vector<books::TargetBooks> counted_of(const std::vector<books::TargetBooks>& books) {
  std::vector<books::TargetBooks> counted;
  std::ranges::copy_if(books, std::back_inserter(counted),
                       [](const auto& each) { return each.counted_at.has_value(); });
  return counted;
}

void add_sides(Gauges& gauges, const books::TargetBooks& books) {
  const auto add = [&](const char* side, std::uint64_t count) {
    gauges.add("twinshift_books_events",
               "Events by what became of them: received = landed + duplicate + quarantined + owed + waived.",
               labels(books.name, "side", side), static_cast<double>(count));
  };
  const books::Counts& counts = books.summary.counts;
  add("received", counts.received);
  add("landed", counts.landed);
  add("duplicate", counts.duplicate);
  add("quarantined", counts.quarantined);
  add("owed", counts.owed);
  add("waived", counts.waived);
}

// A family at a time: the format wants its samples together.
void add_books(Gauges& gauges, const std::vector<books::TargetBooks>& books) {
  const std::vector<books::TargetBooks> counted = counted_of(books);
  const auto add = [&gauges](const std::vector<books::TargetBooks>& of, const char* name, const char* help,
                             auto value) {
    for (const books::TargetBooks& each : of) {
      gauges.add(name, help, labels(each.name), static_cast<double>(value(each)));
    }
  };
  add(books, "twinshift_books_counted", "1: the last count succeeded; 0: it failed, or there was none yet.",
      [](const auto& each) { return each.counted_at && each.error.empty() ? 1 : 0; });
  for (const books::TargetBooks& each : counted) add_sides(gauges, each);
  add(counted, "twinshift_books_missing", "Events that were received and are nowhere. Above 0: wake somebody.",
      [](const auto& each) { return each.missing; });
  add(counted, "twinshift_books_surplus", "More than was received, in closed hours.",
      [](const auto& each) { return each.summary.surplus; });
  add(counted, "twinshift_books_open_hours", "Hours of arrival of which something is still owed.",
      [](const auto& each) { return each.summary.open_hours; });
  add(counted, "twinshift_books_counted_timestamp_seconds", "When the books were last counted.",
      [](const auto& each) { return std::chrono::duration<double>(each.counted_at->time_since_epoch()).count(); });
}

// `value` gives nothing where a target has none.
template <class Value>
void add_family(Gauges& gauges, const char* name, const char* help, const std::vector<delivery::TargetStatus>& targets,
                Value value) {
  for (const delivery::TargetStatus& target : targets) {
    if (target.is_primary) continue;
    if (const std::optional<double> known = value(target)) gauges.add(name, help, labels(target.name), *known);
  }
}

void add_backlogs(Gauges& gauges, const std::vector<delivery::TargetStatus>& targets) {
  using Target = delivery::TargetStatus;
  const auto seconds = [](const std::optional<std::chrono::seconds>& time) {
    return time ? std::optional(static_cast<double>(time->count())) : std::nullopt;
  };
  const auto stored = [](const Target& target, auto of) {
    return target.backlog_storage ? std::optional(static_cast<double>(of(*target.backlog_storage))) : std::nullopt;
  };
  add_family(gauges, "twinshift_backlog_events", "Events that the target still owes.", targets,
             [](const Target& t) { return std::optional(static_cast<double>(t.owed)); });
  add_family(gauges, "twinshift_backlog_oldest_age_seconds", "Age of the oldest of them.", targets,
             [](const Target& t) { return std::optional(std::chrono::duration<double>(t.oldest_owed_age).count()); });
  add_family(gauges, "twinshift_backlog_bytes", "What the backlog takes on the disk.", targets,
             [&](const Target& t) { return stored(t, [](const auto& s) { return s.bytes; }); });
  add_family(gauges, "twinshift_backlog_bytes_max", "Its budget (BACKLOG_BYTES_MAX).", targets,
             [&](const Target& t) { return stored(t, [](const auto& s) { return s.bytes_max; }); });
  add_family(gauges, "twinshift_backlog_growth_events_per_second", "Negative while it shrinks.", targets,
             [&](const Target& t) { return stored(t, [](const auto& s) { return s.events_per_second; }); });
  add_family(gauges, "twinshift_backlog_lost_events", "Events that damaged files can no longer tell.", targets,
             [&](const Target& t) { return stored(t, [](const auto& s) { return s.lost; }); });
  add_family(gauges, "twinshift_backlog_unreadable_files", "Segments that could not be opened at the start.", targets,
             [&](const Target& t) { return stored(t, [](const auto& s) { return s.unreadable_files; }); });
  add_family(gauges, "twinshift_backlog_unreadable_events", "Owed events in them: they wait for a start that can.",
             targets, [&](const Target& t) { return stored(t, [](const auto& s) { return s.unreadable_events; }); });
  add_family(gauges, "twinshift_backlog_parity_seconds", "Until nothing is owed, at the present rate.", targets,
             [&](const Target& t) { return t.backlog_storage ? seconds(t.backlog_storage->parity_in) : std::nullopt; });
  add_family(
      gauges, "twinshift_backlog_budget_seconds", "Until the budget is used up, at the present rate.", targets,
      [&](const Target& t) { return t.backlog_storage ? seconds(t.backlog_storage->budget_used_in) : std::nullopt; });
}

double seconds_of(base::WallTime time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

// What is not known yet has no value; twinshift_audit_verdict is there always.
void add_parity(Gauges& gauges, const proof::ParityState& state, base::WallTime now) {
  for (const auto verdict :
       {proof::AuditVerdict::equal, proof::AuditVerdict::different, proof::AuditVerdict::undecided}) {
    const bool is = state.last && state.last->verdict == verdict;
    gauges.add("twinshift_audit_verdict", "1: how the last audit of this process came out; all 0: there was none yet.",
               {{"verdict", std::string(proof::to_string(verdict))}}, is ? 1 : 0);
  }
  if (state.last) {
    gauges.add("twinshift_audit_differences", "Events that the last audit named.", {},
               static_cast<double>(state.last->differences));
    gauges.add("twinshift_audit_duration_seconds", "How long it took.", {},
               std::chrono::duration<double>(state.last->took).count());
    gauges.add("twinshift_audit_timestamp_seconds", "When it began.", {}, seconds_of(state.last->begun));
  }
  if (!state.up_to) return;
  gauges.add("twinshift_parity_timestamp_seconds",
             "What arrived before this stands on both sides, but for what a quarantine keeps.", {},
             seconds_of(*state.up_to));
  gauges.add("twinshift_parity_lag_seconds", "How long ago that is.", {},
             std::chrono::duration<double>(std::max(now - *state.up_to, std::chrono::microseconds(0))).count());
  gauges.add("twinshift_parity_except_events", "Quarantined on one side, as of the last equal audit.", {},
             static_cast<double>(state.except));
}

}  // namespace

std::string metrics_text(const std::vector<books::TargetBooks>& books,
                         const std::vector<delivery::TargetStatus>& targets,
                         const std::optional<proof::ParityState>& parity, base::WallTime now) {
  Gauges gauges;
  add_books(gauges, books);
  add_backlogs(gauges, targets);
  if (parity) add_parity(gauges, *parity, now);
  return gauges.text();
}

void Metrics::add_routes(http::Routes& routes) {
  routes.add(
      "GET", "/metrics",
      [this](const http::Request&, http::Responder responder) {
        http::Response response;
        response.status = 200;
        response.content_type = "text/plain; version=0.0.4; charset=utf-8";
        response.body = metrics_text(
            books_ == nullptr ? std::vector<books::TargetBooks>() : books_->books(),
            delivery_ == nullptr ? std::vector<delivery::TargetStatus>() : delivery_->status().targets,
            auditor_ == nullptr ? std::nullopt : std::optional(auditor_->state()), base::system_clock().now());
        responder.send(std::move(response));
      },
      true);
}

}  // namespace twinshift::app
