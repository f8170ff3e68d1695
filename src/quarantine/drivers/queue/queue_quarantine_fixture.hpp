// What the tests of the queue's quarantine share: one on a queue in memory. One thread, the test's.
#pragma once

#include <memory>

#include "quarantine/drivers/queue/queue_bed_testing.hpp"
#include "tests/support/fake_queue.hpp"
#include "tests/support/quarantine_fixture.hpp"

namespace twinshift::quarantine {

class QueueQuarantineFixture : public QuarantineFixture, protected QueueBed {
 protected:
  QueueQuarantineFixture() : QueueBed(std::make_shared<tests::FakeQueue>()) {}

  void open() {
    quarantine_.reset();
    quarantine_ = open_swept();
  }
  std::unique_ptr<Reader> reader() override { return QueueBed::reader(); }
};

}  // namespace twinshift::quarantine
