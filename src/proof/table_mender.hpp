// Carries out one order: reads the events back from the tables, checks that each is the one that its id names, and
// writes them in batches as the target's lane does. While one batch is written the next ones are read: reading one back
// and telling its identity costs more than writing it, so what is copied is read over two connections where there are
// two.
//
// One thread; `write` is called on another, one call at a time, and each side is asked on another, one question at a
// time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "proof/mend.hpp"
#include "proof/mend_choice.hpp"
#include "proof/settled_write.hpp"
#include "proof/side.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::proof {

using BatchPtr = std::shared_ptr<const warehouse::Batch>;
// As write_settled() or write_unowed() does it, on whichever thread owns the target.
using WriteBatch = std::function<base::Result<WriteSums>(BatchPtr batch, std::uint64_t standing)>;

class TableMender {
 public:
  struct Parts {
    Side* here = nullptr;  // the order's target; for reading
    Side* elsewhere = nullptr;
    Side* elsewhere_too = nullptr;  // the same table by another connection; null: one group is read at a time
    WriteBatch write{};
    std::function<std::string()> mint_id{};  // of a batch, without warehouse::kMendingPrefix
    std::size_t rows_max = 1'000;            // of a batch
    std::size_t bytes_max = 8U << 20U;       // of the events' text that are read at once
    std::size_t read_first = 0;              // events that are read at once at first; 0: nothing is known
    bool ids_from_content = true;
    const base::Clock* clock = nullptr;
    // Nothing more is begun after it, or once stop() is true.
    base::SteadyTime until = base::SteadyTime::max();
    std::function<bool()> stop{};  // may be empty
    // How a group is read and written; deferred: on the one thread, the write after the next group was read (a
    // simulation has no other).
    std::launch launch = std::launch::async;
  };
  explicit TableMender(Parts parts);

  MendReport mend(const MendOrder& order);
  // What has been learned by now: for the next one's `read_first`.
  [[nodiscard]] std::size_t read_at_once() const { return read_max_; }

 private:
  using RowsById = std::vector<std::vector<warehouse::StoredEvent>>;  // by the order asked for
  // Events on their way, and what came of them; shared with the thread that reads or writes it while that runs.
  struct Group {
    MendKind kind = MendKind::copy;
    std::vector<MendPlace> places{};  // each id once
    std::vector<MendRow> rows{};
    MendReport report{};
    std::size_t refused = 0;
  };

  using GroupPtr = std::shared_ptr<Group>;
  // A group that is being read, and by which connection.
  struct Reading {
    GroupPtr group;
    Side* elsewhere = nullptr;
    std::future<base::Status> done;
  };

  // What is read next: `places` loses it.
  GroupPtr next_group(MendKind kind, std::span<const MendPlace>& places);
  [[nodiscard]] std::vector<MendPlace> fresh_of(std::span<const MendPlace> places);
  [[nodiscard]] std::vector<Side*> readers_for(MendKind kind) const;
  Reading begin_reading(GroupPtr group, Side* elsewhere);
  base::Status read(Side& elsewhere, Group& group) const;
  base::Status read_to_copy(Side& elsewhere, Group& group) const;
  base::Status read_to_replace(Group& group) const;
  static base::Result<RowsById> rows_of(Side& side, std::span<const MendPlace> places, Where where);
  base::Result<RowsById> rows_here(std::span<const MendPlace> places) const;
  static void take_in(const MendPlace& place, MendChoice choice, Group& group);
  void adapt(const Group& group);
  void write_all(Group& group) const;
  base::Status write(std::span<const MendRow> rows, Group& group) const;
  base::Status write_batch(std::span<const MendRow> rows, Group& group) const;
  base::Status halve(std::span<const MendRow> rows, Group& group, base::Error error) const;
  static bool may_be_the_data(const base::Error& error, const Group& group);
  [[nodiscard]] bool may_begin() const;

  const Parts parts_;
  std::size_t read_max_;  // events that are read at once: fewer where they are large
  // Of the order, by id, time and rows: a finding may come twice. An event that stands at several times comes with
  // each.
  std::set<std::tuple<std::string, base::WallTime, std::int64_t>> seen_;
};

}  // namespace twinshift::proof
