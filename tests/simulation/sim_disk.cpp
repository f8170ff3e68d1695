#include "tests/simulation/sim_disk.hpp"

#include <algorithm>
#include <utility>

namespace twinshift::simulation {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kWriteMost{2};
constexpr milliseconds kSyncMost{12};
constexpr milliseconds kSyncSlowMost{4'000};

base::Status full(const char* what) {
  return base::fail(base::ErrorKind::full, what, "simulated disk");
}

}  // namespace

void SimFile::submit(Owner owner, Work work) {
  waiting_.push_back(std::move(work));
  if (!busy_) begin(owner);
}

void SimFile::begin(Owner owner) {
  busy_ = true;
  around_.after(around_.within(kWriteMost), owner, [this, owner] {
    write_group();
    const milliseconds most = disk_.slow ? kSyncSlowMost : kSyncMost;
    around_.after(around_.within(most), owner, [this, owner] {
      sync_group();
      busy_ = false;
      if (!waiting_.empty()) begin(owner);
    });
  });
}

void SimFile::write_group() {
  for (Work& work : std::exchange(waiting_, {})) {
    base::Status status = write(work);
    // Answered as soon as it stands in the cache.
    const bool early =
        (around_.broken(Planted::answer_before_sync) && work.use == Use::enqueue) ||
        (around_.broken(Planted::acknowledge_before_parking) && work.use == Use::owe && !work.puts.empty()) ||
        (around_.broken(Planted::acknowledge_before_quarantine) && work.use == Use::owe && !work.records.empty());
    if (early) {
      if (work.done) work.done(std::move(status));
      continue;
    }
    group_.push_back({.done = std::move(work.done), .status = std::move(status)});
  }
}

void SimFile::sync_group() {
  if (disk_.lying && store.unsynced()) around_.tally.met(Met::synced_by_a_lie);
  store.sync(disk_.lying);
  for (Written& each : std::exchange(group_, {})) {
    if (each.done) each.done(std::move(each.status));
  }
}

base::Status SimFile::write(Work& work) {
  const std::size_t rows = work.puts.size() + work.records.size();
  const std::size_t kept_free = work.use == Use::enqueue ? disk_.reserve : 0;
  const bool ignored = around_.broken(Planted::reserve_ignored) && work.use == Use::enqueue;
  if (rows > 0 && !ignored && disk_.free() < kept_free + rows) {
    around_.tally.met(Met::disk_full);
    return full("no room");
  }
  if (work.use == Use::enqueue && disk_.free() < disk_.reserve + rows) {
    around_.violated_now("rule 8: an event was taken into the disk's reserve");
  }
  if (work.use == Use::owe && refuses_debts) {
    around_.tally.met(Met::park_failed);
    // A part of the group may be durable all the same.
    if (work.puts.empty() || !around_.chance(0.3)) return full("the file takes nothing");
    work.puts.resize(1);
    write_transaction(transaction_of(work));
    return full("the file took a part");
  }
  write_transaction(transaction_of(work));
  return {};
}

void SimFile::write_transaction(SimStore::Transaction ops) {
  const std::size_t before = store.size();
  store.write(std::move(ops));
  disk_.used += store.size();
  disk_.used -= before;
}

SimStore::Transaction SimFile::transaction_of(const Work& work) {
  using Kind = SimStore::Kind;
  SimStore::Transaction ops = std::exchange(counts_later_, {});
  for (const event::EventPtr& event : work.puts) {
    const MessageIndex message = message_of(*event);
    ops.push_back({.kind = Kind::put, .id = store.next_id(), .message = message, .event = event});
    count(ops, {.kind = Kind::count_received, .message = message});
  }
  for (const event::EventPtr& event : work.records) {
    ops.push_back({.kind = Kind::record, .message = message_of(*event), .target = work.record_target, .event = event});
  }
  add_erases(work, ops);
  add_drops(work, ops);
  return ops;
}

void SimFile::add_erases(const Work& work, SimStore::Transaction& ops) {
  using Kind = SimStore::Kind;
  std::vector<std::int64_t> erased;
  for (const queue::Receipt& receipt : work.erases) {
    const SimStore::Item* item = store.item(receipt.id);
    if (item == nullptr || std::ranges::find(erased, receipt.id) != erased.end()) continue;
    if (item->generation != receipt.generation) {
      if (!around_.broken(Planted::stale_lease_acknowledged)) continue;
      around_.violated_now(name_ + ": a message was deleted by a lease that had run out");
    }
    erased.push_back(receipt.id);
    const MessageIndex message = message_of(*item->event);
    ops.push_back({.kind = Kind::erase, .id = receipt.id, .message = message});
    count(ops, {.kind = Kind::count_settled, .message = message});
    around_.tally.met(Met::waived, work.waived_targets.size());
    if (around_.broken(Planted::waived_not_counted)) continue;
    for (const std::uint32_t target : work.waived_targets) {
      count(ops, {.kind = Kind::count_waived, .message = message, .target = target});
    }
  }
}

void SimFile::add_drops(const Work& work, SimStore::Transaction& ops) {
  using Kind = SimStore::Kind;
  for (const Work::Drop& drop : work.drops) {
    const auto found = store.records().find({drop.target, drop.event_key});
    if (found == store.records().end() || 1 + found->second.further.size() != drop.messages) continue;
    const event::EventPtr event = found->second.event;
    std::vector<MessageIndex> messages = found->second.further;
    messages.push_back(message_of(*event));
    ops.push_back({.kind = Kind::unrecord, .message = message_of(*event), .target = drop.target, .event = event});
    around_.tally.met(Met::quarantine_dropped);
    for (const MessageIndex message : messages) {
      count(ops, {.kind = Kind::count_waived, .message = message, .target = drop.target});
    }
  }
}

void SimFile::count(SimStore::Transaction& ops, SimStore::Op op) {
  (around_.broken(Planted::counters_outside_transaction) ? counts_later_ : ops).push_back(std::move(op));
}

void SimFile::lose_process() {
  // The writer may have got through a part of what waited.
  std::size_t written = waiting_.empty() ? 0 : around_.random.below(waiting_.size() + 1);
  for (Work& work : waiting_) {
    if (written-- == 0) break;
    (void)write(work);
  }
  waiting_.clear();
  group_.clear();
  counts_later_.clear();
  busy_ = false;
}

std::vector<SimStore::Op> SimFile::lose_power() {
  lose_process();
  const std::size_t before = store.size();
  std::vector<SimStore::Op> lost = store.lose_power(around_.random, around_.broken(Planted::torn_transaction_stands));
  disk_.used += store.size();
  disk_.used -= before;
  return lost;
}

void SimFile::recover() {
  store.sync(disk_.lying);
  store.reopen();
}

void SimFile::finish() {
  while (!idle()) {
    write_group();
    sync_group();
    busy_ = false;
  }
}

}  // namespace twinshift::simulation
