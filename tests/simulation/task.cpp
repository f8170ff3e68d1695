#include "tests/simulation/task.hpp"

#include <utility>

namespace twinshift::simulation {

Task::Task(Surroundings& around, Owner owner, Work work)
    : around_(around), owner_(owner), work_(std::move(work)), fiber_([this] { work_(*this); }) {}

TaskPtr Task::begin(Surroundings& around, Owner owner, Work work) {
  auto task = std::make_shared<Task>(around, owner, std::move(work));
  task->fiber_.resume();
  return task;
}

void Task::plan(base::SteadyTime at) {
  around_.timeline.plan(at, owner_, [self = shared_from_this(), wait = ++waits_] {
    if (self->done() || self->waits_ != wait || self->fiber_.running()) return;
    self->fiber_.resume();
  });
}

bool Task::wait_until(base::SteadyTime at) {
  if (ended_) return false;
  plan(at);
  fiber_.pause();
  return !ended_;
}

bool Task::wait_told(base::SteadyTime until) {
  may_be_told_ = true;
  const bool lives = wait_until(until);
  may_be_told_ = false;
  return lives;
}

void Task::tell() {
  if (!may_be_told_ || done()) return;
  may_be_told_ = false;
  plan(around_.now);
}

void Task::end() {
  if (ended_) return;
  ended_ = true;
  ++waits_;
  // Where it ends itself it goes on by itself.
  if (!done() && !fiber_.running()) fiber_.resume();
}

}  // namespace twinshift::simulation
