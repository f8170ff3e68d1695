// What the books read: each target's markers by a connection of its own, the quarantine by its reader.
#pragma once

#include <memory>
#include <vector>

#include "backlog/backlog.hpp"
#include "base/error.hpp"
#include "books/books_file.hpp"
#include "books/keeper.hpp"
#include "config/settings.hpp"
#include "quarantine/quarantine.hpp"
#include "queue/event_queue.hpp"

namespace twinshift::app {

// books.db in the data folder, which must be ours (its lock held). From then on batches bear its instance's name.
base::Result<std::unique_ptr<books::BooksFile>> open_books_file(const config::Settings& settings);

// All but `file` may be empty only where nothing of the kind is configured; everything outlives the Keeper.
struct BooksStores {
  queue::EventQueue* queue = nullptr;
  quarantine::Quarantine* quarantine = nullptr;
  std::vector<backlog::Backlog*> backlogs;
  books::BooksFile* file = nullptr;
};

std::unique_ptr<books::Keeper> make_books_keeper(const config::Settings& settings, const BooksStores& stores);

}  // namespace twinshift::app
