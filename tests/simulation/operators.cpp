#include "tests/simulation/operators.hpp"

#include <algorithm>
#include <utility>

namespace twinshift::simulation {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kBetweenStrikesMost{6'000};
constexpr milliseconds kBetweenCommandsMost{12'000};
constexpr milliseconds kEndedAfterMost{3'000};
constexpr std::size_t kCommandsMax = 2;

}  // namespace

Operators::~Operators() {
  for (const TaskPtr& task : tasks_) task->end();
}

void Operators::begin() {
  next_strike();
  next_command();
}

bool Operators::idle() {
  std::erase_if(tasks_, [](const TaskPtr& task) { return task->done(); });
  return tasks_.empty();
}

void Operators::next_strike() {
  around_.after(around_.within(kBetweenStrikesMost), kWorld, [this] {
    if (!around_.stormy) return;
    if (around_.chance(0.01)) {
      corruption_.empty_secondary();
    } else {
      corruption_.strike();
    }
    next_strike();
  });
}

void Operators::next_command() {
  around_.after(around_.within(kBetweenCommandsMost), kWorld, [this] {
    if (!around_.stormy) return;
    Instance& instance = *outside_.instances[around_.random.below(outside_.instances.size())];
    const bool none_runs = idle();
    if (instance.up() && (none_runs || tasks_.size() < kCommandsMax)) run_something(instance);
    next_command();
  });
}

void Operators::run_something(Instance& instance) {
  const std::uint64_t what = around_.random.below(20);
  const bool deep = around_.chance(0.3);
  if (what < 10) return run([this, &instance, deep](Task& task) { commands_.verify(task, instance, deep); });
  if (what < 15) return run([this, &instance, deep](Task& task) { commands_.repair(task, instance, deep); });
  if (what < 17) {
    const auto target = static_cast<std::uint32_t>(around_.random.below(2));
    return run([this, &instance, target](Task& task) { commands_.rebuild(task, instance, target); });
  }
  const auto person = static_cast<std::int64_t>(around_.random.below(kPersons));
  run([this, &instance, person](Task& task) { commands_.erase(task, instance, person); });
}

// It may be ended by the one who began it: what it had the service do stands.
void Operators::run(std::function<void(Task&)> command) {
  TaskPtr task = Task::begin(around_, kWorld, std::move(command));
  if (around_.chance(0.1)) {
    around_.after(around_.within(kEndedAfterMost), kWorld, [this, task] {
      if (task->done()) return;
      around_.tally.met(Met::command_killed);
      around_.trace.note("a command is killed");
      task->end();
    });
  }
  tasks_.push_back(std::move(task));
}

}  // namespace twinshift::simulation
