#include "journal/writer.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "base/thread.hpp"
#include "journal/ring.hpp"

namespace twinshift::journal {
namespace {

// After a failure nothing is tried for so long: a disk that fails is not asked for every batch.
constexpr std::chrono::seconds kPauseAfterFailure{5};

}  // namespace

class Writer::Core {
 public:
  explicit Core(WriterOptions options)
      : ring_(std::move(options)),
        thread_(base::start_thread("journal", [this](const std::stop_token& stop) { run(stop); })) {}

  void put(std::string block) {
    {
      const std::lock_guard lock(mutex_);
      if (waiting_bytes_ + block.size() > kBufferBytesMax) {
        ++dropped_;
        ++overflowed_;
        return;
      }
      waiting_bytes_ += block.size();
      waiting_.push_back(std::move(block));
      ++given_;
    }
    filled_.notify_one();
  }

  void flush() {
    std::unique_lock lock(mutex_);
    emptied_.wait(lock, [&, up_to = given_] { return done_ >= up_to; });
  }

  std::uint64_t dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
  }

 private:
  void run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    for (;;) {
      filled_.wait(lock, stop, [&] { return !waiting_.empty(); });
      if (waiting_.empty()) return;
      const std::vector<std::string> blocks = std::exchange(waiting_, {});
      waiting_bytes_ = 0;
      const std::uint64_t overflowed = std::exchange(overflowed_, 0);
      lock.unlock();
      if (overflowed > 0) tell_overflow(overflowed);
      const std::uint64_t lost = write_out(blocks);
      lock.lock();
      dropped_ += lost;
      done_ += blocks.size();
      emptied_.notify_all();
    }
  }

  void tell_overflow(std::uint64_t blocks) {
    left_out_ += blocks;
    if (!throttle_.pass("overflow", std::chrono::steady_clock::now())) return;
    base::log::warn("The trace journal leaves batches out: its disk is too slow")
        .add("blocks", std::exchange(left_out_, 0));
  }

  // How many were not written.
  std::uint64_t write_out(const std::vector<std::string>& blocks) {
    std::uint64_t lost = 0;
    for (const std::string& block : blocks) {
      const auto now = std::chrono::steady_clock::now();
      if (now < paused_until_) {
        ++lost;
        continue;
      }
      const auto written = ring_.append(block);
      if (written) continue;
      ++lost;
      paused_until_ = now + kPauseAfterFailure;
      if (const auto count = throttle_.pass(written.error().message, now)) {
        base::log::warn("The trace journal is not written").add("count", *count).add(written.error());
      }
    }
    return lost;
  }

  mutable std::mutex mutex_;  // guards what follows, up to the ring
  std::condition_variable_any filled_;
  std::condition_variable emptied_;
  std::vector<std::string> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::uint64_t given_ = 0;
  std::uint64_t done_ = 0;  // of these, written or dropped by the thread
  std::uint64_t dropped_ = 0;
  std::uint64_t overflowed_ = 0;  // of these, for want of room, and not yet told

  // The thread's own.
  Ring ring_;
  base::log::Throttle throttle_;
  std::uint64_t left_out_ = 0;
  std::chrono::steady_clock::time_point paused_until_{};

  std::jthread thread_;  // last: it uses all of the above
};

Writer::Writer(WriterOptions options) : core_(std::make_unique<Core>(std::move(options))) {}

Writer::~Writer() = default;

void Writer::write(std::string block) {
  core_->put(std::move(block));
}

void Writer::flush() {
  core_->flush();
}

std::uint64_t Writer::dropped() const {
  return core_->dropped();
}

}  // namespace twinshift::journal
