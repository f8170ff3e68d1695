// What delivery tells its witness, written into the journal (docs/trace.md). The conductor's thread.
#pragma once

#include <utility>

#include "base/clock.hpp"
#include "delivery/witness.hpp"
#include "journal/format.hpp"
#include "journal/writer.hpp"

namespace twinshift::app {

class JournalWitness final : public delivery::Witness {
 public:
  JournalWitness(journal::WriterOptions options, const base::Clock& clock)
      : writer_(std::move(options)), clock_(clock) {}

  void received(std::span<const delivery::Arrival> arrivals) override;
  void landed(const delivery::Landing& landing) override;
  void parked(std::string_view target, std::span<const event::EventId> events) override;
  void quarantined(std::string_view target, std::span<const event::EventId> events) override;

  // Waits until all of it is written, or has failed.
  void finish() { writer_.flush(); }

 private:
  void list(journal::Kind kind, std::string_view target, std::span<const event::EventId> events);

  journal::Writer writer_;
  const base::Clock& clock_;
};

}  // namespace twinshift::app
