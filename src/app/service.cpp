#include "app/service.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "app/admin_door.hpp"
#include "app/books_parts.hpp"
#include "app/driver_table.hpp"
#include "app/open_files.hpp"
#include "app/quarantine_actions.hpp"
#include "app/waived_gap.hpp"
#include "app/webhook_security.hpp"
#include "base/log.hpp"
#include "config/masking.hpp"
#include "queue/waiver.hpp"

namespace twinshift::app {
namespace {

namespace log = base::log;
using config::masked_url;
using namespace std::chrono_literals;

// Of the time for stopping, at most this much goes to answering requests that are under way.
constexpr auto kHttpDrainMax = 5s;
// What is kept of the time for stopping to close the files.
constexpr auto kClosingTime = 2s;
// The same with SQS: to send what waits, and to give back what is lent.
constexpr auto kSqsClosingTime = 7s;
// For one delivery to end while the service goes on: events wait in the queue meanwhile.
constexpr auto kSwitchStopMax = 5s;
// Deliveries with a call that never came back: each keeps its connections and threads.
constexpr std::size_t kLeftBehindMax = 4;

base::Status too_many_left_behind(const config::Settings& now) {
  const bool off = now.secondary_off.has_value();
  return base::fail(base::ErrorKind::conflict, "too many calls of earlier reloads have not come back", "delivery",
                    off ? "Restart the service to take this: the secondary stays switched off until then, and new "
                          "events are waived for it; `twinshift repair` fills the gap afterwards"
                        : "Restart the service to take this");
}

}  // namespace

Service::Service(const config::Settings& settings, const base::Clock& clock) : settings_(settings), clock_(clock) {}

Service::~Service() = default;

base::Status Service::start() {
  if (auto room = make_room_for_files(); !room) return room;
  if (auto opened = open_tls(); !opened) return opened;
  if (auto opened = open_storage(); !opened) return opened;
  if (settings_.enable_sqs_consumer) witness_ = open_journal(settings_, clock_);
  if (auto started = start_landing(settings_); !started) {
    stop(kClosingTime);
    return started;
  }
  if (settings_.secondary) tell_waived_gap(*queue_, settings_.data_dir);
  return start_http();
}

std::shared_ptr<Landing> Service::landing() const {
  const std::lock_guard lock(landing_mutex_);
  return landing_;
}

// Also one that did not start, so that it is stopped like any other.
base::Status Service::start_landing(const config::Settings& settings) {
  const auto before = landing();
  auto fresh = std::make_shared<Landing>(
      settings, Landing::Stores{.queue = queue_.get(),
                                .quarantine = quarantine_.get(),
                                .books = books_file_,
                                .witness = witness_.get(),
                                .clock = &clock_,
                                .counted = before ? before->targets() : std::vector<delivery::TargetStatus>()});
  auto started = fresh->start();
  {
    const std::lock_guard lock(landing_mutex_);
    landing_.swap(fresh);
  }
  return started;  // the one before goes here, or with the last who still looks at it
}

// What hangs keeps its place until the process ends: its threads may yet come back to it.
void Service::end_landing(std::chrono::milliseconds limit) {
  const auto old = landing();
  old->cancel();
  const delivery::StopReport report = old->stop(clock_.steady() + limit);
  old->close_backlogs();
  if (!report.clean) log::warn("Not all in hand was settled in time; the queue lends it again");
  if (!old->leaves_threads()) return;
  auto line = log::warn("A call has not come back: it is left behind until the next restart");
  for (const std::string& lane : report.stuck_lanes) line.add("stuckLane", lane);
  left_behind_.push_back(old);
}

// Between two deliveries: each acknowledgement counts by the settings of the one that gave it.
void Service::waive(const config::Settings& settings) {
  if (auto* waiver = dynamic_cast<queue::Waiver*>(queue_.get())) waiver->waive(settings.secondary_off.has_value());
}

base::Status Service::deliver_by(const config::Settings& settings) {
  if (left_behind_.size() >= kLeftBehindMax) return too_many_left_behind(landing()->settings());
  log::info("Delivery ends and begins anew; events are taken and queued meanwhile");
  const config::Settings before = landing()->settings();
  if (health_) health_->remember_primary();
  end_landing(kSwitchStopMax);
  waive(settings);
  base::Status started = start_landing(settings);
  if (!started) {
    end_landing(kSwitchStopMax);
    waive(before);
    if (auto again = start_landing(before); !again) lost_ = std::move(again.error());
    return started;
  }
  if (settings.secondary) tell_waived_gap(*queue_, settings.data_dir);
  return {};
}

std::vector<LivePart> Service::live_parts() {
  LivePart intake{.name = "intake", .options = {"WEBHOOK_STRICT"}, .apply = [this](const config::Settings& settings) {
                    webhook_->set_strict(settings.webhook_strict);
                    return base::Status();
                  }};
  LivePart delivery{
      .name = "delivery",
      .options = {"SECONDARY_REDSHIFT_ENABLED", "PARK_AFTER", "BOOKS_INTERVAL", "AUDIT_INTERVAL", "BATCH_ROWS_MAX",
                  "BATCH_BYTES_MAX", "BATCH_AGE_MAX", "LANE_ROWS_MAX", "LANE_BYTES_MAX"},
      .apply = [this](const config::Settings& settings) { return deliver_by(settings); }};
  return {std::move(intake), door_part(), tls_part(), std::move(delivery)};
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
  const std::shared_ptr<const Landing> now = landing();
  const books::Keeper* books = now->books();
  const Auditor* auditor = now->auditor();
  return {.intake = webhook_->stats(),
          .http = watched_ != nullptr ? watched_->stats() : http::Stats{},
          .queue = queue_->status(),
          .targets = now->targets(),
          .quarantine = quarantine_->status(),
          .books = books != nullptr ? books->books() : std::vector<books::TargetBooks>(),
          .parity = auditor != nullptr ? std::optional(auditor->state()) : std::nullopt,
          .aws_throttles = aws::throttles(),
          .process = process_usage(),
          .certificate_ends = tls_ ? std::optional(tls_->certificate().not_after) : std::nullopt,
          .now = clock_.now()};
}

base::Status Service::start_http() {
  const auto parts = [this] {
    const std::shared_ptr<const Landing> now = landing();
    return Parts{queue_.get(), now->delivery(),       quarantine_.get(), now->books(), now->auditor(),
                 now,          &now->counted_before()};
  };
  health_ = std::make_unique<Health>(parts, clock_);
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
  tell_open_door(settings_, false);
  door_asks_ = !asks_for_nothing(settings_);
  return {};
}

// Side by side: each may wait for an SQS that does not answer.
void Service::close_queues() {
  std::vector<std::jthread> closing;
  if (landing_) {
    for (const auto& owed : landing_->backlogs()) closing.emplace_back([&owed] { owed->close(); });
  }
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
  if (landing_) landing_->cancel();
  if (site_) site_->stop();
  server_.reset();     // before the stores close: it still hands over what it refused
  watched_ = nullptr;  // nobody asks it any more but this thread
  // Only now: requests that were under way may have needed them.
  stopping_.request_stop();
  const auto closing = settings_.queue.driver == "sqs" ? kSqsClosingTime : kClosingTime;
  if (landing_) report = landing_->stop(std::max(clock_.steady(), deadline - closing));
  if (site_) site_->tell_the_end();
  close_queues();
  if (landing_) {
    landing_->note_stuck_refills(report);
    leaves_threads_ = landing_->leaves_threads() || !left_behind_.empty();
  }
  if (refused_) refused_->close();
  return report;
}

}  // namespace twinshift::app
