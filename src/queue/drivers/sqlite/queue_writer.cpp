#include "queue/drivers/sqlite/queue_writer.hpp"

#include <algorithm>
#include <utility>

#include "base/ids.hpp"
#include "base/thread.hpp"

namespace twinshift::queue {
namespace {

using namespace std::chrono_literals;

// After this long without work the log is copied and free pages are given back.
constexpr auto kIdleAfter = 200ms;

constexpr std::int64_t kGiveBackPagesIdle = 512;
// Under load: how often the free pages are looked at, and how many go back at a time.
constexpr auto kLookEvery = 50ms;
constexpr std::int64_t kGiveBackPagesBusy = 256;
constexpr base::BackoffLimits kRetry{100ms, 5000ms};

std::vector<IdRange> ranges_of(const std::vector<Erasure>& erasures) {
  struct Erased {
    std::int64_t id;
    bool waived;
  };
  std::vector<Erased> all;
  for (const Erasure& erasure : erasures) {
    for (const std::int64_t id : erasure.ids) all.push_back({id, erasure.waived});
  }
  std::ranges::sort(all, {}, &Erased::id);
  std::vector<IdRange> ranges;
  for (const Erased& each : all) {
    if (!ranges.empty() && each.id <= ranges.back().last + 1 && each.waived == ranges.back().waived) {
      ranges.back().last = each.id;
    } else {
      ranges.push_back({each.id, each.id, each.waived});
    }
  }
  return ranges;
}

}  // namespace

QueueWriter::QueueWriter(WriterOptions options, QueueFile file, QueueInbox& inbox, DiskGuard& disk,
                         WriterListener& listener)
    : options_(std::move(options)),
      inbox_(inbox),
      disk_(disk),
      listener_(listener),
      file_(std::move(file)),
      last_id_(file_->last_id()),
      backoff_(kRetry),
      random_(base::random_seed()) {
  thread_ = base::start_thread(options_.thread_name, [this](const std::stop_token&) { run(); });
}

QueueWriter::~QueueWriter() {
  close();
}

void QueueWriter::close() {
  inbox_.close();
  if (thread_.joinable()) thread_.join();
}

base::Status QueueWriter::hold_deletions(std::chrono::milliseconds most, std::chrono::milliseconds wait_max) {
  return deletions_.shut(most, wait_max);
}

bool QueueWriter::end_hold() {
  const bool kept = deletions_.open();
  inbox_.wake();
  return kept;
}

std::optional<base::Error> QueueWriter::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

void QueueWriter::set_trouble(std::optional<base::Error> trouble) {
  const std::lock_guard lock(mutex_);
  trouble_ = std::move(trouble);
}

void QueueWriter::run() {
  for (;;) {
    WorkBatch batch = inbox_.take(pause());
    const bool last = batch.closing && batch.messages.empty();
    const bool idle = batch.empty();
    round(std::move(batch));
    if (last) break;
    if (idle && !tidy_) maintain_idle();
  }
  finish();
}

std::chrono::milliseconds QueueWriter::pause() const {
  if (trouble_) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next_try_ - std::chrono::steady_clock::now());
    return std::max(left, 1ms);
  }
  if (!erasures_.empty()) return deletions_.time_left();
  return tidy_ ? std::chrono::milliseconds::max() : kIdleAfter;
}

void QueueWriter::round(WorkBatch batch) {
  std::ranges::move(batch.erasures, std::back_inserter(erasures_));
  if (trouble_ && std::chrono::steady_clock::now() >= next_try_) recover();

  base::Status room = room_for(batch);
  base::Status done = room;
  bool wrote = false;
  if (!trouble_ && ((room && !batch.messages.empty()) || (!erasures_.empty() && !deletions_.is_shut()))) {
    const auto written = write(room ? std::span(batch.messages) : std::span<Incoming>());
    if (!written) fail(written.error());
    if (room) done = written;
    wrote = written.has_value();
  }
  inbox_.written(batch);
  answer(batch.messages, done);
  // After the answers: a checkpoint must not keep senders waiting whose events are durable.
  if (wrote) maintain();
}

// Errors are what the senders are told.
base::Status QueueWriter::room_for(const WorkBatch& batch) {
  if (batch.messages.empty()) return {};
  if (trouble_) return base::fail(*trouble_);
  if (auto space = disk_.check(); !space) return space;
  const auto depth = static_cast<std::uint64_t>(std::max<std::int64_t>(0, file_->depth()));
  if (options_.messages_max != 0 && depth + batch.messages.size() > options_.messages_max) {
    return base::fail(base::ErrorKind::full,
                      "the queue holds its bound of " + std::to_string(options_.messages_max) + " messages",
                      options_.file.path, "It takes more as soon as what it holds has been delivered");
  }
  return {};
}

base::Status QueueWriter::write(std::span<Incoming> messages) {
  const GatePass pass(deletions_, !erasures_.empty());
  const std::vector<IdRange> ranges = pass.given() ? ranges_of(erasures_) : std::vector<IdRange>();
  if (auto written = file_->write(messages, ranges); !written) return written;
  last_id_ = file_->last_id();
  tidy_ = false;
  listener_.committed(messages, last_id_, file_->depth());
  if (pass.given()) answer_erasures({});
  return {};
}

void QueueWriter::answer(std::vector<Incoming>& messages, const base::Status& status) {
  for (Incoming& incoming : messages) incoming.done(status);
}

void QueueWriter::answer_erasures(const base::Status& status) {
  for (Erasure& erasure : erasures_) {
    if (status) listener_.erased(erasure.ids.size());
    if (erasure.done) erasure.done(status);
  }
  erasures_.clear();
}

void QueueWriter::maintain() {
  if (auto copied = file_->checkpoint(false); !copied) return fail(copied.error());
  const auto now = std::chrono::steady_clock::now();
  if (now < next_look_) return;
  next_look_ = now + kLookEvery;
  if (auto given = file_->give_back(kGiveBackPagesBusy, false); !given) fail(given.error());
}

void QueueWriter::maintain_idle() {
  if (trouble_) return;
  for (bool more = true; more && !inbox_.has_work();) {
    auto given = file_->give_back(kGiveBackPagesIdle, true);
    if (!given) return fail(given.error());
    more = *given;
    if (auto copied = file_->checkpoint(!more); !copied) return fail(copied.error());
    tidy_ = !more;
  }
}

void QueueWriter::fail(const base::Error& error) {
  if (const auto count = throttle_.pass(error.message, std::chrono::steady_clock::now())) {
    base::log::error("The queue's file cannot be written").add("count", *count).add(error);
  }
  const bool first = !trouble_;
  set_trouble(error);
  next_try_ = std::chrono::steady_clock::now() + backoff_.next(random_);
  if (error.kind != base::ErrorKind::full) {
    // After an I/O error nothing this connection holds in memory is to be trusted.
    file_.reset();
    listener_.file_closed();
    return;
  }
  if (!first) return;
  // A full disk: deleting needs little room, and the log's own can be used again once it is copied.
  (void)file_->checkpoint(true);
  if (!erasures_.empty()) (void)write({});
}

void QueueWriter::recover() {
  const auto again = [this](const base::Error& error) {
    set_trouble(error);
    next_try_ = std::chrono::steady_clock::now() + backoff_.next(random_);
  };
  if (!file_) {
    if (auto opened = reopen(); !opened) return again(opened.error());
  } else if (auto copied = file_->checkpoint(true); !copied) {
    return fail(copied.error());
  }
  // With what is to be deleted, if anything: settling goes before taking in.
  if (auto written = write({}); !written) return fail(written.error());
  set_trouble(std::nullopt);
  backoff_.reset();
  base::log::info("The queue's file can be written again").add("path", options_.file.path);
}

base::Status QueueWriter::reopen() {
  FileOptions options = options_.file;
  options.last_id_at_least = last_id_;
  auto file = QueueFile::open(options);
  if (!file) return base::fail(std::move(file.error()));
  if (auto sound = file->quick_check(); !sound) return sound;
  file_ = std::move(*file);
  return {};
}

void QueueWriter::finish() {
  (void)deletions_.open();
  if (trouble_) recover();
  if (!trouble_ && !erasures_.empty()) {
    if (auto written = write({}); !written) fail(written.error());
  }
  if (trouble_) answer_erasures(base::fail(*trouble_));
  if (file_) {
    if (auto copied = file_->checkpoint_for_closing(); !copied) {
      base::log::warn("The queue's log stays beside its file until the next start").add(copied.error());
    }
  }
  file_.reset();
}

}  // namespace twinshift::queue
