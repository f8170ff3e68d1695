#include "app/landing.hpp"

#include <algorithm>
#include <utility>

#include "app/auditor_parts.hpp"
#include "app/backlog_store.hpp"
#include "app/backup_hold.hpp"
#include "app/books_answer.hpp"
#include "app/books_parts.hpp"
#include "app/books_rebuilt.hpp"
#include "app/books_waive.hpp"
#include "app/debts_answer.hpp"
#include "app/driver_table.hpp"
#include "app/erase_answer.hpp"
#include "app/mend_answer.hpp"
#include "app/mending.hpp"
#include "app/target_counts.hpp"
#include "app/trace_waiting.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"
#include "warehouse/owed_word.hpp"

namespace twinshift::app {
namespace {

namespace log = base::log;
using namespace std::chrono_literals;

// To let a count under way end.
constexpr auto kBooksStopMax = 200ms;
// The same for a query of an audit.
constexpr auto kAuditStopMax = 200ms;

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

Landing::Landing(config::Settings settings, Stores stores)
    : settings_(std::move(settings)), stores_(std::move(stores)) {}

Landing::~Landing() = default;

std::vector<delivery::TargetStatus> Landing::targets() const {
  return delivery_ ? with_counts_of(stores_.counted, delivery_->status().targets) : stores_.counted;
}

base::Status Landing::start() {
  if (auto started = start_delivery(); !started) return started;
  start_books();
  start_auditor();
  return start_control();
}

// Where the data folder is not declared kept, nothing is to be owed there; what an earlier start has left is drained.
base::Status Landing::open_backlog(const config::TargetSettings& target, delivery::TargetParts& parts) {
  if (!settings_.keeps_debts && !has_backlog_files(target)) return {};
  auto owed = app::open_backlog(settings_, target, stopping_.get_token());
  if (!owed) return base::fail(std::move(owed.error()));
  if (!settings_.keeps_debts && (*owed)->status().owed == 0) return {};
  backlogs_.push_back(std::move(*owed));
  parts.backlog = backlogs_.back().get();
  return {};
}

base::Result<delivery::TargetParts> Landing::open_target(const config::TargetSettings& target, bool is_primary,
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
      .add("quarantined", records_of(stores_.quarantine->status(), target.name));
  return parts;
}

base::Result<std::vector<delivery::TargetParts>> Landing::open_targets() {
  std::vector<delivery::TargetParts> targets;
  const auto add = [&](const config::TargetSettings& target, bool is_primary, bool enabled) -> base::Status {
    auto parts = open_target(target, is_primary, enabled);
    if (!parts) return base::fail(std::move(parts.error()));
    targets.push_back(std::move(*parts));
    return {};
  };
  if (auto added = add(settings_.primary, true, true); !added) return base::fail(std::move(added.error()));
  if (settings_.secondary) {
    if (auto added = add(*settings_.secondary, false, true); !added) return base::fail(std::move(added.error()));
  } else if (settings_.secondary_off) {
    if (auto added = add(*settings_.secondary_off, false, false); !added) return base::fail(std::move(added.error()));
  }
  return targets;
}

base::Status Landing::start_delivery() {
  if (!settings_.enable_sqs_consumer) {
    log::info("The consumer is disabled (ENABLE_SQS_CONSUMER=false): events are queued and not delivered");
    return {};
  }
  auto targets = open_targets();
  if (!targets) return base::fail(std::move(targets.error()));
  delivery::Options options;
  options.identity = identity_mode(settings_);
  options.limits.lease = settings_.queue_lease_timeout;
  options.seed = base::random_seed();
  options.witness = stores_.witness;
  if (keeps_files()) {
    options.announcement = warehouse::word_row(stores_.books->instance(), warehouse::kStarted, stores_.clock->now());
  }
  delivery_ = std::make_unique<delivery::Delivery>(options, *stores_.queue, *stores_.quarantine, std::move(*targets),
                                                   *stores_.clock);
  delivery_->start();
  return {};
}

// For commands that write files which are ours while we run.
base::Status Landing::start_control() {
  QuarantineActions::Parts parts{
      .quarantine = stores_.quarantine,
      .open_reader = [this](std::stop_token stop) { return open_quarantine_reader(settings_, std::move(stop)); },
      .queue = stores_.queue,
      .backlogs = {},
      .through_queue = {},
      .identity = identity_mode(settings_),
      .books = stores_.books};
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
control::Reply Landing::answer(const control::Request& request) {
  if (is_about_debts(request)) return answer_debts(debts(), request, looks_.get_token());
  if (request.verb == kEraseWaitingVerb) return answer_erase_waiting(debts(), request, looks_.get_token());
  if (request.verb == kEraseVerb || request.verb == kNoteErasedVerb) {
    return turns_.run([&] { return answer_erase(debts(), delivery_.get(), request); });
  }
  if (request.verb == kWaitsVerb) return answer_waits(debts(), request, looks_.get_token());
  if (is_about_backup(request)) return answer_backup(turns_, *stores_.queue, request);
  const auto books = [&] { return answer_books_request(books_.get(), *stores_.books, request); };
  if (request.verb == kWaiveVerb) return turns_.run(books);
  if (request.verb == kRebuiltVerb) {
    return turns_.run([&] {
      const auto markers = delivery_ ? markers_by_lane(settings_, *delivery_) : RebuiltMarkers{};
      return answer_books_request(books_.get(), *stores_.books, request, markers);
    });
  }
  if (is_books_verb(request.verb)) return books();
  if (request.verb == kMendVerb) {
    const MendingParts parts{delivery_.get(), debts(), [this] { return mending_stops_.load(); }, &readers_,
                             stores_.witness};
    return turns_.run([&] { return answer_mend(settings_, parts, request); });
  }
  return turns_.run([&] { return actions_->answer(request); });
}

proof::StoreDebts::Parts Landing::debts() const {
  proof::StoreDebts::Parts parts{.queue = stores_.queue, .backlogs = {}, .identity = identity_mode(settings_)};
  for (const auto& owed : backlogs_) parts.backlogs.emplace(owed->target(), owed.get());
  return parts;
}

void Landing::start_books() {
  if (!delivery_) return;
  BooksStores stores{
      stores_.queue,
      stores_.quarantine,
      {},
      stores_.books,
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
bool Landing::keeps_files() const {
  return settings_.queue.driver == "sqlite" || settings_.data_durable ||
         (settings_.secondary_backlog_queue_url.empty() && !backlogs_.empty());
}

void Landing::start_auditor() {
  if (!delivery_) return;
  auditor_ = make_auditor(settings_, debts());
  if (auditor_) auditor_->start();
}

void Landing::cancel() {
  looks_.request_stop();
  turns_.cancel();  // else the end of the control socket waits for whoever waits or is long
  end_any_hold(*stores_.queue);
  if (actions_) actions_->cancel();
  mending_stops_ = true;
  if (delivery_) delivery_->cancel_jobs();
  if (books_) books_->cancel();
  control_.reset();
}

delivery::StopReport Landing::stop(base::SteadyTime deadline) {
  delivery::StopReport report;
  stopping_.request_stop();
  if (delivery_) report = delivery_->stop(deadline);
  if (stores_.witness != nullptr) stores_.witness->finish();
  // A count, or a comparison, that hangs in a target's call is left behind, as a lane is.
  if (books_ && !books_->stop(kBooksStopMax)) leaves_threads_ = true;
  if (auditor_ && !auditor_->stop(kAuditStopMax)) leaves_threads_ = true;
  if (!report.stuck_lanes.empty()) leaves_threads_ = true;
  return report;
}

void Landing::close_backlogs() {
  for (const auto& owed : backlogs_) owed->close();
  delivery::StopReport report;
  note_stuck_refills(report);
}

void Landing::note_stuck_refills(delivery::StopReport& report) {
  for (const auto& owed : backlogs_) {
    if (!owed->left_thread_behind()) continue;
    report.stuck_lanes.push_back(owed->target() + " refill");
    leaves_threads_ = true;
  }
}

}  // namespace twinshift::app
