#include "app/doctor_run.hpp"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "base/thread.hpp"

namespace twinshift::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// One group under way. Guarded by Board::mutex, but for `group`, which nobody changes.
struct Lane {
  Group group;
  std::vector<Check> checks;                 // of the steps that have ended
  std::optional<base::SteadyTime> began_at;  // of the step after those, where it runs
  bool ended = false;
  bool left_behind = false;  // ended without its thread
};

// Outlives run_groups() as long as a thread that was left behind.
struct Board {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Lane> lanes;
};

Finding carry_out(const Step& step) {
  try {
    return step.run();
  } catch (const std::exception& thrown) {
    return failure(fmt::format("the check itself broke off: {}", thrown.what()), "it could not be told",
                   "Run it again; where it stays so, that is a fault of this program: please report it");
  }
}

void skip_rest(Lane& lane, const std::string& why) {
  for (std::size_t i = lane.checks.size(); i < lane.group.steps.size(); ++i) {
    lane.checks.push_back({std::string(lane.group.steps[i].id), lane.group.about, barred(why), std::nullopt});
  }
  lane.began_at.reset();
  lane.ended = true;
}

void add(Lane& lane, const Step& step, Finding found, milliseconds took) {
  const bool ends = step.is_ground && found.state == CheckState::fail;
  lane.checks.push_back({std::string(step.id), lane.group.about, std::move(found), took});
  lane.began_at.reset();
  if (ends) skip_rest(lane, fmt::format("needs `{}`", step.id));
}

void work(const std::shared_ptr<Board>& board, std::size_t number) {
  Lane& lane = board->lanes[number];
  for (const Step& step : lane.group.steps) {
    const base::SteadyTime begin = steady_clock::now();
    {
      const std::lock_guard lock(board->mutex);
      if (lane.ended) return;
      lane.began_at = begin;
      board->changed.notify_all();  // who waits must know of its limit
    }
    Finding found = carry_out(step);
    const std::lock_guard lock(board->mutex);
    if (lane.ended) return;  // too late: it was told as failed
    add(lane, step, std::move(found), std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin));
    board->changed.notify_all();
  }
  const std::lock_guard lock(board->mutex);
  lane.ended = true;
  board->changed.notify_all();
}

// When somebody must look whether this one is late.
base::SteadyTime late_at(const Lane& lane, base::SteadyTime deadline) {
  if (lane.ended || !lane.began_at) return deadline;
  return std::min(deadline, *lane.began_at + lane.group.steps[lane.checks.size()].limit);
}

Finding did_not_answer(const Step& step, milliseconds waited) {
  std::string what = fmt::format("did not answer within {:.0f} s", static_cast<double>(waited.count()) / 1000);
  if (!step.host.empty()) what = fmt::format("Connection timeout when connecting to {}: it {}", step.host, what);
  Finding found = failure(std::move(what), "whatever it asks is silent, or far too slow",
                          "Look whether it answers anybody else; where it is only slow, ask again with a longer "
                          "--timeout");
  if (!step.host.empty()) found.issue = kIssueTimeout;
  return found;
}

void give_up(Lane& lane, base::SteadyTime now) {
  lane.left_behind = true;
  if (!lane.began_at) return skip_rest(lane, "the time of --timeout was up");
  const Step& step = lane.group.steps[lane.checks.size()];
  const auto waited = std::chrono::duration_cast<milliseconds>(now - *lane.began_at);
  add(lane, step, did_not_answer(step, waited), waited);
  skip_rest(lane, fmt::format("`{}` did not end", step.id));
}

}  // namespace

GroupsRun run_groups(std::vector<Group> groups, base::SteadyTime deadline) {
  const auto board = std::make_shared<Board>();
  for (Group& group : groups) board->lanes.push_back({std::move(group), {}, std::nullopt, false, false});
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < board->lanes.size(); ++i) {
    threads.emplace_back([board, i] {
      base::name_this_thread("doctor");
      work(board, i);
    });
  }
  GroupsRun run;
  std::unique_lock lock(board->mutex);
  const auto all_ended = [&] { return std::ranges::all_of(board->lanes, &Lane::ended); };
  while (!all_ended()) {
    base::SteadyTime wake = deadline;
    for (const Lane& lane : board->lanes) wake = std::min(wake, late_at(lane, deadline));
    board->changed.wait_until(lock, wake);
    const base::SteadyTime now = steady_clock::now();
    for (Lane& lane : board->lanes) {
      if (lane.ended || late_at(lane, deadline) > now) continue;
      give_up(lane, now);
    }
  }
  for (const Lane& lane : board->lanes) {
    run.checks.insert(run.checks.end(), lane.checks.begin(), lane.checks.end());
    run.leaves_threads = run.leaves_threads || lane.left_behind;
  }
  lock.unlock();  // nobody changes what is read below: all have ended
  for (std::size_t i = 0; i < threads.size(); ++i) {
    if (board->lanes[i].left_behind) {
      threads[i].detach();
    } else {
      threads[i].join();  // at its end already: nothing of it may outlive the program's own end
    }
  }
  return run;
}

}  // namespace twinshift::app
