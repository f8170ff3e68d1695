// What the books keep over a restart that no other file holds: `books.db` in the data folder, application_id "TSbk",
// version 1 (docs/formats/books.md).
//
// Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "books/ledger.hpp"
#include "sqlite/database.hpp"

namespace twinshift::books {

class BooksFile {
 public:
  // Creates it where there is none; the counting then begins with `now`'s hour, under the name `instance`. Errors:
  // conflict (a newer format, or not ours), corrupt, unavailable, full.
  static base::Result<std::unique_ptr<BooksFile>> open(const std::string& path, base::WallTime now,
                                                       const std::string& instance);

  [[nodiscard]] Hour since() const { return since_; }
  // Stands in the markers of all batches that this data folder's events are written in. A new file has a new name: what
  // landed before it is nobody's whose arrival was counted.
  [[nodiscard]] const std::string& instance() const { return instance_; }

  // Arrivals of a queue that does not keep its own counts, as of the last save.
  base::Result<std::map<Hour, std::uint64_t>> received();
  base::Status save_received(const std::map<Hour, std::uint64_t>& received);

  // Events that a person drops from a target's quarantine are waived, in two steps, so that a crash between loses no
  // count: the plan first (a later one of the same record replaces it); then the quarantine removes the record; then
  // the plan is settled by whether it is gone. All durable when they return.
  struct PlannedDrop {
    std::int64_t record = 0;  // its number in the quarantine
    std::string target;
    std::map<Hour, std::uint64_t> messages{};  // that brought the event, by hour of arrival
  };
  base::Status plan_drops(const std::vector<PlannedDrop>& drops);
  // The records that are planned and not settled.
  base::Result<std::vector<std::int64_t>> planned_drops();
  base::Status settle_drop(std::int64_t record, bool gone);
  base::Result<std::map<Hour, std::uint64_t>> dropped(const std::string& target);

  // What markers said that are no longer in a target's table, and up to which `written_at` that is.
  struct Archive {
    base::WallTime cutoff{};
    std::map<Hour, Counts> hours{};  // landed and duplicate alone
  };
  base::Result<Archive> archive(const std::string& target);
  // Adds what was written before `cutoff`, in one transaction.
  base::Status add_to_archive(const std::string& target, base::WallTime cutoff, const std::map<Hour, Counts>& hours);

 private:
  BooksFile(sqlite::Database database, Hour since, std::string instance)
      : database_(std::move(database)), since_(since), instance_(std::move(instance)) {}
  base::Result<std::map<Hour, std::uint64_t>> read_counts(std::string_view sql, const std::string& target);

  sqlite::Database database_;
  const Hour since_;
  const std::string instance_;
  std::mutex mutex_;  // guards the database
};

}  // namespace twinshift::books
