// The quarantine where nothing that is kept could hold one: it takes nothing, so a refused event stays in the queue,
// comes again later and later, and ends in SQS's dead-letter queue, which counts as owed. Any thread.
#pragma once

#include "quarantine/quarantine.hpp"

namespace twinshift::app {

class NoQuarantine final : public quarantine::Quarantine {
 public:
  void put(std::vector<quarantine::Refused> /*events*/, quarantine::Done done) override {
    done(base::fail(base::ErrorKind::full, "there is no quarantine that is kept", "quarantine",
                    "Set QUARANTINE_QUEUE_URL, or TWINSHIFT_DATA_DURABLE=true where the data folder outlives the "
                    "container"));
  }
  void remove(std::vector<quarantine::Ticket> /*tickets*/, quarantine::Removed done) override {
    done(std::uint64_t{0});
  }
  quarantine::QuarantineStatus status() override { return {}; }
  void close() override {}
};

}  // namespace twinshift::app
