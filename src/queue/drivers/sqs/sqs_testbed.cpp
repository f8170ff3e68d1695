// A queue of its own on the SQS server that tests/standin/with_servers.py has started. Its clock is the server's, so
// time is waited for.
#include <thread>

#include "base/assert.hpp"
#include "queue/drivers/sqs/sqs_queue.hpp"
#include "queue/drivers/sqs/sqs_server_testing.hpp"
#include "tests/conformance/queue_testbed.hpp"

namespace twinshift::queue {
namespace {

class SqsQueueTestbed final : public QueueTestbed {
 public:
  std::unique_ptr<EventQueue> open(TestbedLimits limits) override {
    SqsQueueOptions options;
    options.queue_url = server_queue_.url();
    options.client = server_queue_.client();
    options.lease_timeout = limits.lease_timeout;
    if (limits.inbox_messages_max != 0) options.inbox_messages_max = limits.inbox_messages_max;
    options.poll_wait = std::chrono::seconds(1);
    options.status_every = std::chrono::milliseconds(50);
    auto opened = open_sqs_queue(std::move(options));
    TWINSHIFT_ASSERT(opened.has_value());
    return std::move(*opened);
  }
  void advance(std::chrono::milliseconds by) override { std::this_thread::sleep_for(by); }

  [[nodiscard]] TestbedTraits traits() const override {
    using namespace std::chrono_literals;
    return {.keeps_order = false, .bounds_messages = false, .settles_in = 300ms, .unit = 400ms};
  }

 private:
  sqs::TestQueue server_queue_;
};

}  // namespace

std::unique_ptr<QueueTestbed> make_sqs_queue_testbed() {
  return std::make_unique<SqsQueueTestbed>();
}

}  // namespace twinshift::queue
