#include "app/drivers_aws.hpp"

#include <algorithm>
#include <utility>

#include "app/aws_access.hpp"
#include "app/drivers_sqlite.hpp"
#include "app/instance_name.hpp"
#include "aws/services.hpp"
#include "quarantine/drivers/queue/queue_quarantine.hpp"
#include "queue/drivers/sqs/spooled_queue.hpp"
#include "queue/drivers/sqs/sqs_queue.hpp"
#include "warehouse/drivers/redshift_data/redshift_data_warehouse.hpp"

namespace twinshift::app {
namespace {

// The guide's pause between two looks at a statement; REDSHIFT_MAX_RETRIES counts them.
constexpr std::chrono::milliseconds kLookPause{2'000};
// Half of SQS's default retention: what is owed or refused for longer is sent again before it would be gone.
constexpr std::chrono::hours kRenewAfter{48};
// For sending, and again for giving back, while Service::stop() waits for all queues at once.
constexpr std::chrono::milliseconds kCloseMax{2'500};
constexpr std::chrono::milliseconds kPackGather{10};
constexpr std::size_t kPackSends = 2;
// While the quarantine is read: extended as long as that takes. After a kill its messages are hidden for so long.
constexpr std::chrono::milliseconds kQuarantineLease{60'000};
// Shorter than a sweep's patience: what another reader gives back meanwhile is seen by the next poll at the latest.
constexpr std::chrono::seconds kQuarantinePollWait{1};
// To give everything back, ten messages a call.
constexpr std::size_t kQuarantineSettleThreads = 8;
constexpr std::chrono::milliseconds kQuarantineCloseMax{30'000};

base::Result<std::shared_ptr<aws::Client>> queue_client(const config::Settings& settings, const std::string& url,
                                                        const std::string& subject, std::stop_token stop) {
  const QueuePlace place = place_of_queue(url);
  auto access = own_access(settings, place.region.empty() ? settings.aws_region : place.region, std::move(stop));
  if (!access) return base::fail(std::move(access.error()));
  // A variable wins over the URL's host: it says where the service is, the URL only what the queue is called.
  const bool variable = !settings.aws_endpoint_url_sqs.empty() || !settings.aws_endpoint_url.empty();
  return make_client(*access, aws::kSqs, variable ? std::string() : place.endpoint, subject);
}

base::Result<queue::SqsQueueOptions> queue_options(const config::Settings& settings, const std::string& url,
                                                   const std::string& subject, std::stop_token stop) {
  auto client = queue_client(settings, url, subject, std::move(stop));
  if (!client) return base::fail(std::move(client.error()));
  queue::SqsQueueOptions options;
  options.queue_url = url;
  options.client = std::move(*client);
  options.subject = subject;
  options.lease_timeout = settings.queue_lease_timeout;
  options.close_max = kCloseMax;
  options.send_threads = static_cast<std::size_t>(settings.sqs_sends);
  options.inbox_messages_max = static_cast<std::size_t>(settings.queue_inbox_messages_max);
  options.inbox_bytes_max = settings.queue_inbox_bytes_max;
  options.poll_threads = static_cast<std::size_t>(settings.sqs_polls);
  options.poll_messages_max = static_cast<std::size_t>(settings.sqs_max_messages);
  options.poll_wait = std::chrono::duration_cast<std::chrono::seconds>(settings.sqs_wait_time);
  options.poll_pause = settings.sqs_polling_interval;
  return options;
}

// Opens the quarantine's queue for one reading.
quarantine::QueueOpener quarantine_sweeps(const config::Settings& settings, std::stop_token stop) {
  return [settings, stop = std::move(stop)]() -> base::Result<std::unique_ptr<queue::EventQueue>> {
    auto options = queue_options(settings, settings.quarantine_queue_url, "quarantine", stop);
    if (!options) return base::fail(std::move(options.error()));
    options->thread_name = "quar-in";
    options->send_threads = 1;
    options->settle_threads = kQuarantineSettleThreads;
    options->lease_timeout = kQuarantineLease;
    options->poll_wait = kQuarantinePollWait;
    options->close_max = kQuarantineCloseMax;
    options->wants_dead_letters = false;
    return queue::open_sqs_queue(std::move(*options));
  };
}

// How a target is called in error texts: in the guide's words.
std::string subject_of(const config::TargetSettings& target) {
  return target.name + " Redshift";
}

base::Result<warehouse::RedshiftDataOptions> data_options(const config::Settings& settings,
                                                          const config::TargetSettings& target, std::stop_token stop) {
  auto access = target_access(settings, target, std::move(stop));
  if (!access) return base::fail(std::move(access.error()));
  auto client = make_client(*access, aws::kRedshiftData, target.endpoint, subject_of(target));
  if (!client) return base::fail(std::move(client.error()));
  warehouse::RedshiftDataOptions options;
  options.client = std::move(*client);
  options.cluster_identifier = target.cluster_identifier;
  options.workgroup_name = target.workgroup_name;
  options.database = target.database;
  options.db_user = target.workgroup_name.empty() ? target.db_user : std::string();
  options.secret_arn = target.secret_arn;
  options.table = target.table;
  options.target = target.name;
  options.instance = instance_name();
  options.schema_apply = settings.schema_apply;
  options.statement_timeout = target.statement_timeout;
  options.attempt_timeout = kLookPause * std::max<std::int64_t>(1, target.retries_max);
  options.look_pause_max = kLookPause;
  options.calls_per_second_max = static_cast<double>(settings.redshift_data_calls_per_second);
  return options;
}

}  // namespace

base::Result<queue::SqsAdminOptions> sqs_admin_options(const config::Settings& settings, const std::string& url,
                                                       const std::string& subject) {
  auto client = queue_client(settings, url, subject, {});
  if (!client) return base::fail(std::move(client.error()));
  return queue::SqsAdminOptions{.queue_url = url, .client = std::move(*client), .subject = subject};
}

base::Result<std::unique_ptr<queue::EventQueue>> open_sqs_queue_driver(const config::Settings& settings,
                                                                       std::stop_token stop) {
  auto options = queue_options(settings, settings.sqs_queue_url, "SQS queue", std::move(stop));
  if (!options) return base::fail(std::move(options.error()));
  options->events_per_message = static_cast<std::size_t>(settings.sqs_events_per_message);
  if (options->events_per_message > 1) {
    // Packs are for few calls: they gather longer, and in few calls at once.
    options->gather_max = kPackGather;
    options->send_threads = std::min(options->send_threads, kPackSends);
  }
  auto queue = queue::open_sqs_queue(std::move(*options));
  if (!queue || !settings.sqs_spool) return queue;
  auto spool = open_sqlite_spool(settings);
  if (!spool) return base::fail(std::move(spool.error()));
  queue::SpoolOptions spooling;
  spooling.patience = settings.intake_timeout / 2;
  return queue::make_spooled_queue(std::move(*queue), std::move(*spool), spooling);
}

base::Result<std::unique_ptr<queue::EventQueue>> open_sqs_backlog(const config::Settings& settings,
                                                                  const config::TargetSettings& target,
                                                                  std::stop_token stop) {
  auto options = queue_options(settings, target.backlog_url, "backlog of " + target.name, std::move(stop));
  if (!options) return base::fail(std::move(options.error()));
  options->thread_name = "owed-" + target.name;
  options->wants_dead_letters = false;  // each look at a debt's age is a receive
  options->renew_after = kRenewAfter;
  return queue::open_sqs_queue(std::move(*options));
}

base::Result<std::unique_ptr<quarantine::Quarantine>> open_sqs_quarantine(const config::Settings& settings,
                                                                          std::stop_token stop) {
  auto options = queue_options(settings, settings.quarantine_queue_url, "quarantine", stop);
  if (!options) return base::fail(std::move(options.error()));
  options->thread_name = "quar";
  options->poll_threads = 1;  // what is refused is read through queues of its own, below
  options->renew_after = kRenewAfter;
  options->wants_dead_letters = false;
  auto queue = queue::open_sqs_queue(std::move(*options));
  if (!queue) return base::fail(std::move(queue.error()));
  return quarantine::open_queue_quarantine(std::move(*queue), quarantine_sweeps(settings, std::move(stop)));
}

std::unique_ptr<quarantine::Reader> open_sqs_quarantine_reader(const config::Settings& settings, std::stop_token stop) {
  quarantine::QueueReaderOptions options;
  options.stop = stop;
  return quarantine::open_queue_quarantine_reader(quarantine_sweeps(settings, std::move(stop)), std::move(options));
}

base::Result<std::unique_ptr<warehouse::Warehouse>> open_redshift_data_warehouse_driver(
    const config::Settings& settings, const config::TargetSettings& target, std::stop_token stop) {
  auto options = data_options(settings, target, std::move(stop));
  if (!options) return base::fail(std::move(options.error()));
  return warehouse::open_redshift_data_warehouse(std::move(*options));
}

base::Result<std::unique_ptr<warehouse::SchemaAccess>> open_redshift_data_schema_driver(
    const config::Settings& settings, const config::TargetSettings& target) {
  auto options = data_options(settings, target, {});
  if (!options) return base::fail(std::move(options.error()));
  return warehouse::open_redshift_data_schema(std::move(*options));
}

}  // namespace twinshift::app
