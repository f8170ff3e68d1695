// A quarantine in an empty queue of the embedded kind.
#include "tests/conformance/queue_testbed.hpp"

#include "quarantine/drivers/queue/queue_bed_testing.hpp"
#include "tests/conformance/quarantine_testbed.hpp"

namespace twinshift::quarantine {
namespace {

// Destroyed after everything that uses the queue.
struct Storage {
  std::unique_ptr<queue::QueueTestbed> storage = queue::make_sqlite_queue_testbed();
};

class QueueQuarantineTestbed final : public QuarantineTestbed, private Storage, private QueueBed {
 public:
  QueueQuarantineTestbed() : QueueBed(storage->open({})) {}
  std::unique_ptr<Quarantine> open() override { return open_swept(); }
  std::unique_ptr<Reader> reader() override { return QueueBed::reader(); }
  tests::ManualClock& clock() override { return clock_; }
};

}  // namespace

std::unique_ptr<QuarantineTestbed> make_queue_quarantine_testbed() {
  return std::make_unique<QueueQuarantineTestbed>();
}

}  // namespace twinshift::quarantine
