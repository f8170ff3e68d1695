#include "tests/simulation/sim_mender.hpp"

#include <utility>

#include "app/mending.hpp"
#include "tests/simulation/lane_table.hpp"

namespace twinshift::simulation {
namespace {

// Outlives whoever gives it to a lane.
struct LaneWrite {
  proof::BatchPtr batch;
  std::uint64_t standing = 0;
  proof::WriteSums sums{};
};

// Small ones, so that an order is cut between two of them.
constexpr std::size_t kBatchRowsMost = 12;

// Right before the write, on the lane's thread.
std::vector<bool> owed(const Line& line, std::uint32_t target, std::span<const event::EventPtr> events) {
  std::vector<std::string> ids;
  for (const event::EventPtr& event : events) ids.push_back(event->id.hex());
  Stores stores(line);
  const auto answers = proof::StoreDebts(stores.parts()).owes(target_name(target), ids);
  std::vector<bool> all(events.size());
  for (std::size_t i = 0; answers && i < all.size(); ++i) all[i] = (*answers)[i] == proof::Owing::yes;
  return all;
}

}  // namespace

base::Result<proof::WriteSums> SimMender::write(std::uint32_t target, const app::OrderTime& time, proof::BatchPtr batch,
                                                std::uint64_t standing) {
  if (around_.broken(Planted::repair_deletes_one_sided) && batch->remove.empty()) {
    // Where one side lacks it, it goes from the other.
    for (const event::EventPtr& event : batch->events) {
      const auto number = around_.catalogue.find(event->id);
      if (number) line_.outside.warehouses[1 - target]->table.remove(*number, event->event_at);
    }
    return proof::WriteSums{};
  }
  const auto write = std::make_shared<LaneWrite>(LaneWrite{std::move(batch), standing});
  const auto job = [write, target, outside = &line_.outside,
                    instance = &line_.instance](warehouse::Warehouse& table) -> base::Status {
    const Line here(*outside, *instance, static_cast<LaneTable&>(table).task());
    const auto find_owed = [&](std::span<const event::EventPtr> events) { return owed(here, target, events); };
    auto sums = proof::write_unowed(table, *write->batch, write->standing, find_owed);
    if (!sums) return base::fail(std::move(sums.error()));
    write->sums = std::move(*sums);
    return {};
  };
  auto done = line_.instance.run_in_lane(line_.task, target, job, time.job_max());
  if (!done) return base::fail(std::move(done.error()));
  return write->sums;
}

proof::MendReport SimMender::carry_out(const proof::MendOrder& order) {
  const app::OrderTime time(clock_);
  const std::uint32_t target = order.target == target_name(0) ? 0 : 1;
  SimSide here(around_, line_.task, *line_.outside.warehouses[target], order.target, true);
  SimSide elsewhere(around_, line_.task, *line_.outside.warehouses[1 - target], target_name(1 - target), true);
  proof::TableMender mender({.here = &here,
                             .elsewhere = &elsewhere,
                             .write =
                                 [&](proof::BatchPtr batch, std::uint64_t standing) {
                                   if (order.kind == proof::MendKind::copy) copies_(target, *batch);
                                   return write(target, time, std::move(batch), standing);
                                 },
                             .mint_id = [this] { return fmt::to_string(++line_.outside.batches); },
                             .rows_max = 1 + around_.random.below(kBatchRowsMost),
                             .bytes_max = 1U << 20U,
                             .clock = &clock_,
                             .until = time.begin_until(),
                             .stop = [this] { return !line_.alive(); },
                             .launch = std::launch::deferred});
  return mender.mend(order);
}

proof::MendReport SimMender::mend(const proof::MendOrder& order) {
  if (auto good = line_.ask(); !good) return {.error = std::move(good.error())};
  if (order.places.empty()) return {};
  proof::MendReport report = carry_out(order);
  // The service has died: whatever it did, nobody hears of it.
  if (!line_.alive())
    return {.error = base::Error{base::ErrorKind::unavailable, "the service does not answer", {}, {}}};
  return report;
}

}  // namespace twinshift::simulation
