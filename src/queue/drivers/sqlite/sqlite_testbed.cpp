// An empty SQLite queue in a temporary folder, with a clock that the test moves.
#include <string>

#include "base/assert.hpp"
#include "queue/drivers/sqlite/sqlite_queue.hpp"
#include "tests/conformance/queue_testbed.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/temporary_folder.hpp"

namespace twinshift::queue {
namespace {

class SqliteQueueTestbed final : public QueueTestbed {
 public:
  std::unique_ptr<EventQueue> open(TestbedLimits limits) override {
    SqliteQueueOptions options;
    options.path = (folder_ / "queue.db").string();
    options.disk_reserve_bytes = 0;
    options.lease_timeout = limits.lease_timeout;
    options.messages_max = limits.messages_max;
    if (limits.inbox_messages_max != 0) options.inbox_messages_max = limits.inbox_messages_max;
    options.clock = &clock_;
    auto opened = open_sqlite_queue(options);
    TWINSHIFT_ASSERT(opened.has_value());
    return std::move(*opened);
  }
  void advance(std::chrono::milliseconds by) override { clock_.advance(by); }

 private:
  tests::ManualClock clock_;
  tests::TemporaryFolder folder_;
};

}  // namespace

std::unique_ptr<QueueTestbed> make_sqlite_queue_testbed() {
  return std::make_unique<SqliteQueueTestbed>();
}

}  // namespace twinshift::queue
