#include "app/health.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "app/books_text.hpp"
#include "app/target_counts.hpp"
#include "base/json_text.hpp"
#include "base/time_text.hpp"

namespace twinshift::app {
namespace {

using base::JsonObject;

http::Response json(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

std::string queue_part(const queue::QueueStatus& status, const std::string& receive_error) {
  JsonObject part;
  part.add("status", status.trouble ? "error" : "ok").add("depth", status.depth);
  part.add("oldestAgeMs", static_cast<std::int64_t>(status.oldest_age.count()));
  if (status.dead_lettered > 0) part.add("deadLettered", status.dead_lettered);
  if (status.spooled > 0) part.add("spooled", status.spooled);
  if (status.trouble) part.add("error", status.trouble->message);
  if (!receive_error.empty()) part.add("receiveError", receive_error);
  return part.text();
}

std::string storage_part(const backlog::StorageStatus& storage) {
  JsonObject part;
  part.add("bytes", storage.bytes).add("bytesMax", storage.bytes_max);
  // Whole ones: nobody decides on a fraction of an event.
  part.add("eventsPerSecond", static_cast<std::int64_t>(std::llround(storage.events_per_second)));
  part.add("bytesPerSecond", static_cast<std::int64_t>(std::llround(storage.bytes_per_second)));
  if (storage.parity_in) part.add("parityInSeconds", static_cast<std::int64_t>(storage.parity_in->count()));
  if (storage.budget_used_in)
    part.add("budgetUsedInSeconds", static_cast<std::int64_t>(storage.budget_used_in->count()));
  part.add("idsOnly", storage.ids_only).add("lost", storage.lost);
  if (storage.damaged_files > 0) part.add("damagedFiles", storage.damaged_files);
  if (storage.unreadable_files > 0) {
    JsonObject unreadable;
    unreadable.add("events", storage.unreadable_events).add("files", storage.unreadable_files);
    part.add_raw("unreadable", unreadable.text());
  }
  if (storage.refill_trouble) part.add("refillError", storage.refill_trouble->message);
  return part.text();
}

std::string target_part(const delivery::TargetStatus& target, const quarantine::QuarantineStatus& quarantine,
                        const std::vector<books::TargetBooks>& books) {
  JsonObject part;
  part.add("status", delivery::to_string(target.state));
  if (!target.is_primary) {
    part.add("owed", target.owed);
    if (target.owed > 0) part.add("oldestOwedMs", static_cast<std::int64_t>(target.oldest_owed_age.count()));
  }
  if (target.backlog_storage) part.add_raw("backlog", storage_part(*target.backlog_storage));
  const auto refused = quarantine.records.find(target.name);
  part.add("quarantined", refused == quarantine.records.end() ? std::uint64_t{0} : refused->second);
  part.add("valuesInExtra", target.displaced);
  const auto counted = std::ranges::find(books, target.name, &books::TargetBooks::name);
  if (counted != books.end()) part.add_raw("books", books_part(*counted));
  if (!target.last_error.empty()) part.add("error", target.last_error);
  return part.text();
}

std::string parity_part(const Auditor& auditor) {
  const proof::ParityState state = auditor.state();
  JsonObject part;
  if (state.up_to) part.add("identicalUpTo", base::iso8601_ms(*state.up_to)).add("except", state.except);
  if (const auto lag = auditor.lag()) part.add("lagMs", static_cast<std::int64_t>(lag->count()));
  if (state.equal_at) part.add("equalAudit", base::iso8601_ms(*state.equal_at));
  if (state.last) {
    JsonObject last;
    last.add("verdict", proof::to_string(state.last->verdict)).add("begun", base::iso8601_ms(state.last->begun));
    last.add("tookMs", static_cast<std::int64_t>(state.last->took.count()));
    last.add("differences", state.last->differences);
    if (!state.last->found.empty()) last.add("found", state.last->found);
    part.add_raw("lastAudit", last.text());
  }
  return part.text();
}

}  // namespace

std::string Health::health() const {
  return JsonObject()
      .add("status", "ok")
      .add("timestamp", base::iso8601_ms(clock_.now()))
      .add("consumer", parts_().delivery != nullptr ? "enabled" : "disabled")
      .text();
}

void Health::note_primary(const delivery::TargetStatus& target) {
  if (target.is_primary && target.reached) primary_seen_ = true;
}

void Health::remember_primary() {
  const Parts now = parts_();
  if (now.delivery == nullptr) return;
  for (const delivery::TargetStatus& target : now.delivery->status().targets) note_primary(target);
}

Health::Ready Health::ready(bool short_ready) {
  const Parts now = parts_();
  const queue::QueueStatus queue = now.queue->status();
  JsonObject parts;
  parts.add_raw("queue", queue_part(queue, now.delivery == nullptr ? "" : now.delivery->status().receive_error));
  if (now.delivery != nullptr) {
    const quarantine::QuarantineStatus quarantine =
        now.quarantine == nullptr ? quarantine::QuarantineStatus{} : now.quarantine->status();
    const auto books = now.books == nullptr ? std::vector<books::TargetBooks>() : now.books->books();
    std::vector<delivery::TargetStatus> targets = now.delivery->status().targets;
    if (now.counted_before != nullptr) targets = with_counts_of(*now.counted_before, std::move(targets));
    for (const delivery::TargetStatus& target : targets) {
      parts.add_raw(target.name, target_part(target, quarantine, books));
      note_primary(target);
    }
  }
  if (now.auditor != nullptr) parts.add_raw("parity", parity_part(*now.auditor));
  // A later outage of the primary does not take the intake out of the load balancer: the queue goes on taking events,
  // and sending them away would only lose them.
  const bool landing = now.delivery == nullptr || primary_seen_;
  const bool ready = !stopping_ && !queue.trouble && landing;
  JsonObject body;
  body.add("status", ready ? "ready" : stopping_ ? "stopping" : "not ready");
  body.add("timestamp", base::iso8601_ms(clock_.now()));
  if (!short_ready) body.add_raw("parts", parts.text());
  return {ready, body.text()};
}

void Health::add_routes(http::Routes& routes, SeesAll sees_all) {
  routes.add(
      "GET", "/health",
      [this](const http::Request&, http::Responder responder) { responder.send(json(200, health())); }, true);
  routes.add(
      "GET", "/ready",
      [this, sees_all = std::move(sees_all)](const http::Request& request, http::Responder responder) {
        Ready state = ready(!sees_all(request));
        http::Response response = json(state.ready ? 200 : 503, std::move(state.body));
        if (!state.ready) response.headers.emplace_back("Retry-After", "5");
        responder.send(std::move(response));
      },
      true);
}

}  // namespace twinshift::app
