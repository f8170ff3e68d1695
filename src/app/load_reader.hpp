// The landed side of one target's books, from its markers: what is still there, and what the books have kept of those
// that were removed. It also knows from which hour on that is whole (docs/books.md, "Old markers").
//
// One thread at a time: the target's books thread, which may be left behind in a call that hangs. So it owns, or
// shares, what it uses.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
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
    std::string instance;  // whose markers; empty: everybody's (a shared queue)
    std::shared_ptr<books::BooksFile> file;
    std::function<bool()> counts_duplicates;
    // Told up to when this instance's own markers may be removed. May be empty.
    std::function<void(const std::string& target, base::WallTime before)> prune;
    const base::Clock* clock = &base::system_clock();
  };
  LoadReader(const config::Settings& settings, std::string target, Parts parts);

  // Landed and duplicate by hour of arrival, from `from` on.
  base::Result<std::map<books::Hour, books::Counts>> read(books::Hour from);
  // As of the last read() that succeeded: of earlier hours not all is known that landed.
  [[nodiscard]] books::Hour judged_from() const { return judged_from_; }

 private:
  using Hours = std::map<books::Hour, books::Counts>;
  base::Status open();
  base::Status settle_table();
  base::Result<Hours> ask(const warehouse::LoadScope& scope);
  base::Result<base::WallTime> believed(base::WallTime now);
  base::Status keep_old(base::WallTime now);
  base::Status sum_up(base::WallTime now, base::WallTime from, base::WallTime cutoff);
  base::Status settle_beginning(base::WallTime now, base::WallTime cutoff);
  [[nodiscard]] bool is_shared() const { return parts_.instance.empty(); }

  const config::Settings settings_;
  const std::string target_;
  const Parts parts_;
  std::optional<books::ClockWatch> clock_watch_;  // none before its record is read
  base::SteadyTime record_saved_{};
  books::Hour judged_from_{};
  std::unique_ptr<warehouse::Warehouse> warehouse_;  // a connection of its own; none after a failure
};

// Sets what the books ask of it, on one thread.
void read_loads_for(books::TargetParts& parts, const config::Settings& settings, LoadReader::Parts loads);

}  // namespace twinshift::app
