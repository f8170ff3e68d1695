// What the books read: each target's markers by a connection of its own, the quarantine by its reader.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backlog/backlog.hpp"
#include "base/error.hpp"
#include "books/books_file.hpp"
#include "books/keeper.hpp"
#include "config/settings.hpp"
#include "delivery/delivery.hpp"
#include "quarantine/quarantine.hpp"
#include "queue/event_queue.hpp"
#include "warehouse/owed.hpp"

namespace twinshift::app {

// books.db in the data folder, which must be ours (its lock held). From then on batches bear its instance's name.
base::Result<std::shared_ptr<books::BooksFile>> open_books_file(const config::Settings& settings);

// Whose markers the books count; empty: everybody's, where instances share a queue. After open_books_file().
std::string counted_instance(const config::Settings& settings);

// All outlives the Keeper.
struct BooksStores {
  queue::EventQueue* queue = nullptr;
  quarantine::Quarantine* quarantine = nullptr;
  std::vector<backlog::Backlog*> backlogs;
  std::shared_ptr<books::BooksFile> file;
  const delivery::Delivery* delivery = nullptr;  // none in a command
  // Told what may be removed from a target's markers. May be empty.
  std::function<void(const std::string& target, base::WallTime before)> prune;
  // Told what this instance has counted of a target. May be empty.
  std::function<void(const std::vector<warehouse::OwedRow>& rows)> publish{};
  // Told what this instance says of itself, after the rows of each target that it is about. May be empty.
  std::function<void(const warehouse::OwedRow& word)> speak{};
  // What it owes is in files that outlive it: if it falls silent, others cannot tell what it owes.
  bool keeps_files = true;
};

std::unique_ptr<books::Keeper> make_books_keeper(const config::Settings& settings, const BooksStores& stores);

}  // namespace twinshift::app
