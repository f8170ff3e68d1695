#include "app/service.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "app/auditor_parts.hpp"
#include "app/backlog_store.hpp"
#include "app/books_answer.hpp"
#include "app/books_parts.hpp"
#include "app/books_rebuilt.hpp"
#include "app/books_waive.hpp"
#include "app/debts_answer.hpp"
#include "app/driver_table.hpp"
#include "app/erase_answer.hpp"
#include "app/mend_answer.hpp"
#include "app/mending.hpp"
#include "app/quarantine_actions.hpp"
#include "app/trace_waiting.hpp"
#include "app/waived_gap.hpp"
#include "app/webhook_security.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"
#include "config/masking.hpp"
#include "warehouse/owed_word.hpp"

namespace twinshift::app {
namespace {

namespace log = base::log;
using config::masked_url;
using namespace std::chrono_literals;

// Of the time for stopping, at most this much goes to answering requests that are under way.
constexpr auto kHttpDrainMax = 5s;
// To let a count under way end.
constexpr auto kBooksStopMax = 200ms;
// The same for a query of an audit.
constexpr auto kAuditStopMax = 200ms;
// What is kept of the time for stopping to close the files.
constexpr auto kClosingTime = 2s;
// The same with SQS: to send what waits, and to give back what is lent.
constexpr auto kSqsClosingTime = 7s;

// Each Data API batch costs calls of a quota that the whole account shares, and Redshift wants few, large commits: at
// 50 events a second this is a batch in a second and a half. What comes after a quiet while still goes at once.
constexpr auto kDataApiBatchAge = 1'500ms;

delivery::TargetLimits target_limits(const config::Settings& settings, const config::TargetSettings& target) {
  delivery::TargetLimits limits;
  limits.batch_rows_max = static_cast<std::size_t>(settings.batch_rows_max);
  limits.batch_bytes_max = static_cast<std::size_t>(settings.batch_bytes_max);
  limits.batch_age_max = settings.batch_age_max;
  limits.budget_rows_max = static_cast<std::size_t>(settings.lane_rows_max);
  limits.budget_bytes_max = static_cast<std::size_t>(settings.lane_bytes_max);
  limits.park_after = settings.park_after;
  if (target.driver == "redshift_data") {
    limits.batch_age_max = std::max<std::chrono::milliseconds>(limits.batch_age_max, kDataApiBatchAge);
  }
  return limits;
}

std::uint64_t records_of(const quarantine::QuarantineStatus& status, const std::string& target) {
  const auto found = status.records.find(target);
  return found == status.records.end() ? 0 : found->second;
}

}  // namespace

Service::Service(const config::Settings& settings, const base::Clock& clock) : settings_(settings), clock_(clock) {}

Service::~Service() = default;

// Before anything is opened: a file that is wrong stops the start with nothing to undo.
base::Status Service::open_tls() {
  if (settings_.tls_cert_file.empty()) return {};
  auto opened = http::TlsContext::open({settings_.tls_cert_file, settings_.tls_key_file});
  if (!opened) return base::fail(std::move(opened.error()));
  tls_ = std::move(*opened);
  return {};
}

base::Status Service::reload_tls() {
  return tls_ ? tls_->reload_now() : base::Status();
}

base::Status Service::start() {
  if (auto opened = open_tls(); !opened) return opened;
  if (auto opened = open_storage(); !opened) return opened;
  if (auto started = start_delivery(); !started) return started;
  if (settings_.secondary) tell_waived_gap(*queue_, settings_.data_dir);
  start_books();
  start_auditor();
  if (auto started = start_control(); !started) {
    stop(kClosingTime);
    return started;
  }
  return start_http();
}

// For commands that write files which are ours while we run.
base::Status Service::start_control() {
  QuarantineActions::Parts parts{
      .quarantine = quarantine_.get(),
      .open_reader = [this](std::stop_token stop) { return open_quarantine_reader(settings_, std::move(stop)); },
      .queue = queue_.get(),
      .backlogs = {},
      .through_queue = {},
      .identity = identity_mode(settings_),
      .books = books_file_};
  for (const auto& owed : backlogs_) parts.backlogs.push_back(owed.get());
  if (settings_.secondary && backlogs_.empty()) parts.through_queue.push_back(settings_.secondary->name);
  actions_ = std::make_unique<QuarantineActions>(std::move(parts));
  auto server = control::Server::start(settings_.data_dir, [this](const auto& request) { return answer(request); });
  if (!server) {
    base::Error error = std::move(server.error());
    if (error.hint.empty()) error.hint = "Remove what stands there under this name; the service makes it anew";
    return base::fail(std::move(error));
  }
  control_ = std::move(*server);
  return {};
}

// On several threads at once.
control::Reply Service::answer(const control::Request& request) {
  if (is_about_debts(request)) return answer_debts(debts(), request, looks_.get_token());
  if (request.verb == kEraseWaitingVerb) return answer_erase_waiting(debts(), request, looks_.get_token());
  if (request.verb == kEraseVerb || request.verb == kNoteErasedVerb) {
    return turns_.run([&] { return answer_erase(debts(), delivery_.get(), request); });
  }
  if (request.verb == kWaitsVerb) return answer_waits(debts(), request, looks_.get_token());
  const auto books = [&] { return answer_books_request(books_.get(), *books_file_, request); };
  if (request.verb == kWaiveVerb) return turns_.run(books);
  if (request.verb == kRebuiltVerb) {
    return turns_.run([&] {
      const auto markers = delivery_ ? markers_by_lane(settings_, *delivery_) : RebuiltMarkers{};
      return answer_books_request(books_.get(), *books_file_, request, markers);
    });
  }
  if (is_books_verb(request.verb)) return books();
  if (request.verb == kMendVerb) {
    const MendingParts parts{delivery_.get(), debts(), [this] { return mending_stops_.load(); }, &readers_,
                             witness_.get()};
    return turns_.run([&] { return answer_mend(settings_, parts, request); });
  }
  return turns_.run([&] { return actions_->answer(request); });
}

proof::StoreDebts::Parts Service::debts() const {
  proof::StoreDebts::Parts parts{.queue = queue_.get(), .backlogs = {}, .identity = identity_mode(settings_)};
  for (const auto& owed : backlogs_) parts.backlogs.emplace(owed->target(), owed.get());
  return parts;
}

void Service::start_books() {
  if (!delivery_) return;
  BooksStores stores{
      queue_.get(),
      quarantine_.get(),
      {},
      books_file_,
      delivery_.get(),
      [this](const std::string& target, base::WallTime before) { delivery_->prune_markers(target, before); },
      [this](const std::vector<warehouse::OwedRow>& rows) { delivery_->publish_books(rows); },
      [this](const warehouse::OwedRow& word) { delivery_->publish_word(word); },
      keeps_files()};
  for (const auto& owed : backlogs_) stores.backlogs.push_back(owed.get());
  books_ = make_books_keeper(settings_, stores);
  books_->start();
  delivery_->before_lanes_end([this](std::chrono::milliseconds limit) { return books_->publish_now(limit); });
}

// Whether what we owe, or have in quarantine, outlives us where only we can tell it.
bool Service::keeps_files() const {
  return settings_.queue.driver == "sqlite" || settings_.data_durable ||
         (settings_.secondary_backlog_queue_url.empty() && !backlogs_.empty());
}

// What a crash has left unsettled. A quarantine in a queue takes minutes to read: there the next drop does it.
void Service::settle_drops() {
  const auto planned = books_file_->planned_drops();
  if (!planned || planned->empty() || !settings_.quarantine_queue_url.empty()) return;
  auto reader = open_quarantine_reader(settings_);
  base::Status settled = reader ? settle_planned_drops(*books_file_, **reader) : base::fail(std::move(reader.error()));
  if (!settled) log::warn("Dropped events could not be waived; the next start or drop does it").add(settled.error());
}

base::Status Service::open_storage() {
  auto folder = sqlite::DataFolder::open(settings_.data_dir);
  if (!folder) return base::fail(std::move(folder.error()));
  folder_.emplace(std::move(*folder));

  auto books = open_books_file(settings_);
  if (!books) return base::fail(std::move(books.error()));
  books_file_ = std::move(*books);

  auto refused = open_refused_store(settings_);
  if (!refused) return base::fail(std::move(refused.error()));
  refused_ = std::move(*refused);

  auto quarantine = open_quarantine(settings_, stopping_.get_token());
  if (!quarantine) return base::fail(std::move(quarantine.error()));
  quarantine_ = std::move(*quarantine);
  settle_drops();

  auto queue = open_queue(settings_, stopping_.get_token());
  if (!queue) return base::fail(std::move(queue.error()));
  queue_ = std::move(*queue);
  log::info("Queue opened")
      .add("driver", settings_.queue.driver)
      .add("where",
           settings_.queue.driver == "sqlite" ? settings_.queue.path.string() : masked_url(settings_.queue.url))
      .add("depth", queue_->status().depth);
  return {};
}

// Where the data folder is not declared kept, nothing is to be owed there; what an earlier start has left is drained.
base::Status Service::open_backlog(const config::TargetSettings& target, delivery::TargetParts& parts) {
  if (!settings_.keeps_debts && !has_backlog_files(target)) return {};
  auto owed = app::open_backlog(settings_, target, stopping_.get_token());
  if (!owed) return base::fail(std::move(owed.error()));
  if (!settings_.keeps_debts && (*owed)->status().owed == 0) return {};
  backlogs_.push_back(std::move(*owed));
  parts.backlog = backlogs_.back().get();
  return {};
}

base::Result<delivery::TargetParts> Service::open_target(const config::TargetSettings& target, bool is_primary,
                                                         bool enabled) {
  delivery::TargetParts parts;
  parts.name = target.name;
  parts.is_primary = is_primary;
  parts.enabled = enabled;
  parts.limits = target_limits(settings_, target);
  if (enabled) {
    auto warehouse = open_warehouse(settings_, target, stopping_.get_token());
    if (!warehouse) return base::fail(std::move(warehouse.error()));
    parts.warehouse = std::move(*warehouse);
  }
  if (!is_primary) {
    if (auto opened = open_backlog(target, parts); !opened) return base::fail(std::move(opened.error()));
  }
  log::info("Target configured")
      .add("target", target.name)
      .add("enabled", enabled)
      .add("driver", target.driver)
      .add("where", target.shown)
      .add("table", target.table)
      .add("owed", parts.backlog != nullptr ? parts.backlog->status().owed : std::uint64_t{0})
      .add("quarantined", records_of(quarantine_->status(), target.name));
  return parts;
}

base::Status Service::start_delivery() {
  if (!settings_.enable_sqs_consumer) {
    log::info("The consumer is disabled (ENABLE_SQS_CONSUMER=false): events are queued and not delivered");
    return {};
  }
  std::vector<delivery::TargetParts> targets;
  const auto add = [&](const config::TargetSettings& target, bool is_primary, bool enabled) -> base::Status {
    auto parts = open_target(target, is_primary, enabled);
    if (!parts) return base::fail(std::move(parts.error()));
    targets.push_back(std::move(*parts));
    return {};
  };
  if (auto added = add(settings_.primary, true, true); !added) return added;
  if (settings_.secondary) {
    if (auto added = add(*settings_.secondary, false, true); !added) return added;
  } else if (settings_.secondary_off) {
    if (auto added = add(*settings_.secondary_off, false, false); !added) return added;
  }
  delivery::Options options;
  options.identity = identity_mode(settings_);
  options.limits.lease = settings_.queue_lease_timeout;
  options.seed = base::random_seed();
  witness_ = open_journal(settings_, clock_);
  options.witness = witness_.get();
  if (keeps_files()) {
    options.announcement = warehouse::word_row(books_file_->instance(), warehouse::kStarted, clock_.now());
  }
  delivery_ = std::make_unique<delivery::Delivery>(options, *queue_, *quarantine_, std::move(targets), clock_);
  delivery_->start();
  return {};
}

http::Options Service::http_options() {
  http::Options options;
  options.host = settings_.host;
  options.port = static_cast<std::uint16_t>(settings_.port);
  options.threads = static_cast<unsigned>(settings_.http_threads);
  options.header_bytes_max = settings_.http_header_bytes_max;
  options.body_bytes_max = settings_.http_body_bytes_max;
  options.unfinished_bytes_max = settings_.http_unfinished_bytes_max;
  options.connections_max = static_cast<std::size_t>(settings_.http_connections_max);
  options.keep_alive_idle = settings_.http_keep_alive_idle;
  options.header_timeout = settings_.http_header_timeout;
  options.body_timeout = settings_.http_body_timeout;
  options.write_timeout = settings_.http_write_timeout;
  options.tls = tls_;
  options.headers_kept = headers_kept({});
  options.on_refusal = [this](http::Refusal refusal) { webhook_->keep_refused(std::move(refusal)); };
  return options;
}

MetricsInput Service::metrics_input() const {
  return {.intake = webhook_->stats(),
          .http = watched_ != nullptr ? watched_->stats() : http::Stats{},
          .queue = queue_->status(),
          .targets = delivery_ ? delivery_->status().targets : std::vector<delivery::TargetStatus>(),
          .quarantine = quarantine_->status(),
          .books = books_ ? books_->books() : std::vector<books::TargetBooks>(),
          .parity = auditor_ ? std::optional(auditor_->state()) : std::nullopt,
          .aws_throttles = aws::throttles(),
          .process = process_usage(),
          .certificate_ends = tls_ ? std::optional(tls_->certificate().not_after) : std::nullopt,
          .now = clock_.now()};
}

base::Status Service::start_http() {
  health_ = std::make_unique<Health>(
      Parts{queue_.get(), delivery_.get(), quarantine_.get(), books_.get(), auditor_.get()}, clock_);
  intake::WebhookOptions webhook_options;
  webhook_options.strict = settings_.webhook_strict;
  webhook_options.answer_within = settings_.intake_timeout;
  door_ = std::make_unique<intake::Door>(clock_);
  webhook_options.door = door_.get();
  webhook_ = std::make_unique<intake::Webhook>(webhook_options, *queue_, *refused_, clock_);
  site_ = std::make_unique<AdminSite>(AdminSite::Parts{.settings = &settings_,
                                                       .clock = &clock_,
                                                       .health = health_.get(),
                                                       .read = [this] { return metrics_input(); },
                                                       .options = http_options()});
  http::Routes routes;
  webhook_->add_routes(routes);
  site_->add_routes(routes);
  // Both are there before either begins: the site's threads ask the server.
  server_ = std::make_unique<http::Server>(webhook_http_options(), std::move(routes));
  watched_ = server_.get();
  base::Status started = door_->replace(settings_);
  if (started) started = site_->start();
  if (started) started = server_->start();
  if (!started) {
    stop(kClosingTime);
    return started;
  }
  log::info("Server listening").add("host", settings_.host).add("port", static_cast<std::int64_t>(server_->port()));
  tell_open_door(settings_);
  return {};
}

// A count that hangs in a target's call is left behind, as a lane is.
void Service::stop_books() {
  leaves_threads_ = books_ && !books_->stop(kBooksStopMax);
}

void Service::start_auditor() {
  if (!delivery_) return;
  auditor_ = make_auditor(settings_, debts());
  if (auditor_) auditor_->start();
}

// A comparison that hangs in a target's call is left behind as well.
void Service::stop_auditor() {
  if (auditor_ && !auditor_->stop(kAuditStopMax)) leaves_threads_ = true;
}

// Side by side: each may wait for an SQS that does not answer.
void Service::close_queues() {
  std::vector<std::jthread> closing;
  for (const auto& owed : backlogs_) closing.emplace_back([&owed] { owed->close(); });
  if (quarantine_) closing.emplace_back([this] { quarantine_->close(); });
  if (queue_) queue_->close();
}

delivery::StopReport Service::stop(std::chrono::milliseconds limit) {
  const auto deadline = clock_.steady() + limit;
  delivery::StopReport report;
  if (health_ && server_) {
    health_->stopping();
    // Whoever asks /ready learns it before the door closes.
    std::this_thread::sleep_for(std::min<std::chrono::milliseconds>(settings_.shutdown_notice, limit / 3));
  }
  if (server_) server_->drain(std::min<std::chrono::milliseconds>(kHttpDrainMax, limit / 2));
  if (webhook_) webhook_->stop_taking();
  looks_.request_stop();
  turns_.cancel();  // else the end of the control socket waits for whoever waits or is long
  if (actions_) actions_->cancel();
  mending_stops_ = true;
  if (delivery_) delivery_->cancel_jobs();
  if (books_) books_->cancel();
  control_.reset();
  if (site_) site_->stop();
  server_.reset();     // before the stores close: it still hands over what it refused
  watched_ = nullptr;  // nobody asks it any more but this thread
  // Only now: requests that were under way may have needed them.
  stopping_.request_stop();
  const auto closing = settings_.queue.driver == "sqs" ? kSqsClosingTime : kClosingTime;
  if (delivery_) report = delivery_->stop(std::max(clock_.steady(), deadline - closing));
  if (witness_) witness_->finish();
  stop_books();
  stop_auditor();
  if (site_) site_->tell_the_end();
  close_queues();
  for (const auto& owed : backlogs_) {
    if (owed->left_thread_behind()) report.stuck_lanes.push_back(owed->target() + " refill");
  }
  if (refused_) refused_->close();
  return report;
}

}  // namespace twinshift::app
