#include "quarantine/drivers/sqlite/sqlite_quarantine.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <variant>

#include "base/log.hpp"
#include "base/thread.hpp"
#include "quarantine/drivers/sqlite/quarantine_file.hpp"

namespace twinshift::quarantine {
namespace {

using base::ErrorKind;

struct Put {
  std::vector<Refused> events;
  Done done;
};
struct Remove {
  std::vector<Ticket> tickets;
  Removed done;
};
using Job = std::variant<Put, Remove>;

std::size_t bytes_of(const std::vector<Refused>& events) {
  std::size_t bytes = 0;
  for (const Refused& each : events) bytes += each.event->json.size();
  return bytes;
}

class SqliteQuarantine final : public Quarantine {
 public:
  SqliteQuarantine(SqliteQuarantineOptions options, QuarantineFile file, std::map<std::string, std::uint64_t> counts)
      : options_(std::move(options)), file_(std::move(file)), counts_(std::move(counts)) {
    thread_ = base::start_thread("quarantine", [this](const std::stop_token&) { run(); });
  }
  ~SqliteQuarantine() override { SqliteQuarantine::close(); }

  void put(std::vector<Refused> events, Done done) override {
    if (events.empty()) return done({});
    Put put{std::move(events), std::move(done)};
    if (auto error = admit(put)) return put.done(base::fail(std::move(*error)));
    filled_.notify_one();
  }

  void remove(std::vector<Ticket> tickets, Removed done) override {
    {
      const std::lock_guard lock(mutex_);
      if (!closing_) {
        inbox_.emplace_back(Remove{std::move(tickets), std::move(done)});
        filled_.notify_one();
        return;
      }
    }
    done(base::fail(closed()));
  }

  QuarantineStatus status() override {
    const std::lock_guard lock(mutex_);
    return {counts_, trouble_};
  }

  void close() override {
    const std::lock_guard closing_lock(close_mutex_);
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    filled_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

 private:
  [[nodiscard]] base::Error closed() const {
    return {ErrorKind::cancelled, "the quarantine is closing", options_.path, {}};
  }

  // Moves it into the inbox, or says why not and leaves it as it is.
  std::optional<base::Error> admit(Put& put) {
    const std::size_t bytes = bytes_of(put.events);
    const std::lock_guard lock(mutex_);
    if (closing_) return closed();
    if (waiting_events_ > 0 && (waiting_events_ + put.events.size() > options_.inbox_events_max ||
                                waiting_bytes_ + bytes > options_.inbox_bytes_max)) {
      return base::Error{ErrorKind::full, "too many events wait to be quarantined", options_.path, {}};
    }
    waiting_events_ += put.events.size();
    waiting_bytes_ += bytes;
    inbox_.emplace_back(std::move(put));
    return std::nullopt;
  }

  void run() {
    for (;;) {
      std::deque<Job> work;
      {
        std::unique_lock lock(mutex_);
        filled_.wait(lock, [this] { return closing_ || !inbox_.empty(); });
        work.swap(inbox_);
      }
      if (work.empty()) break;
      work_off(work);
    }
    file_.reset();
  }

  // Puts that wait side by side share a transaction; the order between puts and removals stays.
  void work_off(std::deque<Job>& work) {
    for (std::size_t i = 0; i < work.size();) {
      if (auto* removal = std::get_if<Remove>(&work[i])) {
        remove_now(*removal);
        ++i;
        continue;
      }
      std::vector<Put*> group;
      for (; i < work.size() && std::holds_alternative<Put>(work[i]); ++i) group.push_back(&std::get<Put>(work[i]));
      put_now(group);
    }
  }

  void put_now(const std::vector<Put*>& group) {
    std::vector<const Refused*> events;
    std::size_t bytes = 0;
    for (const Put* put : group) {
      for (const Refused& each : put->events) events.push_back(&each);
      bytes += bytes_of(put->events);
    }
    base::Status kept = ready();
    if (kept) kept = file_->put(events, options_.clock->now());
    judge(kept ? nullptr : &kept.error());
    {
      const std::lock_guard lock(mutex_);
      waiting_events_ -= events.size();
      waiting_bytes_ -= bytes;
    }
    for (Put* put : group) put->done(kept);
  }

  void remove_now(Remove& removal) {
    base::Result<std::uint64_t> removed = 0;
    if (auto open = ready(); !open) {
      removed = base::fail(std::move(open.error()));
    } else {
      removed = file_->remove(removal.tickets);
    }
    judge(removed ? nullptr : &removed.error());
    removal.done(std::move(removed));
  }

  // After an I/O error nothing that the connection holds in memory is to be trusted: closed then, opened and looked
  // through before the next use.
  base::Status ready() {
    if (file_) return {};
    auto opened = QuarantineFile::open(options_.path);
    if (!opened) return base::fail(std::move(opened.error()));
    if (auto sound = opened->check(); !sound) return sound;
    file_ = std::move(*opened);
    return {};
  }

  void judge(const base::Error* error) {
    std::optional<std::map<std::string, std::uint64_t>> counts;
    if (error == nullptr) {
      if (auto counted = file_->count()) counts = std::move(*counted);
    } else if (error->kind != ErrorKind::full && error->kind != ErrorKind::conflict) {
      file_.reset();
    }
    const std::lock_guard lock(mutex_);
    trouble_ = error == nullptr ? std::nullopt : std::optional(*error);
    if (counts) counts_ = std::move(*counts);
  }

  const SqliteQuarantineOptions options_;
  std::optional<QuarantineFile> file_;  // the writer's thread alone, after the constructor

  std::mutex mutex_;
  std::condition_variable filled_;
  // All below: mutex_.
  std::deque<Job> inbox_;  // puts are bounded by the options, removals by their callers, who wait for the answer
  std::size_t waiting_events_ = 0;
  std::size_t waiting_bytes_ = 0;
  std::map<std::string, std::uint64_t> counts_;
  std::optional<base::Error> trouble_;
  bool closing_ = false;

  std::mutex close_mutex_;
  std::jthread thread_;
};

class SqliteReader final : public Reader {
 public:
  SqliteReader(std::string path, QuarantineFile file) : path_(std::move(path)), file_(std::move(file)) {}

  base::Result<std::vector<Record>> read(const Query& query) override { return file_.read(query); }
  base::Result<std::map<base::WallTime, std::uint64_t>> count_by_hour(const std::string& target) override {
    return file_.count_by_hour(target);
  }

  base::Result<Record> find(std::int64_t id) override {
    if (id > 0) {
      auto found = file_.read({.after_id = id - 1, .until_id = id, .records_max = 1});
      if (!found) return base::fail(std::move(found.error()));
      if (!found->empty()) return std::move(found->front());
    }
    return base::fail(ErrorKind::not_found, "there is no record " + std::to_string(id) + " in the quarantine", path_,
                      "`twinshift quarantine list` shows what is there");
  }

 private:
  const std::string path_;
  QuarantineFile file_;
};

}  // namespace

base::Result<std::unique_ptr<Quarantine>> open_sqlite_quarantine(SqliteQuarantineOptions options) {
  auto file = QuarantineFile::open(options.path);
  if (!file) return base::fail(std::move(file.error()));
  auto counts = file->count();
  if (!counts) return base::fail(std::move(counts.error()));
  return std::make_unique<SqliteQuarantine>(std::move(options), std::move(*file), std::move(*counts));
}

base::Result<std::unique_ptr<Reader>> open_sqlite_quarantine_reader(const std::string& path) {
  auto file = QuarantineFile::open_for_reading(path);
  if (!file) return base::fail(std::move(file.error()));
  return std::make_unique<SqliteReader>(path, std::move(*file));
}

}  // namespace twinshift::quarantine
