// The disk of one instance, and its database files with one writer each: what waits is written as one group, then
// synced, then answered (group commit). A crash may fall between any two of these. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "tests/simulation/sim_store.hpp"
#include "tests/simulation/surroundings.hpp"

namespace twinshift::simulation {

struct SimDisk {
  std::size_t units = 0;
  std::size_t reserve = 0;
  std::size_t used = 0;     // by our files
  std::size_t foreign = 0;  // by somebody else
  bool lying = false;
  bool slow = false;
  [[nodiscard]] std::size_t free() const { return used + foreign >= units ? 0 : units - used - foreign; }
};

class SimFile {
 public:
  using Done = std::move_only_function<void(base::Status)>;
  enum class Use : std::uint8_t {
    enqueue,  // leaves the reserve alone
    owe,      // parking, quarantine: may use it
    settle,   // makes room
  };
  struct Work {
    Use use = Use::enqueue;
    std::vector<event::EventPtr> puts{};
    std::vector<queue::Receipt> erases{};
    std::vector<std::uint32_t> waived_targets{};  // by each of the erased
    std::vector<event::EventPtr> records{};       // quarantine
    std::uint32_t record_target = 0;
    // Of the quarantine: what goes, unless more messages were added meanwhile; the books waive it.
    struct Drop {
      std::uint32_t target = 0;
      std::int64_t event_key = 0;
      std::size_t messages = 0;
    };
    std::vector<Drop> drops{};
    Done done{};
  };

  // `is_queue`: what it takes counts as received.
  SimFile(Surroundings& around, SimDisk& disk, std::string name, bool is_queue)
      : store(around.messages, is_queue), around_(around), disk_(disk), name_(std::move(name)) {}

  void submit(Owner owner, Work work);
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
  [[nodiscard]] bool idle() const { return waiting_.empty() && !busy_; }
  // kill -9: what was written stays in the system's cache, what waited is gone. A power loss takes back more.
  void lose_process();
  std::vector<SimStore::Op> lose_power();
  void recover();  // a new process opens the file
  void finish();   // a graceful close: what waits is written, synced and answered

  bool refuses_debts = false;  // trouble of this file alone
  SimStore store;

 private:
  void begin(Owner owner);
  void write_group();
  void sync_group();
  base::Status write(Work& work);
  void write_transaction(SimStore::Transaction ops);
  SimStore::Transaction transaction_of(const Work& work);
  void add_erases(const Work& work, SimStore::Transaction& ops);
  void add_drops(const Work& work, SimStore::Transaction& ops);
  void count(SimStore::Transaction& ops, SimStore::Op op);

  Surroundings& around_;
  SimDisk& disk_;
  const std::string name_;
  bool busy_ = false;
  std::deque<Work> waiting_;
  struct Written {
    Done done;
    base::Status status;
  };
  std::vector<Written> group_;
  SimStore::Transaction counts_later_;  // of a plant
};

}  // namespace twinshift::simulation
