#include <string>

#include "app/metrics_parts.hpp"
#include "app/version.hpp"

namespace twinshift::app {
namespace {

double number(std::uint64_t count) {
  return static_cast<double>(count);
}

}  // namespace

void add_intake(MetricFamilies& families, const MetricsInput& input) {
  const intake::WebhookStats& stats = input.intake;
  auto requests = families.counter("twinshift_intake_requests_total",
                                   "Requests to the webhook by their answer: accepted (200, the event is durable), "
                                   "refused (4xx), turned_away (503).");
  requests.add({{"outcome", "accepted"}}, number(stats.accepted));
  requests.add({{"outcome", "refused"}}, number(stats.refused));
  requests.add({{"outcome", "turned_away"}}, number(stats.turned_away));
  auto refused = families.counter("twinshift_intake_refused_total", "Requests answered with 4xx, by reason.");
  for (const auto reason : intake::kRefusedFor) {
    refused.add({{"reason", std::string(to_string(reason))}},
                number(stats.refused_for[static_cast<std::size_t>(reason)]));
  }
  auto away = families.counter("twinshift_intake_turned_away_total", "Requests answered with 503, by reason.");
  for (const auto reason : intake::kTurnedAwayFor) {
    away.add({{"reason", std::string(to_string(reason))}},
             number(stats.turned_away_for[static_cast<std::size_t>(reason)]));
  }
  families
      .histogram("twinshift_intake_duration_seconds",
                 "From the whole request to the answer 200, the event being durable by then.")
      .add({}, stats.latency);
  families.gauge("twinshift_http_connections", "Connections that are open.", number(input.http.connections_open));
  families.counter("twinshift_http_connections_refused_total",
                   "Connections that were told that there is no room (HTTP_CONNECTIONS_MAX, "
                   "HTTP_CONNECTIONS_PER_CLIENT_MAX).",
                   number(input.http.connections_refused));
  families.counter("twinshift_http_requests_total", "Requests of any kind that arrived whole.",
                   number(input.http.requests));
  families.counter("twinshift_http_timeouts_total", "Connections cut off for being too slow.",
                   number(input.http.timeouts));
  families.counter("twinshift_http_tls_handshakes_failed_total", "TLS handshakes that failed or took too long.",
                   number(input.http.tls_handshakes_failed));
  auto ends = families.gauge("twinshift_tls_certificate_expiry_timestamp_seconds",
                             "When the certificate in use ends (its notAfter), since 1970.");
  if (input.certificate_ends) ends.add({}, seconds_of(*input.certificate_ends));
}

void add_queue(MetricFamilies& families, const queue::QueueStatus& queue) {
  families.gauge("twinshift_queue_up", "1: the queue takes messages; 0: it cannot.", queue.trouble ? 0 : 1);
  auto events = families.gauge("twinshift_queue_events", "Messages not yet acknowledged, those under way included.");
  if (queue.depth_known) events.add({}, number(queue.depth));
  families.gauge("twinshift_queue_in_flight_events", "Of these: lent to delivery now.", number(queue.in_flight));
  families.gauge("twinshift_queue_oldest_age_seconds", "Age of the oldest message that this instance knows.",
                 std::chrono::duration<double>(queue.oldest_age).count());
  families.gauge("twinshift_queue_dead_letters", "Messages in the dead-letter queue (SQS).",
                 number(queue.dead_lettered));
  families.gauge("twinshift_queue_spooled_events", "Messages that wait here until SQS can be reached (SQS_SPOOL).",
                 number(queue.spooled));
}

void add_aws(MetricFamilies& families, const std::vector<aws::ServiceThrottles>& throttles) {
  auto family = families.counter("twinshift_aws_throttles_total",
                                 "Calls that AWS answered with a throttle, also where the next try went well.");
  for (const aws::ServiceThrottles& each : throttles) {
    family.add({{"service", std::string(each.service)}}, number(each.count));
  }
}

void add_process(MetricFamilies& families, const ProcessUsage& usage) {
  families.gauge("twinshift_build_info", "1, with the version as a label.").add({{"version", kVersion}}, 1);
  auto cpu = families.counter("process_cpu_seconds_total", "User and system time.");
  if (usage.cpu_seconds) cpu.add({}, *usage.cpu_seconds);
  const auto gauge = [&](const char* name, const char* help, const auto& value) {
    auto family = families.gauge(name, help);
    if (value) family.add({}, static_cast<double>(*value));
  };
  gauge("process_resident_memory_bytes", "Memory in use.", usage.resident_bytes);
  gauge("process_virtual_memory_bytes", "Address space in use.", usage.virtual_bytes);
  gauge("process_start_time_seconds", "When the process began, since 1970.", usage.started_at);
  gauge("process_threads", "Threads.", usage.threads);
  gauge("process_open_fds", "Open files and connections.", usage.open_files);
  gauge("process_max_fds", "How many may be open.", usage.open_files_max);
}

}  // namespace twinshift::app
