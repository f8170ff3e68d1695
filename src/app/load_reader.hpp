// The landed side of one target's books, from its markers: what is still there, and what the books have kept of those
// that were removed.
//
// One thread at a time: the target's books thread, which may be left behind in a call that hangs. So it owns, or
// shares, what it uses.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "books/books_file.hpp"
#include "books/clock_watch.hpp"
#include "books/keeper.hpp"
#include "books/ledger.hpp"
#include "config/settings.hpp"
#include "warehouse/load_sums.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::app {

class LoadReader {
 public:
  struct Parts {
    std::string instance;  // whose markers; empty: everybody's
    std::shared_ptr<books::BooksFile> file;
    std::function<bool()> counts_duplicates;
    std::function<void(const std::string& target, base::WallTime before)> prune;  // may be empty
  };
  LoadReader(const config::Settings& settings, std::string target, Parts parts);

  // Landed and duplicate by hour of arrival, from `from` on.
  base::Result<std::map<books::Hour, books::Counts>> read(books::Hour from);

 private:
  using Hours = std::map<books::Hour, books::Counts>;
  base::Result<Hours> ask(const warehouse::LoadScope& scope);
  base::Status keep_old(base::WallTime now);

  const config::Settings settings_;
  const std::string target_;
  const Parts parts_;
  books::ClockWatch clock_watch_;
  std::unique_ptr<warehouse::Warehouse> warehouse_;  // a connection of its own; none after a failure
};

// As the books call it: on one thread.
books::ReadHours read_loads_of(const config::Settings& settings, const std::string& target, LoadReader::Parts parts);

}  // namespace twinshift::app
