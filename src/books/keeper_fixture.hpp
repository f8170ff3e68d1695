// What the tests of the books share: a queue and a backlog whose counts are set by hand, a file in a folder of its own,
// a Keeper over them. One thread, the test's.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/log.hpp"
#include "books/keeper.hpp"
#include "queue/event_queue.hpp"
#include "tests/support/idle_queue.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/temporary_folder.hpp"

namespace twinshift::books {

inline const Hour kNoon{std::chrono::hours(473'364)};

inline queue::QueueStatus status_of(std::uint64_t depth) {
  queue::QueueStatus status;
  status.depth = depth;
  return status;
}

// A queue whose counts are set by hand.
class CountedQueue final : public tests::IdleQueue {
 public:
  queue::QueueStatus status() override {
    const std::lock_guard lock(mutex_);
    return status_;
  }
  base::Result<queue::Arrivals> count_arrivals() override {
    const std::lock_guard lock(mutex_);
    if (error_) return base::fail(*error_);
    return arrivals_;
  }

  void set(queue::Arrivals arrivals, queue::QueueStatus status = {}) {
    const std::lock_guard lock(mutex_);
    arrivals_ = std::move(arrivals);
    status_ = std::move(status);
    error_.reset();
  }
  void fail(base::Error error) {
    const std::lock_guard lock(mutex_);
    error_ = std::move(error);
  }

 private:
  std::mutex mutex_;
  queue::Arrivals arrivals_;
  queue::QueueStatus status_;
  std::optional<base::Error> error_;
};

// A backlog of the secondary, the same way.
class CountedBacklog final : public tests::IdleBacklog {
 public:
  CountedBacklog(queue::Arrivals arrivals, backlog::BacklogStatus status)
      : arrivals_(std::move(arrivals)), status_(std::move(status)) {}
  backlog::BacklogStatus status() override { return status_; }
  base::Result<queue::Arrivals> count_arrivals() override { return arrivals_; }

 private:
  const queue::Arrivals arrivals_;
  const backlog::BacklogStatus status_;
};

class KeeperTest : public ::testing::Test {
 protected:
  void SetUp() override {
    open_file();
    base::log::set_sink([this](std::string_view line) {
      const std::lock_guard lock(mutex_);
      log_ += line;
    });
  }
  void TearDown() override {
    keeper_.reset();
    base::log::set_sink({});
  }
  void open_file(bool late = false) {
    file_.reset();
    auto file = BooksFile::open((folder_ / "books.db").string(), kNoon + std::chrono::minutes(5), "me", late);
    ASSERT_TRUE(file) << file.error().text();
    file_ = std::move(*file);
  }
  ReadHours landed(const std::string& target) {
    return [this, target](Hour) -> base::Result<std::map<Hour, Counts>> {
      std::function<void(const std::string& target)> before;
      {
        const std::lock_guard lock(mutex_);
        before = before_loads_;
      }
      if (before) before(target);
      const std::lock_guard lock(mutex_);
      if (const auto failed = broken_.find(target); failed != broken_.end()) return base::fail(failed->second);
      return std::map<Hour, Counts>{{kNoon, {.landed = landed_[target]}}};
    };
  }
  static ReadHours nothing() {
    return [](Hour) { return std::map<Hour, Counts>(); };
  }
  // `owed`: the secondary's, if any.
  void start(backlog::Backlog* owed = nullptr) {
    std::vector<TargetParts> targets;
    for (const std::string name : {"primary", "secondary"}) {
      const bool is_primary = name == "primary";
      targets.push_back({.name = name,
                         .is_primary = is_primary,
                         .backlog = is_primary ? nullptr : owed,
                         .read_loads = landed(name),
                         .read_quarantined = nothing()});
    }
    keeper_ = std::make_unique<Keeper>(Options{.interval = std::chrono::hours(1), .clock = &clock_}, queue_, *file_,
                                       std::move(targets));
    keeper_->start();
  }
  TargetBooks count(std::size_t target) { return keeper_->count_now(std::chrono::seconds(30)).at(target); }
  std::string log() {
    const std::lock_guard lock(mutex_);
    return log_;
  }
  void land(const std::string& target, std::uint64_t events) {
    const std::lock_guard lock(mutex_);
    landed_[target] = events;
  }

  tests::TemporaryFolder folder_;
  tests::ManualClock clock_{kNoon + std::chrono::minutes(5)};  // outlives the Keeper
  CountedQueue queue_;
  std::unique_ptr<BooksFile> file_;
  std::unique_ptr<Keeper> keeper_;
  std::mutex mutex_;
  std::string log_;
  std::map<std::string, std::uint64_t> landed_;
  // Called on a target's thread before each reading; may be empty.
  std::function<void(const std::string& target)> before_loads_;
  std::map<std::string, base::Error> broken_;
};

}  // namespace twinshift::books
