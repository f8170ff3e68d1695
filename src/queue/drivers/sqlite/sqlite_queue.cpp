#include "queue/drivers/sqlite/sqlite_queue.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <utility>

#include "base/ids.hpp"
#include "base/log.hpp"
#include "queue/drivers/sqlite/disk_guard.hpp"
#include "queue/drivers/sqlite/message_reader.hpp"
#include "queue/drivers/sqlite/queue_inbox.hpp"
#include "queue/drivers/sqlite/queue_writer.hpp"
#include "queue/drivers/sqlite/shelf.hpp"
#include "queue/lease_book.hpp"
#include "queue/settling_hold.hpp"
#include "queue/waiver.hpp"

namespace twinshift::queue {
namespace {

using base::ErrorKind;

// What one receive() brings into memory at most, one message at least.
constexpr std::size_t kReceiveBytesMax = 16'000'000;
// How long a hold waits for the transaction under way.
constexpr std::chrono::milliseconds kWriteEndsMax{2'000};

FileOptions file_options(const SqliteQueueOptions& options) {
  return {.path = options.path,
          .page_bytes = options.page_bytes,
          .wal_bytes_max = options.wal_bytes_max,
          .checkpoint_bytes = options.checkpoint_bytes,
          .last_id_at_least = 0};
}

std::string folder_of(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  return folder.empty() ? "." : folder.string();
}

class SqliteQueue final : public EventQueue, public Waiver, public SettlingHold, private WriterListener {
 public:
  SqliteQueue(SqliteQueueOptions options, QueueFile file)
      : options_(std::move(options)),
        clock_(*options_.clock),
        disk_(folder_of(options_.path), options_.disk_reserve_bytes),
        inbox_(options_.inbox_messages_max, options_.inbox_bytes_max),
        reader_(options_.path),
        shelf_(options_.cache_messages_max, options_.cache_bytes_max),
        leases_(static_cast<std::uint32_t>(base::random_seed())),
        waives_(options_.waives),
        depth_(file.depth()) {
    shelf_.committed({}, file.last_id());
    writer_.emplace(WriterOptions{file_options(options_), options_.messages_max, options_.thread_name}, std::move(file),
                    inbox_, disk_, static_cast<WriterListener&>(*this));
  }
  ~SqliteQueue() override { close(); }

  void enqueue(Message message, Done done) override {
    Incoming incoming{std::move(message), std::move(done)};
    const auto put = inbox_.put(incoming);
    if (put == QueueInbox::Put::closed) return incoming.done(closing());
    if (put == QueueInbox::Put::full) {
      incoming.done(base::fail(ErrorKind::full, "too many events wait for the queue's next commit", options_.path,
                               "Send again later; a disk that cannot keep up is the usual cause"));
    }
  }

  base::Result<std::vector<Lease>> receive(std::size_t messages_max, std::chrono::milliseconds wait,
                                           std::stop_token stop) override {
    const auto until = std::chrono::steady_clock::now() + wait;
    std::unique_lock lock(mutex_);
    for (;;) {
      if (closed_) return base::fail(closing().error());
      if (messages_max == 0 || stop.stop_requested()) return std::vector<Lease>();
      std::vector<LeaseBook::Loan> due;
      std::vector<Lease> leases = lend(messages_max, due);
      if (!due.empty()) {
        lock.unlock();
        if (auto read = read_due(due, leases); !read) return base::fail(std::move(read.error()));
        lock.lock();
      }
      if (!leases.empty()) return leases;
      if (may_load()) {
        if (auto loaded = load(lock); !loaded) return base::fail(std::move(loaded.error()));
        continue;
      }
      const auto left = until - std::chrono::steady_clock::now();
      if (left <= left.zero()) return leases;
      sleep(lock, left, stop);
    }
  }

  void acknowledge(std::vector<Receipt> receipts, Done done) override {
    Erasure erasure;
    erasure.done = std::move(done);
    {
      const std::lock_guard lock(mutex_);
      for (const Receipt& receipt : receipts) {
        if (leases_.settle(receipt.id, receipt.generation)) erasure.ids.push_back(receipt.id);
      }
      erasing_ += erasure.ids.size();
      erasure.waived = waives_;
    }
    if (erasure.ids.empty()) return erasure.done({});
    if (inbox_.put(erasure) == QueueInbox::Put::closed) erasure.done(closing());
  }

  void waive(bool waives) override {
    const std::lock_guard lock(mutex_);
    waives_ = waives;
  }

  base::Status hold_settling(std::chrono::milliseconds most) override {
    return writer_->hold_deletions(most, kWriteEndsMax);
  }
  bool end_hold() override { return writer_->end_hold(); }

  void release(const std::vector<Receipt>& receipts, std::chrono::milliseconds delay) override {
    const auto not_before = clock_.steady() + delay;
    change([&](const Receipt& r) { return leases_.give_back(r.id, r.generation, not_before); }, receipts);
  }

  void extend(const std::vector<Receipt>& receipts, std::chrono::milliseconds duration) override {
    const auto deadline = clock_.steady() + duration;
    change([&](const Receipt& r) { return leases_.extend(r.id, r.generation, deadline); }, receipts);
  }

  QueueStatus status() override {
    QueueStatus status;
    status.depth = static_cast<std::uint64_t>(std::max<std::int64_t>(0, depth_.load()));
    {
      const std::lock_guard lock(mutex_);
      status.in_flight = leases_.in_flight(clock_.steady());
      if (closed_) return status;
    }
    if (auto oldest = reader_.oldest(); oldest && *oldest) {
      const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - **oldest);
      status.oldest_age = std::max(age, age.zero());
    }
    status.trouble = writer_->trouble();
    if (auto space = disk_.check(); !space && !status.trouble) status.trouble = space.error();
    return status;
  }

  base::Result<Arrivals> count_arrivals() override {
    auto hours = reader_.arrivals();
    if (!hours) return base::fail(std::move(hours.error()));
    return Arrivals{.hours = std::move(*hours)};
  }

  base::Result<bool> visit(const ShowMessages& show) override {
    MessageReader reader(options_.path);  // its own connection: delivery never waits for us
    std::vector<Message> messages;
    for (std::int64_t after = 0; after < std::numeric_limits<std::int64_t>::max();) {
      auto page = reader.page(after, std::numeric_limits<std::int64_t>::max());
      if (!page) return base::fail(std::move(page.error()));
      after = page->read_to;
      messages.clear();
      for (StoredMessage& stored : page->messages) messages.push_back(std::move(stored.message));
      if (!messages.empty() && !show(messages)) break;
    }
    return true;
  }

  void close() override {
    const std::lock_guard closing_lock(close_mutex_);
    writer_->close();
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
      ++changes_;
    }
    changed_.notify_all();
    reader_.close();
  }

 private:
  base::Status closing() const {
    return base::fail(ErrorKind::cancelled, "the queue is closing", options_.path, "Send again later");
  }

  // Under the lock. First what is due again, then what was never lent.
  std::vector<Lease> lend(std::size_t messages_max, std::vector<LeaseBook::Loan>& due) {
    const auto now = clock_.steady();
    const auto deadline = now + options_.lease_timeout;
    due = leases_.lend_due(now, deadline, messages_max);
    std::vector<Lease> leases;
    std::size_t bytes = 0;
    while (!shelf_.empty() && due.size() + leases.size() < messages_max && has_room_to_lend()) {
      bytes += shelf_.front_bytes();
      if (bytes > kReceiveBytesMax && !leases.empty()) break;
      StoredMessage next = shelf_.take();
      const LeaseBook::Loan loan = leases_.lend(next.id, deadline);
      leases.push_back({std::move(next.message), {loan.id, loan.generation, {}}, loan.attempt, deadline});
    }
    return leases;
  }

  // Without the lock: fetches the bodies of messages that are lent again.
  base::Status read_due(const std::vector<LeaseBook::Loan>& due, std::vector<Lease>& leases) {
    const auto deadline = clock_.steady() + options_.lease_timeout;
    std::vector<Lease> again;
    for (const LeaseBook::Loan& loan : due) {
      auto stored = reader_.one(loan.id);
      if (!stored) {
        // Nothing was handed out: they fall due again when these loans run out.
        if (again.empty() && leases.empty()) return base::fail(std::move(stored.error()));
        break;
      }
      if (!*stored) {
        const std::lock_guard lock(mutex_);
        leases_.forget(loan.id);
        base::log::warn("A lent message is no longer in the queue's file").add("id", loan.id);
        continue;
      }
      again.push_back({std::move((*stored)->message), {loan.id, loan.generation, {}}, loan.attempt, deadline});
    }
    leases.insert(leases.begin(), std::make_move_iterator(again.begin()), std::make_move_iterator(again.end()));
    return {};
  }

  [[nodiscard]] bool has_room_to_lend() const { return leases_.size() + erasing_ < options_.lent_max; }
  [[nodiscard]] bool may_load() const { return shelf_.empty() && shelf_.behind() && !loading_ && has_room_to_lend(); }

  // Reads the next page; gives the lock back meanwhile.
  base::Status load(std::unique_lock<std::mutex>& lock) {
    loading_ = true;
    const std::int64_t after = shelf_.loaded_to();
    const std::int64_t up_to = shelf_.committed_to();
    lock.unlock();
    auto page = reader_.page(after, up_to);
    lock.lock();
    loading_ = false;
    ++changes_;
    changed_.notify_all();
    if (!page) return base::fail(std::move(page.error()));
    shelf_.loaded(std::move(page->messages), page->read_to);
    return {};
  }

  void sleep(std::unique_lock<std::mutex>& lock, std::chrono::steady_clock::duration left,
             const std::stop_token& stop) {
    if (const auto due = leases_.next_due(); due && *due > clock_.steady()) {
      left = std::min(left, *due - clock_.steady());
    }
    // Beyond this the sum with the present overflows.
    left = std::min<std::chrono::steady_clock::duration>(left, std::chrono::hours(24));
    ++sleepers_;
    changed_.wait_for(lock, stop, left, [this, seen = changes_] { return changes_ != seen; });
    --sleepers_;
  }

  template <class Change>
  void change(Change one, const std::vector<Receipt>& receipts) {
    {
      const std::lock_guard lock(mutex_);
      for (const Receipt& receipt : receipts) one(receipt);
      ++changes_;
    }
    changed_.notify_all();
  }

  void committed(std::span<Incoming> messages, std::int64_t committed_to, std::int64_t depth) override {
    depth_ = depth;
    bool wake = false;
    {
      const std::lock_guard lock(mutex_);
      shelf_.committed(messages, committed_to);
      ++changes_;
      wake = sleepers_ > 0;
    }
    if (wake) changed_.notify_all();
  }

  void erased(std::size_t ids) override {
    const std::lock_guard lock(mutex_);
    const bool was_full = !has_room_to_lend();
    erasing_ -= ids;
    if (!was_full) return;
    ++changes_;
    changed_.notify_all();
  }

  void file_closed() override { reader_.close(); }

  const SqliteQueueOptions options_;
  const base::Clock& clock_;
  DiskGuard disk_;
  QueueInbox inbox_;
  MessageReader reader_;

  std::mutex mutex_;
  std::condition_variable_any changed_;
  // All below: mutex_.
  Shelf shelf_;
  LeaseBook leases_;
  std::size_t erasing_ = 0;    // acknowledged, not yet deleted
  std::uint64_t changes_ = 0;  // moves whenever a sleeper should look again
  std::size_t sleepers_ = 0;
  bool waives_;  // goes with each acknowledgement, so that none is counted by a later state
  bool loading_ = false;
  bool closed_ = false;

  std::atomic<std::int64_t> depth_;
  std::mutex close_mutex_;
  std::optional<QueueWriter> writer_;  // last: its thread uses all of the above
};

base::Status check_options(const SqliteQueueOptions& options) {
  const bool power =
      options.page_bytes >= 512 && options.page_bytes <= 65'536 && (options.page_bytes & (options.page_bytes - 1)) == 0;
  if (!power) return base::fail(ErrorKind::invalid, "page_bytes is no power of two from 512 to 65536", options.path);
  if (options.lease_timeout <= options.lease_timeout.zero()) {
    return base::fail(ErrorKind::invalid, "lease_timeout must be above zero", options.path);
  }
  return {};
}

}  // namespace

base::Result<std::unique_ptr<EventQueue>> open_sqlite_queue(SqliteQueueOptions options) {
  if (auto sound = check_options(options); !sound) return base::fail(std::move(sound.error()));
  auto file = QueueFile::open(file_options(options));
  if (!file) return base::fail(std::move(file.error()));
  return std::make_unique<SqliteQueue>(std::move(options), std::move(*file));
}

}  // namespace twinshift::queue
