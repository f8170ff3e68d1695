// The running service: every part, started from the ground up and stopped from the top down.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "app/admin_site.hpp"
#include "app/auditor.hpp"
#include "app/health.hpp"
#include "app/journal_witness.hpp"
#include "app/kept_readers.hpp"
#include "app/metrics.hpp"
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
#include "http/server.hpp"
#include "http/tls_context.hpp"
#include "intake/door.hpp"
#include "intake/webhook.hpp"
#include "proof/store_debts.hpp"
#include "quarantine/quarantine.hpp"
#include "queue/event_queue.hpp"
#include "queue/refused_store.hpp"
#include "sqlite/data_folder.hpp"

namespace twinshift::app {

// One thread (main) calls start() and stop().
class Service {
 public:
  Service(const config::Settings& settings, const base::Clock& clock);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Opens the data folder, queue, stores and targets, then delivery, then the HTTP server. After an error nothing is
  // left running.
  base::Status start();

  // /ready turns 503; nothing new is taken; what is in flight is finished, parked or released; everything closes. At
  // most `limit`.
  delivery::StopReport stop(std::chrono::milliseconds limit);
  // After start(), beside requests: from now on who may post events goes by these settings (section "Intake security").
  // After an error all is as it was.
  base::Status apply_security(const config::Settings& settings);
  // Takes TLS_CERT_FILE and TLS_KEY_FILE anew; after an error the pair before stays. Nothing to do without TLS.
  base::Status reload_tls();
  // After stop(): a count of the books, or an audit, hangs in a target's call.
  [[nodiscard]] bool leaves_threads() const { return leaves_threads_; }

 private:
  base::Status open_tls();
  base::Status open_storage();
  base::Status start_delivery();
  void close_queues();
  base::Status open_backlog(const config::TargetSettings& target, delivery::TargetParts& parts);
  base::Result<delivery::TargetParts> open_target(const config::TargetSettings& target, bool is_primary, bool enabled);
  void settle_drops();
  void start_books();
  [[nodiscard]] bool keeps_files() const;
  void stop_books();
  void start_auditor();
  void stop_auditor();
  base::Status start_control();
  [[nodiscard]] proof::StoreDebts::Parts debts() const;
  control::Reply answer(const control::Request& request);
  base::Status start_http();
  [[nodiscard]] MetricsInput metrics_input() const;
  [[nodiscard]] http::Options http_options();
  [[nodiscard]] http::Options webhook_http_options();

  const config::Settings& settings_;
  const base::Clock& clock_;
  // Ends waiting for credentials of AWS. Cached ones are used on, to the end.
  std::stop_source stopping_;
  // Ends what goes through the stores for a command.
  std::stop_source looks_;
  // In the order of starting; destroyed in reverse.
  std::shared_ptr<http::TlsContext> tls_;  // null: plain HTTP
  std::optional<sqlite::DataFolder> folder_;
  std::unique_ptr<queue::RefusedStore> refused_;
  std::shared_ptr<books::BooksFile> books_file_;
  std::unique_ptr<queue::EventQueue> queue_;
  std::unique_ptr<quarantine::Quarantine> quarantine_;
  std::vector<std::unique_ptr<backlog::Backlog>> backlogs_;
  std::unique_ptr<JournalWitness> witness_;  // none where TRACE_BYTES_MAX is 0
  std::unique_ptr<delivery::Delivery> delivery_;
  std::unique_ptr<books::Keeper> books_;  // none where the consumer is disabled
  std::unique_ptr<Auditor> auditor_;      // none where there is nothing to compare
  std::unique_ptr<QuarantineActions> actions_;
  KeptReaders readers_;
  Turns turns_;
  std::unique_ptr<control::Server> control_;
  std::unique_ptr<Health> health_;
  std::unique_ptr<AdminSite> site_;
  std::unique_ptr<intake::Door> door_;
  std::vector<std::string> door_headers_;  // that the door asks for now
  std::unique_ptr<intake::Webhook> webhook_;
  std::unique_ptr<http::Server> server_;
  http::Server* watched_ = nullptr;  // server_, for its own threads: also while it is being destroyed
  bool leaves_threads_ = false;
  std::atomic<bool> mending_stops_{false};
};

}  // namespace twinshift::app
