// The stores as a command opens them itself where no service owns them. One thread.
#pragma once

#include <memory>
#include <optional>

#include "backlog/backlog.hpp"
#include "base/error.hpp"
#include "books/books_file.hpp"
#include "config/settings.hpp"
#include "quarantine/quarantine.hpp"
#include "queue/event_queue.hpp"
#include "sqlite/data_folder.hpp"

namespace twinshift::app {

// Each is opened by its own function and empty until then; what is open is closed at the end.
struct OwnStores {
  OwnStores() = default;
  OwnStores(const OwnStores&) = delete;
  OwnStores& operator=(const OwnStores&) = delete;
  ~OwnStores();

  // The data folder, whose lock keeps a service from starting on the files meanwhile, and books.db in it. Before any
  // other store that is a file. Errors: conflict (a service runs), unavailable, corrupt.
  base::Status open_folder(const config::Settings& settings);
  base::Status open_quarantine(const config::Settings& settings);
  base::Status open_queue(const config::Settings& settings);
  base::Status open_backlog(const config::Settings& settings, const config::TargetSettings& target);

  // Changes no file of it; nothing can be parked or received.
  base::Status open_backlog_to_count(const config::Settings& settings, const config::TargetSettings& target);

  std::optional<sqlite::DataFolder> folder;
  std::shared_ptr<books::BooksFile> books;  // only with the folder
  std::unique_ptr<queue::EventQueue> queue;
  std::unique_ptr<quarantine::Quarantine> quarantine;
  std::unique_ptr<backlog::Backlog> backlog;  // the secondary's
};

}  // namespace twinshift::app
