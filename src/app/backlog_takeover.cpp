#include "app/backlog_takeover.hpp"

#include <filesystem>
#include <future>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "app/driver_table.hpp"
#include "app/drivers_sqlite.hpp"
#include "base/failpoint.hpp"
#include "base/log.hpp"
#include "event/event.hpp"

namespace twinshift::app {
namespace {

namespace log = base::log;
using namespace std::chrono_literals;

// What is moved at a time: several full blocks of a segment for which its writer need not wait, and few fsyncs.
constexpr std::size_t kGroupEvents = 16'384;
constexpr std::size_t kGroupBytes = 16'000'000;
// What holds no event is not lent again while the others are moved.
constexpr auto kAside = 1h;

using Answer = std::promise<base::Status>;

// Called once by the other side, which also does so when it closes.
base::Status wait(Answer& answer) {
  return answer.get_future().get();
}

class Takeover {
 public:
  Takeover(queue::EventQueue& old, backlog::Backlog& backlog, event::IdentityMode identity)
      : old_(old), backlog_(backlog), identity_(identity) {}

  base::Status run() {
    for (;;) {
      auto leases = next_group();
      if (!leases) return base::fail(std::move(leases.error()));
      if (leases->empty()) return {};
      if (auto moved = move(std::move(*leases)); !moved) return moved;
    }
  }
  [[nodiscard]] std::uint64_t moved() const { return moved_; }

 private:
  // Empty where nothing is left. One receive() brings less.
  base::Result<std::vector<queue::Lease>> next_group() {
    std::vector<queue::Lease> group;
    std::size_t bytes = 0;
    while (group.size() < kGroupEvents && bytes < kGroupBytes) {
      auto leases = old_.receive(kGroupEvents - group.size(), 0ms, {});
      if (!leases) return leases;
      if (leases->empty()) break;
      for (queue::Lease& lease : *leases) {
        bytes += lease.message.body.size();
        group.push_back(std::move(lease));
      }
    }
    return group;
  }

  base::Status move(std::vector<queue::Lease> leases) {
    std::vector<event::EventPtr> events;
    std::vector<queue::Receipt> receipts;
    std::vector<queue::Receipt> foreign;
    for (queue::Lease& lease : leases) {
      auto event = event::decode_event(std::move(lease.message.body), std::move(lease.message.message_id),
                                       lease.message.received_at, identity_);
      (event ? receipts : foreign).push_back(std::move(lease.receipt));
      if (event) events.push_back(std::move(*event));
    }
    old_.release(foreign, kAside);
    const std::size_t count = events.size();
    Answer parked;
    backlog_.park(std::move(events), [&](base::Status status) { parked.set_value(std::move(status)); });
    if (auto durable = wait(parked); !durable) return durable;
    base::failpoint(base::Failpoint::backlog_takeover_parked);
    Answer gone;
    old_.acknowledge(std::move(receipts), [&](base::Status status) { gone.set_value(std::move(status)); });
    if (auto settled = wait(gone); !settled) return settled;
    moved_ += count;
    return {};
  }

  queue::EventQueue& old_;
  backlog::Backlog& backlog_;
  const event::IdentityMode identity_;
  std::uint64_t moved_ = 0;
};

void remove_files(const std::filesystem::path& path) {
  std::error_code ignored;
  // The database last: without it the others mean nothing.
  for (const char* ending : {"-wal", "-shm", ""}) std::filesystem::remove(path.string() + ending, ignored);
}

}  // namespace

void take_over_old_backlog(const config::Settings& settings, const config::TargetSettings& target,
                           backlog::Backlog& backlog) {
  const std::filesystem::path& path = target.backlog_old_file;
  std::error_code ignored;
  if (path.empty() || !std::filesystem::exists(path, ignored)) return;
  auto old = open_old_backlog_file(settings, target);
  if (!old) {
    log::error("The backlog of an earlier version cannot be opened: its events stay there").add(old.error());
    return;
  }
  log::info("Moving the backlog of an earlier version into segments")
      .add("file", path.string())
      .add("events", (*old)->status().depth);
  Takeover takeover(**old, backlog, identity_mode(settings));
  const base::Status moved = takeover.run();
  const std::uint64_t left = (*old)->status().depth;
  (*old)->close();
  if (moved && left == 0) {
    base::failpoint(base::Failpoint::backlog_takeover_drained);
    remove_files(path);
    log::info("The backlog of an earlier version is moved").add("events", takeover.moved());
    return;
  }
  auto line = log::warn("Not all of an earlier version's backlog is moved: the rest stays in its file");
  line.add("file", path.string()).add("moved", takeover.moved()).add("left", left);
  if (!moved) line.add(moved.error());
}

}  // namespace twinshift::app
