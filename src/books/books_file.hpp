// What the books keep over a restart that no other file holds: `books.db` in the data folder, application_id "TSbk",
// version 3 (docs/formats/books.md).
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
#include "books/clock_watch.hpp"
#include "books/ledger.hpp"
#include "sqlite/database.hpp"

namespace twinshift::books {

class BooksFile {
 public:
  // Creates it where there is none; the counting then begins with `now`'s hour, under the name `instance`. With `late`
  // a queue has counted arrivals before (the file was removed): what became of those, nobody knows any more, so hours
  // up to and with `now`'s are not judged. An older version is taken over. Errors: conflict (a newer format, or not
  // ours), corrupt, unavailable, full.
  static base::Result<std::unique_ptr<BooksFile>> open(const std::string& path, base::WallTime now,
                                                       const std::string& instance, bool late = false);

  [[nodiscard]] Hour since() const { return since_; }
  // Earlier hours are not judged, whatever was received in them.
  [[nodiscard]] Hour judged_from() const { return judged_from_; }
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

  // A loss that a person has looked into, and gives up: waived from then on. Durable when it returns. Whether so many
  // are missing is the caller's to know: `counted_with` is what was signed off of this hour when it counted. `conflict`
  // where somebody has signed off since.
  struct SignOff {
    std::string target;
    Hour hour{};
    std::uint64_t events = 0;
    std::string reason{};  // UTF-8; may be empty
    base::WallTime at{};
  };
  base::Status sign_off(const SignOff& loss, std::uint64_t counted_with);
  base::Result<std::map<Hour, std::uint64_t>> signed_off(const std::string& target);
  // The newest kSignOffsMax, oldest first.
  static constexpr std::size_t kSignOffsMax = 500;
  base::Result<std::vector<SignOff>> sign_offs();

  // What markers said that are no longer in a target's table, and up to which `written_at` that is.
  struct Archive {
    base::WallTime cutoff{};
    std::map<Hour, Counts> hours{};  // landed and duplicate alone
  };
  base::Result<Archive> archive(const std::string& target);
  // Adds what was written before `cutoff`, in one transaction.
  base::Status add_to_archive(const std::string& target, base::WallTime cutoff, const std::map<Hour, Counts>& hours);

  // Which table a target's markers were counted in.
  struct CountedTable {
    std::string database{};     // product and database; empty: of a version that did not note it
    std::string database_id{};  // the server's own identity; empty: it does not say
    std::string schema{};       // empty: the one that the database finds by itself
    std::string name{};
    // What either side does not know does not tell them apart.
    [[nodiscard]] bool is_same(const CountedTable& other) const;
  };
  base::Result<CountedTable> counted_table(const std::string& target);
  // From now on `table` is counted. Where it was another: what was summed up of that is forgotten, and no hour up to
  // and with `now`'s is judged for this target any more. True: so it was.
  base::Result<bool> count_in(const std::string& target, const CountedTable& table, base::WallTime now);
  // Earlier hours of this target are not judged; never before judged_from().
  base::Result<Hour> judged_from(const std::string& target);
  base::Status judge_from(const std::string& target, Hour hour);  // never earlier than before

  base::Result<ClockRecord> clock_record(const std::string& target);
  base::Status save_clock_record(const std::string& target, const ClockRecord& record);

 private:
  BooksFile(sqlite::Database database, Hour since, Hour judged_from, std::string instance)
      : database_(std::move(database)), since_(since), judged_from_(judged_from), instance_(std::move(instance)) {}
  base::Result<std::uint64_t> signed_off_of(const SignOff& loss);
  base::Result<std::map<Hour, std::uint64_t>> read_counts(std::string_view sql, const std::string& target);
  // With mutex_ held.
  base::Result<CountedTable> read_counted_table(const std::string& target);
  base::Status begin_anew(const std::string& target, Hour first);
  base::Status raise_judged_from(const std::string& target, Hour hour);

  sqlite::Database database_;
  const Hour since_;
  const Hour judged_from_;
  const std::string instance_;
  std::mutex mutex_;  // guards the database
};

}  // namespace twinshift::books
