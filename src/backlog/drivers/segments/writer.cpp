#include "backlog/drivers/segments/writer.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/failpoint.hpp"
#include "base/ids.hpp"
#include "base/thread.hpp"

namespace twinshift::backlog::segments {
namespace {

using namespace std::chrono_literals;

constexpr base::BackoffLimits kRetry{100ms, 5000ms};
// While anything is owed: how often the growth is looked at.
constexpr auto kLookEvery = kGrowthStep;

}  // namespace

std::string segment_path(const std::string& folder, std::uint32_t number) {
  return fmt::format("{}/{:08}{}", folder, number, kSegmentEnding);
}

std::string journal_path(const std::string& folder) {
  return folder + "/settled.log";
}

Writer::Writer(const SegmentBacklogOptions& options, Position position, Journal journal, Inbox& inbox, Ledger& ledger)
    : options_(options),
      inbox_(inbox),
      ledger_(ledger),
      position_(position),
      journal_(std::move(journal)),
      random_(base::random_seed()),
      parking_{.error = {}, .next = {}, .backoff = base::Backoff(kRetry)},
      settling_{.error = {}, .next = {}, .backoff = base::Backoff(kRetry)},
      herald_(options.target) {
  look_ahead();
  thread_ = base::start_thread(options_.thread_name, [this](const std::stop_token&) { run(); });
}

Writer::~Writer() {
  close();
}

void Writer::close() {
  inbox_.close();
  if (thread_.joinable()) thread_.join();
}

std::optional<base::Error> Writer::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

Growth Writer::growth() const {
  const std::uint64_t owed = ledger_.owed();
  const std::uint64_t bytes = ledger_.bytes();
  const std::lock_guard lock(mutex_);
  return meter_.growth(options_.clock->steady(), owed, bytes, options_.bytes_max);
}

void Writer::run() {
  remove(ledger_.take_finished());  // settled before the last stop, which came before they were removed
  for (bool last = false; !last;) {
    Work work = inbox_.take(pause());
    last = work.closing;
    round(work);
  }
  finish();
}

std::chrono::milliseconds Writer::pause() const {
  std::chrono::milliseconds pause = std::chrono::milliseconds::max();
  if (ledger_.owed() > 0) pause = kLookEvery;
  for (const Retry* retry : {&parking_, &settling_}) {
    if (!retry->error) continue;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(retry->next - std::chrono::steady_clock::now());
    pause = std::min(pause, std::max<std::chrono::milliseconds>(left, 1ms));
  }
  return pause;
}

void Writer::round(Work& work) {
  std::ranges::move(work.settled, std::back_inserter(settled_));
  lost_.insert(lost_.end(), work.lost.begin(), work.lost.end());
  for (const std::uint32_t segment : work.gone) look_for(segment);
  if (file_ && file_->deleted()) lose_file(file_number_);
  const Time now = std::chrono::steady_clock::now();
  // Settling goes first: it gives room.
  if (!settling_.blocked(now)) outcome(settling_, write_settled());
  base::Status parked;
  if (parking_.blocked(now)) {
    parked = base::fail(*parking_.error);
  } else if (!work.parks.empty() || parking_.error) {
    parked = work.parks.empty() ? probe() : write_parks(work.parks);
    outcome(parking_, parked);
  }
  inbox_.written(work);
  for (ParkGroup& group : work.parks) group.done(parked);
  look_ahead();
}

// A segment whose file was not found. Where the journal is not found either it is the folder that is away, and nothing
// is known of its files.
void Writer::look_for(std::uint32_t segment) {
  if (!is_missing(segment_path(options_.folder, segment))) return;
  if (!is_missing(journal_path(options_.folder))) return lose_file(segment);
  if (const auto count = throttle_.pass("the folder is away", std::chrono::steady_clock::now())) {
    base::log::error("The backlog's folder is away: its events stay owed")
        .add("target", options_.target)
        .add("count", *count)
        .add("folder", options_.folder)
        .add("hint", "Bring it back where it was: the disk may no longer be mounted");
  }
}

// Deleted while we run: as at a start, what is owed of it is lost. What a lane has in its hands is not, yet.
void Writer::lose_file(std::uint32_t segment) {
  if (file_ && segment == file_number_) seal_segment();
  const std::vector<EventRange> ranges = ledger_.lose_file(segment);
  if (ranges.empty()) return;
  std::int64_t lost = 0;
  for (const EventRange& range : ranges) lost += range.count;
  lost_.insert(lost_.end(), ranges.begin(), ranges.end());
  base::log::error("Events of the backlog are lost: their file is gone")
      .add("target", options_.target)
      .add("file", segment_path(options_.folder, segment))
      .add("lost", lost)
      .add("firstNumber", ranges.front().first)
      .add("lastNumber", ranges.back().first + ranges.back().count - 1)
      .add("hint", "Look who deletes files in the backlog's folder; compare both targets afterwards");
}

// Whether the disk takes something again, while nobody parks.
base::Status Writer::probe() {
  if (!file_) {
    if (auto opened = open_segment(); !opened) return opened;
  }
  return file_->sync();
}

base::Status Writer::write_settled() {
  if (settled_.empty() && lost_.empty() && journal_) return {};
  std::vector<std::int64_t> events;
  for (const Settled& each : settled_) events.insert(events.end(), each.events.begin(), each.events.end());
  std::vector<EventRange> ranges = ranges_of(std::move(events));
  if (!journal_ || journal_->full()) {
    if (auto renewed = renew_journal(); !renewed) return renewed;
  }
  base::failpoint(base::Failpoint::backlog_segments_settle_before);
  if (auto written = journal_->append(ranges, lost_, position_); !written) {
    journal_.reset();
    return written;
  }
  base::failpoint(base::Failpoint::backlog_segments_settle_after);
  ledger_.count_lost(lost_);
  ranges.insert(ranges.end(), lost_.begin(), lost_.end());
  lost_.clear();
  remove(ledger_.settle(ranges));
  answer_settled({});
  clear_away();
  return {};
}

base::Status Writer::renew_journal() {
  auto journal = Journal::create(journal_path(options_.folder), ledger_.journal_content(position_));
  if (!journal) return base::fail(std::move(journal.error()));
  journal_ = std::move(*journal);
  return {};
}

void Writer::answer_settled(const base::Status& status) {
  for (Settled& each : settled_) {
    if (each.done) each.done(status);
  }
  settled_.clear();
}

void Writer::remove(const std::vector<Finished>& finished) {
  for (const Finished& each : finished) {
    base::failpoint(base::Failpoint::backlog_segments_remove_before);
    const base::Status done =
        each.damaged ? rename_file(each.path, each.path + std::string(kDamagedEnding)) : remove_file(each.path);
    if (!done) {
      base::log::warn("A settled segment of the backlog stays on the disk until the next start").add(done.error());
    } else if (each.damaged) {
      base::log::warn("A damaged segment of the backlog is kept aside; all of it that could be read has landed")
          .add("file", each.path + std::string(kDamagedEnding));
    }
  }
}

// A newest segment of which nothing is owed any more goes, too, once it is worth it.
void Writer::clear_away() {
  constexpr std::uint64_t kWorthIt = 1'000'000;
  if (!file_ || file_end_ < std::min(kWorthIt, options_.segment_bytes_max) || ledger_.owed() > 0) return;
  seal_segment();
  remove(ledger_.take_finished());
}

void Writer::outcome(Retry& retry, const base::Status& status) {
  if (!status) {
    if (const auto count = throttle_.pass(status.error().message, std::chrono::steady_clock::now())) {
      base::log::error("The backlog cannot be written")
          .add("target", options_.target)
          .add("count", *count)
          .add(status.error());
    }
    retry.error = status.error();
    retry.next = std::chrono::steady_clock::now() + retry.backoff.next(random_);
    return publish_trouble();
  }
  if (!retry.error) return;
  retry.error.reset();
  retry.backoff.reset();
  base::log::info("The backlog can be written again").add("target", options_.target);
  publish_trouble();
}

void Writer::publish_trouble() {
  const std::lock_guard lock(mutex_);
  trouble_ = parking_.error ? parking_.error : settling_.error;
}

void Writer::look_ahead() {
  const std::uint64_t owed = ledger_.owed();
  const std::uint64_t bytes = ledger_.bytes();
  const auto now = options_.clock->steady();
  Growth growth;
  {
    const std::lock_guard lock(mutex_);
    meter_.sample(now, owed, bytes);
    growth = meter_.growth(now, owed, bytes, options_.bytes_max);
  }
  if (owed == 0) ids_only_ = false;
  herald_.tell(now, growth, bytes, options_.bytes_max, !ids_only_);
}

void Writer::finish() {
  if (!settled_.empty() || !lost_.empty() || !journal_) {
    if (auto settled = write_settled(); !settled) answer_settled(settled);
  }
  if (!journal_) return;
  // Where the log ends: a file that is cut short later is then noticed.
  (void)journal_->append({}, {}, position_);
  seal_segment();
  remove(ledger_.take_finished());
}

}  // namespace twinshift::backlog::segments
