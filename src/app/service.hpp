// The running service: every part, started from the ground up and stopped from the top down.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "app/admin_site.hpp"
#include "app/health.hpp"
#include "app/journal_witness.hpp"
#include "app/landing.hpp"
#include "app/metrics.hpp"
#include "app/reload.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "books/books_file.hpp"
#include "config/settings.hpp"
#include "delivery/delivery.hpp"
#include "http/server.hpp"
#include "http/tls_context.hpp"
#include "intake/door.hpp"
#include "intake/webhook.hpp"
#include "quarantine/quarantine.hpp"
#include "queue/event_queue.hpp"
#include "queue/refused_store.hpp"
#include "sqlite/data_folder.hpp"

namespace twinshift::app {

// One thread (main) calls start(), what a reload needs, and stop().
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
  // What a reload can change while the service runs (reload.hpp). Between start() and stop(), on their thread.
  std::vector<LivePart> live_parts();
  // A reload has ended delivery, and neither the new nor the old settings could begin it again: events are taken and
  // queued, and only a restart delivers them.
  [[nodiscard]] const std::optional<base::Error>& delivery_lost() const { return lost_; }

  // After stop(): a count of the books, an audit, or a lane of before a reload hangs in a target's call.
  [[nodiscard]] bool leaves_threads() const { return leaves_threads_; }

 private:
  base::Status open_tls();  // webhook_security.cpp
  base::Status open_storage();
  void settle_drops();
  void close_queues();
  base::Status start_landing(const config::Settings& settings);
  void end_landing(std::chrono::milliseconds limit);
  void waive(const config::Settings& settings);
  base::Status deliver_by(const config::Settings& settings);
  [[nodiscard]] std::shared_ptr<Landing> landing() const;
  base::Status start_http();
  [[nodiscard]] MetricsInput metrics_input() const;
  [[nodiscard]] http::Options http_options();
  // Of webhook_security.cpp:
  [[nodiscard]] http::Options webhook_http_options();
  base::Status apply_security(const config::Settings& settings);
  LivePart door_part();
  LivePart tls_part();

  const config::Settings& settings_;
  const base::Clock& clock_;
  // Ends waiting for credentials of AWS. Cached ones are used on, to the end.
  std::stop_source stopping_;
  // In the order of starting; destroyed in reverse.
  std::shared_ptr<http::TlsContext> tls_;  // null: plain HTTP
  std::optional<sqlite::DataFolder> folder_;
  std::unique_ptr<queue::RefusedStore> refused_;
  std::shared_ptr<books::BooksFile> books_file_;
  std::unique_ptr<queue::EventQueue> queue_;
  std::unique_ptr<quarantine::Quarantine> quarantine_;
  std::unique_ptr<JournalWitness> witness_;  // none where TRACE_BYTES_MAX is 0, or the consumer is disabled
  std::vector<std::shared_ptr<Landing>> left_behind_;
  mutable std::mutex landing_mutex_;
  std::shared_ptr<Landing> landing_;  // landing_mutex_, but for the thread that calls start() and stop()
  std::optional<base::Error> lost_;
  std::unique_ptr<Health> health_;
  std::unique_ptr<AdminSite> site_;
  std::unique_ptr<intake::Door> door_;
  std::vector<std::string> door_headers_;  // that the door asks for now
  bool door_asks_ = false;                 // for tokens or addresses
  std::unique_ptr<intake::Webhook> webhook_;
  std::unique_ptr<http::Server> server_;
  http::Server* watched_ = nullptr;  // server_, for its own threads: also while it is being destroyed
  bool leaves_threads_ = false;
};

}  // namespace twinshift::app
