// The half of the service behind the queue: backlogs, lanes, books, audit, and the answers to commands. A reload ends
// it in good order and opens another one with new settings (Service::deliver_by), while intake goes on taking events.
//
// start(), cancel(), stop() and the destructor by one thread, in this order; what is const, by any thread, also while
// another one stops it: whoever reads holds a shared_ptr.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "app/auditor.hpp"
#include "app/journal_witness.hpp"
#include "app/kept_readers.hpp"
#include "app/quarantine_actions.hpp"
#include "app/turns.hpp"
#include "backlog/backlog.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "books/books_file.hpp"
#include "books/keeper.hpp"
#include "config/settings.hpp"
#include "control/control.hpp"
#include "delivery/delivery.hpp"
#include "proof/store_debts.hpp"
#include "quarantine/quarantine.hpp"
#include "queue/event_queue.hpp"

namespace twinshift::app {

class Landing {
 public:
  // What stays while one follows another. Outlives it.
  struct Stores {
    queue::EventQueue* queue = nullptr;
    quarantine::Quarantine* quarantine = nullptr;
    std::shared_ptr<books::BooksFile> books{};
    JournalWitness* witness = nullptr;  // none where TRACE_BYTES_MAX is 0
    const base::Clock* clock = &base::system_clock();
    // What was counted since the process's start, as targets() of the one before had it.
    std::vector<delivery::TargetStatus> counted{};
  };
  Landing(config::Settings settings, Stores stores);
  ~Landing();
  Landing(const Landing&) = delete;
  Landing& operator=(const Landing&) = delete;

  // Backlogs, targets, delivery, books, audit, control socket. After an error call cancel() and stop().
  base::Status start();
  // No command begins any more, and those under way end soon; the control socket is gone when this returns.
  void cancel();
  // Finishes, parks or releases what is in flight; ends every thread. At `deadline` at the latest, but for moments.
  delivery::StopReport stop(base::SteadyTime deadline);
  // After stop(). May wait for an SQS that does not answer.
  void close_backlogs();
  // After close_backlogs(): a call of a target, or a backlog's refill, has not come back, and a thread hangs in it.
  // Then this object must not be destroyed.
  [[nodiscard]] bool leaves_threads() const { return leaves_threads_; }

  // What keeps the backlogs open beside the queue: for a stop that closes all side by side.
  [[nodiscard]] const std::vector<std::unique_ptr<backlog::Backlog>>& backlogs() const { return backlogs_; }
  void note_stuck_refills(delivery::StopReport& report);

  [[nodiscard]] const config::Settings& settings() const { return settings_; }
  // Null where there is none: the consumer is disabled; nothing to compare.
  [[nodiscard]] const delivery::Delivery* delivery() const { return delivery_.get(); }
  // How each target stands, with counts from the process's start. Where there is no delivery: what was counted before.
  [[nodiscard]] std::vector<delivery::TargetStatus> targets() const;
  // What those before this one have counted.
  [[nodiscard]] const std::vector<delivery::TargetStatus>& counted_before() const { return stores_.counted; }
  [[nodiscard]] const books::Keeper* books() const { return books_.get(); }
  [[nodiscard]] const Auditor* auditor() const { return auditor_.get(); }

 private:
  base::Status start_delivery();
  base::Result<std::vector<delivery::TargetParts>> open_targets();
  base::Status open_backlog(const config::TargetSettings& target, delivery::TargetParts& parts);
  base::Result<delivery::TargetParts> open_target(const config::TargetSettings& target, bool is_primary, bool enabled);
  [[nodiscard]] bool keeps_files() const;
  void start_books();
  void start_auditor();
  base::Status start_control();
  [[nodiscard]] proof::StoreDebts::Parts debts() const;
  control::Reply answer(const control::Request& request);

  const config::Settings settings_;
  const Stores stores_;
  // Ends waiting for credentials of AWS. Cached ones are used on, to the end.
  std::stop_source stopping_;
  // Ends what goes through the stores for a command.
  std::stop_source looks_;
  // In the order of starting; destroyed in reverse.
  std::vector<std::unique_ptr<backlog::Backlog>> backlogs_;
  std::unique_ptr<delivery::Delivery> delivery_;
  std::unique_ptr<books::Keeper> books_;
  std::unique_ptr<Auditor> auditor_;
  std::unique_ptr<QuarantineActions> actions_;
  KeptReaders readers_;
  Turns turns_;
  std::unique_ptr<control::Server> control_;
  bool leaves_threads_ = false;
  std::atomic<bool> mending_stops_{false};
};

}  // namespace twinshift::app
