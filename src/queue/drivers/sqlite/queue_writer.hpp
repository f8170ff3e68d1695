// The one thread that writes and checkpoints a queue's file: group commit (what waits when a commit ends shares the
// next), small checkpoints, giving space back, and recovery from a full disk or an I/O error.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/backoff.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "queue/drivers/sqlite/deletion_gate.hpp"
#include "queue/drivers/sqlite/disk_guard.hpp"
#include "queue/drivers/sqlite/queue_file.hpp"
#include "queue/drivers/sqlite/queue_inbox.hpp"

namespace twinshift::queue {

// Told on the writer's thread, before those who wait are answered.
class WriterListener {
 public:
  virtual ~WriterListener() = default;
  // Everything up to `committed_to` is in the file; the bodies of `messages` may be moved out.
  virtual void committed(std::span<Incoming> messages, std::int64_t committed_to, std::int64_t depth) = 0;
  virtual void erased(std::size_t ids) = 0;
  // The file was closed after an I/O error: other connections to it must be, too.
  virtual void file_closed() = 0;
};

struct WriterOptions {
  FileOptions file;
  std::uint64_t messages_max = 0;
  std::string thread_name;
};

class QueueWriter {
 public:
  // `inbox`, `disk` and `listener` must live until close() has returned.
  QueueWriter(WriterOptions options, QueueFile file, QueueInbox& inbox, DiskGuard& disk, WriterListener& listener);
  ~QueueWriter();

  // Any thread. Why nothing can be written now.
  [[nodiscard]] std::optional<base::Error> trouble() const;

  // Any thread. See SettlingHold; `wait_max`: for a deletion under way. Closing ends a hold.
  base::Status hold_deletions(std::chrono::milliseconds most, std::chrono::milliseconds wait_max);
  bool end_hold();

  // Writes what is in the inbox, copies the log, closes the file, ends the thread. Idempotent; one thread at a time.
  void close();

 private:
  using Time = std::chrono::steady_clock::time_point;

  void run();
  [[nodiscard]] std::chrono::milliseconds pause() const;
  void round(WorkBatch batch);
  base::Status room_for(const WorkBatch& batch);
  base::Status write(std::span<Incoming> messages);
  void answer(std::vector<Incoming>& messages, const base::Status& status);
  void answer_erasures(const base::Status& status);

  void maintain();
  void maintain_idle();
  void fail(const base::Error& error);
  void recover();
  base::Status reopen();
  void set_trouble(std::optional<base::Error> trouble);
  void finish();

  const WriterOptions options_;
  QueueInbox& inbox_;
  DiskGuard& disk_;
  WriterListener& listener_;

  // The writer's thread alone.
  std::optional<QueueFile> file_;  // none after an I/O error, until it could be opened again
  std::int64_t last_id_ = 0;
  std::vector<Erasure> erasures_;  // deleted with the next transaction that succeeds
  bool tidy_ = false;              // nothing is left for idle moments
  Time next_look_{};               // at the free pages
  Time next_try_{};                // in trouble
  base::Backoff backoff_;
  base::Random random_;
  base::log::Throttle throttle_;

  DeletionGate deletions_;
  mutable std::mutex mutex_;
  std::optional<base::Error> trouble_;  // mutex_; written by the writer's thread alone
  std::jthread thread_;
};

}  // namespace twinshift::queue
