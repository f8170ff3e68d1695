#include "queue/drivers/sqlite/sqlite_refused_store.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/log.hpp"
#include "base/thread.hpp"
#include "queue/drivers/sqlite/refused_file.hpp"
#include "sqlite/set_aside.hpp"

namespace twinshift::queue {
namespace {

using base::ErrorKind;

// A damaged file is set aside once, and a new one begun: these bodies were answered with an error, so none was
// accepted.
base::Result<RefusedFile> open_or_begin_anew(const std::string& path) {
  auto file = RefusedFile::open(path);
  if (file || file.error().kind != ErrorKind::corrupt) return file;
  if (auto aside = sqlite::set_aside(path, base::system_clock().now(), file.error()); !aside)
    return base::fail(std::move(aside.error()));
  return RefusedFile::open(path);
}

class SqliteRefusedStore final : public RefusedStore {
 public:
  SqliteRefusedStore(std::string path, RefusedLimits limits, RefusedFile file)
      : path_(std::move(path)), limits_(limits), file_(std::move(file)), counts_(file_->counts()) {
    thread_ = base::start_thread("refused", [this](const std::stop_token&) { run(); });
  }
  ~SqliteRefusedStore() override { close(); }

  void keep(RefusedBody body, Done done) override {
    const std::size_t bytes = body.body.size() + body.reason.size() + body.path.size();
    std::optional<base::Status> answer;  // where the body does not wait for the disk
    {
      const std::lock_guard lock(mutex_);
      answer = answer_at_once(bytes);
      if (!answer) {
        ++waiting_;
        waiting_bytes_ += bytes;
        inbox_.push_back({std::move(body), std::move(done), bytes});
        filled_.notify_one();
        return;
      }
    }
    done(std::move(*answer));
  }

  base::Result<std::vector<RefusedEntry>> list(std::size_t entries_max) override {
    const std::lock_guard lock(file_mutex_);
    if (!file_) return base::fail(closed());
    return file_->list(entries_max);
  }

  base::Result<std::string> body(std::int64_t id) override {
    const std::lock_guard lock(file_mutex_);
    if (!file_) return base::fail(closed());
    return file_->body(id);
  }

  RefusedStatus status() override {
    const std::lock_guard lock(mutex_);
    return {counts_.bodies, counts_.bytes, dropped_, trouble_};
  }

  void close() override {
    const std::lock_guard closing_lock(close_mutex_);
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    filled_.notify_one();
    if (thread_.joinable()) thread_.join();
    const std::lock_guard lock(file_mutex_);
    file_.reset();
  }

 private:
  // Under mutex_. Nothing where the body may wait in the inbox.
  std::optional<base::Status> answer_at_once(std::size_t bytes) {
    if (closing_) return base::fail(ErrorKind::cancelled, "the store of refused bodies is closing", path_);
    if (limits_.bodies_max == 0 || bytes > limits_.bytes_max) {
      ++dropped_;  // by the bounds that were set, so no fault
      return base::Status();
    }
    if (waiting_ >= limits_.inbox_bodies_max || waiting_bytes_ + bytes > limits_.inbox_bytes_max) {
      ++dropped_;
      return base::fail(ErrorKind::full, "too many refused bodies wait to be kept", path_);
    }
    return std::nullopt;
  }

  struct Waiting {
    RefusedBody body;
    Done done;
    std::size_t bytes = 0;
  };

  [[nodiscard]] base::Error closed() const {
    return {ErrorKind::unavailable, "the store of refused bodies is closed or cannot be opened", path_,
            "Check the disk; the next refused body opens it again"};
  }

  void run() {
    for (;;) {
      std::deque<Waiting> work;
      {
        std::unique_lock lock(mutex_);
        filled_.wait(lock, [this] { return closing_ || !inbox_.empty(); });
        work.swap(inbox_);
        if (work.empty()) return;
      }
      const base::Status kept = write(work);
      for (Waiting& waiting : work) waiting.done(kept);
    }
  }

  // One transaction for all that waits.
  base::Status write(const std::deque<Waiting>& work) {
    std::vector<const RefusedBody*> bodies;
    std::size_t bytes = 0;
    for (const Waiting& waiting : work) {
      bodies.push_back(&waiting.body);
      bytes += waiting.bytes;
    }
    base::Status kept;
    std::uint64_t dropped = work.size();
    RefusedFile::Counts counts;
    {
      const std::lock_guard lock(file_mutex_);
      auto pushed_out = write_to_file(bodies);
      if (pushed_out) {
        dropped = *pushed_out;
        counts = file_->counts();
      } else {
        kept = base::fail(pushed_out.error());
        if (pushed_out.error().kind != ErrorKind::full) file_.reset();  // opened again with the next body
        if (pushed_out.error().kind == ErrorKind::corrupt)
          (void)sqlite::set_aside(path_, base::system_clock().now(), pushed_out.error());
      }
    }
    const std::lock_guard lock(mutex_);
    waiting_ -= work.size();
    waiting_bytes_ -= bytes;
    dropped_ += dropped;
    if (kept) counts_ = counts;
    note(kept);
    return kept;
  }

  base::Result<std::uint64_t> write_to_file(const std::vector<const RefusedBody*>& bodies) {
    if (!file_) {
      auto opened = open_or_begin_anew(path_);
      if (!opened) return base::fail(std::move(opened.error()));
      file_ = std::move(*opened);
    }
    return file_->keep(bodies, limits_.bodies_max, limits_.bytes_max);
  }

  // Under mutex_.
  void note(const base::Status& kept) {
    trouble_.reset();
    if (kept) return;
    trouble_ = kept.error();
    if (const auto count = throttle_.pass(kept.error().message, std::chrono::steady_clock::now())) {
      base::log::error("Refused bodies cannot be kept").add("count", *count).add(kept.error());
    }
  }

  const std::string path_;
  const RefusedLimits limits_;

  std::mutex file_mutex_;  // before mutex_, where both are held
  std::optional<RefusedFile> file_;

  std::mutex mutex_;
  std::condition_variable filled_;
  // All below: mutex_.
  std::deque<Waiting> inbox_;
  std::size_t waiting_ = 0;  // in the inbox and being written
  std::size_t waiting_bytes_ = 0;
  RefusedFile::Counts counts_;
  std::uint64_t dropped_ = 0;
  std::optional<base::Error> trouble_;
  base::log::Throttle throttle_;
  bool closing_ = false;

  std::mutex close_mutex_;
  std::jthread thread_;
};

}  // namespace

base::Result<std::unique_ptr<RefusedStore>> open_sqlite_refused_store(const std::string& path, RefusedLimits limits) {
  auto file = open_or_begin_anew(path);
  if (!file) return base::fail(std::move(file.error()));
  if (auto fitted = file->keep({}, limits.bodies_max, limits.bytes_max); !fitted) {
    return base::fail(std::move(fitted.error()));
  }
  return std::make_unique<SqliteRefusedStore>(path, limits, std::move(*file));
}

}  // namespace twinshift::queue
