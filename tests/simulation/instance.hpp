// One process with its disk: intake, queue, backlogs, quarantine, the real machine (src/delivery/machine.hpp) and what
// carries its actions out. It can be killed at any action, lose power, be frozen, be stopped, and starts again. The
// order of things is the conductor's: all that has come in makes one step, whose actions are then carried out in turn.
// One thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "delivery/inputs.hpp"
#include "delivery/lane.hpp"
#include "delivery/machine.hpp"
#include "delivery/publisher.hpp"
#include "tests/simulation/outside.hpp"
#include "tests/simulation/sim_disk.hpp"
#include "tests/simulation/sim_warehouse.hpp"
#include "tests/simulation/task.hpp"

namespace twinshift::simulation {

// What the checks keep in mind about one lane of one life.
struct LaneWatch {
  std::string unknown_batch{};                      // its outcome is not known and its marker has not been heard of
  std::uint64_t inserted = 0;                       // rows that the lane has heard of
  std::uint64_t inserted_when_sent = 0;             // of these before the batch under way
  std::map<std::int64_t, std::uint64_t> refused{};  // by event: `inserted` when it was sent to its first refusal
};

// A command's job on its way to a lane, and who waits for it.
struct GivenJob {
  GivenJob(delivery::LaneJob job, TaskPtr caller_in) : slip(std::move(job)), caller(std::move(caller_in)) {}
  delivery::JobSlip slip;
  const TaskPtr caller;
  bool ended = false;
};

// What a lane's thread is at.
struct LaneThread {
  bool calling = false;                      // a call of the machine's
  std::optional<delivery::LaneCall> next{};  // that waits for the job's end
  std::shared_ptr<GivenJob> waiting{};       // for the end of the call
  std::shared_ptr<GivenJob> running{};
  TaskPtr task{};  // of the latter
};

class Instance {
 public:
  Instance(Outside& outside, std::uint32_t index);
  ~Instance() { end_jobs(); }

  void boot();
  void kill(bool power_lost);
  void stop();
  void freeze(base::SteadyTime until);
  // Which secondaries are switched on counts from the next start.
  void disable(TargetMask targets) { disabled_next_ = targets; }

  // A request arrives; `reply` hears the status code, unless the process dies before.
  using Reply = std::function<void(int)>;
  void offer(std::int64_t event_key, Reply reply);

  // As Delivery::run_in_lane() does; `caller` waits meanwhile.
  base::Status run_in_lane(Task& caller, std::uint32_t target, delivery::LaneJob job, std::chrono::milliseconds limit);
  // Called where a process may die. True: it has died.
  bool may_crash();

  [[nodiscard]] std::uint32_t index() const { return index_; }
  [[nodiscard]] std::string name() const { return fmt::format("instance{}", index_); }
  [[nodiscard]] std::uint32_t life() const { return life_; }
  [[nodiscard]] std::uint32_t power_losses() const { return power_losses_; }
  [[nodiscard]] base::WallTime wall_now() const;
  [[nodiscard]] Owner owner() const { return {static_cast<std::int32_t>(index_), life_}; }
  [[nodiscard]] bool owns(Owner owner) const { return owner.life == life_; }
  [[nodiscard]] bool up() const { return machine_ != nullptr; }
  [[nodiscard]] bool stopping() const { return stopping_; }
  [[nodiscard]] TargetMask disabled() const { return disabled_; }
  [[nodiscard]] base::SteadyTime frozen_until() const { return frozen_until_; }
  [[nodiscard]] bool settled() const;
  [[nodiscard]] std::string what_is_left() const;
  [[nodiscard]] const delivery::Machine& machine() const { return *machine_; }
  [[nodiscard]] std::size_t answers_waiting() const { return answers_waiting_; }
  [[nodiscard]] std::uint32_t target_of(delivery::LaneIndex lane) const { return lane_targets_[lane]; }
  [[nodiscard]] std::size_t lanes() const { return lane_targets_.size(); }
  [[nodiscard]] event::EventPtr find(delivery::Source source, const queue::Receipt& receipt) const;
  [[nodiscard]] std::int64_t received_in(std::size_t hour) const;  // its books
  LaneWatch& watch(delivery::LaneIndex lane) { return watches_[lane]; }

  SimDisk disk;
  SimFile queue;
  std::vector<std::unique_ptr<SimFile>> backlogs;  // by target; the primary's stays empty
  SimFile quarantine;
  std::chrono::minutes wall_offset{0};

 private:
  // instance.cpp
  void begin_life();
  delivery::MachineSetup setup();
  void end_life();
  void post(delivery::Input input);
  void run();
  void run_at(base::SteadyTime at);
  void take_in(delivery::Input& input, delivery::Step& step);
  void carry_out_all(delivery::Step& step);
  bool crash_due();
  void finish_stop();
  // instance_intake.cpp
  event::EventPtr make_message(std::int64_t event_key);
  void enqueue(const event::EventPtr& event, const std::shared_ptr<Reply>& reply);
  void send_shared(const event::EventPtr& event, const std::shared_ptr<Reply>& reply);
  void taken(MessageIndex message, const std::shared_ptr<Reply>& reply);
  void answer(const std::shared_ptr<Reply>& reply, int code);
  void store_books();
  void kick_receiver();
  void receive(std::size_t rows);
  void receive_at(base::SteadyTime at);
  // instance_lanes.cpp
  void give(delivery::LaneIndex lane, delivery::LaneCall call);
  void came_back(delivery::LaneIndex lane);
  void check_alone(const LaneThread& thread);
  void begin_job(delivery::LaneIndex lane);
  void do_job(delivery::LaneIndex lane, GivenJob& given, Task& own);
  void end_jobs();
  void say_that_it_runs(std::uint32_t target);
  void tell_books();
  void publish_books();
  void publish_last_books();
  [[nodiscard]] std::vector<warehouse::OwedRow> books_of(std::uint32_t target) const;
  // instance_actions.cpp
  void start(const delivery::WriteBatch& action);
  void start(const delivery::FindMarker& action);
  void start(const delivery::Probe& action);
  void start(const delivery::FetchBacklog& action);
  void carry_out(const delivery::WriteBatch& action) { give(action.lane, action); }
  void carry_out(const delivery::FindMarker& action) { give(action.lane, action); }
  void carry_out(const delivery::Probe& action) { give(action.lane, action); }
  void carry_out(const delivery::FetchBacklog& action) { give(action.lane, action); }
  void carry_out(const delivery::Park& action);
  void carry_out(const delivery::PutInQuarantine& action);
  void carry_out(const delivery::Acknowledge& action);
  void carry_out(const delivery::Release& action);
  void carry_out(const delivery::Extend& action);
  void carry_out(const delivery::Note&) {}
  void hear_write(delivery::LaneIndex lane, const SimWarehouse::Call& call);
  void ask_marker(const delivery::FindMarker& action);
  void submit_park(const delivery::Park& action, bool answered);
  void acknowledge(delivery::Source source, const std::vector<queue::Receipt>& receipts);
  void quarantine_at_once(const delivery::BatchPtr& batch, delivery::LaneIndex lane);

  SimWarehouse& warehouse(delivery::LaneIndex lane) { return *outside_.warehouses[lane_targets_[lane]]; }
  SimFile& file(delivery::Source source) {
    return source == delivery::kQueue ? queue : *backlogs[lane_targets_[source]];
  }
  // What leases are measured by.
  [[nodiscard]] base::SteadyTime lease_now() const;

  Outside& outside_;
  Surroundings& around_;
  const std::uint32_t index_;
  std::uint32_t life_ = 0;
  std::uint32_t power_losses_ = 0;
  std::unique_ptr<delivery::Machine> machine_;
  TargetMask disabled_ = 0;
  TargetMask disabled_next_ = 0;
  std::vector<std::uint32_t> lane_targets_;
  std::vector<LaneWatch> watches_;
  std::vector<LaneThread> lane_threads_;
  std::unique_ptr<delivery::Publisher> publisher_;  // of this life
  std::unique_ptr<delivery::Publisher> secondary_publisher_;
  std::vector<delivery::Input> inbox_;
  base::SteadyTime run_at_{};  // the next run that is planned
  base::SteadyTime frozen_until_{};
  bool stopping_ = false;
  base::SteadyTime give_up_at_{};
  bool receiving_ = false;
  base::SteadyTime receive_at_{};
  std::size_t answers_waiting_ = 0;
  // With a shared queue: what SQS has taken, counted in memory and stored now and then.
  std::vector<MessageIndex> counted_in_memory_;
  std::array<std::int64_t, kHours> counted_stored_{};
};

}  // namespace twinshift::simulation
