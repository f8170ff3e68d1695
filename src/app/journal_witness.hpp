// What delivery and repair tell their witness, written into the journal (docs/trace.md). Any thread.
#pragma once

#include <memory>
#include <utility>

#include "base/clock.hpp"
#include "config/settings.hpp"
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

// Null where there is to be none (TRACE_BYTES_MAX=0). Only for who holds the data folder; `clock` outlives it.
std::unique_ptr<JournalWitness> open_journal(const config::Settings& settings, const base::Clock& clock);

}  // namespace twinshift::app
