#include "app/backlog_store.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "app/backlog_takeover.hpp"
#include "app/driver_table.hpp"
#include "app/drivers_aws.hpp"
#include "app/primary_refill.hpp"
#include "backlog/drivers/segments/segment_backlog.hpp"
#include "backlog/queue_backlog.hpp"

namespace twinshift::app {
namespace {

// Above DISK_RESERVE, which stops the intake: while less than both is free, the backlog keeps no bodies, so that it
// never takes the room in which the queue holds half a million events.
constexpr std::uint64_t kQueueShareBytes = 1'000'000'000;
constexpr std::uint64_t kSegmentBytesMax = 64'000'000;

backlog::SegmentBacklogOptions segment_options(const config::Settings& settings, const config::TargetSettings& target) {
  backlog::SegmentBacklogOptions options;
  options.target = target.name;
  options.folder = target.backlog_folder.string();
  options.lease_timeout = settings.queue_lease_timeout;
  options.bytes_max = settings.backlog_bytes_max;
  options.disk_free_min = settings.disk_reserve + kQueueShareBytes;
  options.segment_bytes_max = std::min(kSegmentBytesMax, settings.backlog_bytes_max / 4);
  options.inbox_events_max = static_cast<std::size_t>(settings.queue_inbox_messages_max);
  options.inbox_bytes_max = static_cast<std::size_t>(settings.queue_inbox_bytes_max);
  options.refill = refill_from_primary(settings, target.name);
  options.thread_name = "owed-" + target.name;
  return options;
}

}  // namespace

bool has_backlog_files(const config::TargetSettings& target) {
  std::error_code ignored;
  return std::filesystem::exists(target.backlog_folder, ignored) ||
         std::filesystem::exists(target.backlog_old_file, ignored);
}

base::Result<std::unique_ptr<backlog::Backlog>> open_backlog(const config::Settings& settings,
                                                             const config::TargetSettings& target,
                                                             std::stop_token stop) {
  if (!target.backlog_url.empty()) {
    auto queue = open_sqs_backlog(settings, target, std::move(stop));
    if (!queue) return base::fail(std::move(queue.error()));
    return std::make_unique<backlog::QueueBacklog>(target.name, std::move(*queue));
  }
  auto backlog = backlog::open_segment_backlog(segment_options(settings, target));
  if (!backlog) return backlog;
  take_over_old_backlog(settings, target, **backlog);
  return backlog;
}

base::Result<std::unique_ptr<backlog::Backlog>> open_backlog_to_count(const config::Settings& settings,
                                                                      const config::TargetSettings& target) {
  if (!target.backlog_url.empty()) return open_backlog(settings, target);
  std::error_code ignored;
  if (std::filesystem::exists(target.backlog_old_file, ignored)) {
    return base::fail(base::ErrorKind::conflict, "the backlog of an earlier version was not moved yet",
                      target.backlog_old_file.string(), "Start the service once: it moves the backlog");
  }
  return backlog::read_segment_backlog(segment_options(settings, target));
}

}  // namespace twinshift::app
