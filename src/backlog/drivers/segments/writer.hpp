// The one thread that writes a backlog's files: blocks of parked events, the journal of settled ones, new segments and
// their end; and what the budget allows.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "backlog/drivers/segments/block_format.hpp"
#include "backlog/drivers/segments/inbox.hpp"
#include "backlog/drivers/segments/journal.hpp"
#include "backlog/drivers/segments/ledger.hpp"
#include "backlog/drivers/segments/segment_backlog.hpp"
#include "backlog/growth.hpp"
#include "base/backoff.hpp"
#include "base/log.hpp"
#include "base/random.hpp"

namespace twinshift::backlog::segments {

class Writer {
 public:
  // All but `options` must live until close() has returned.
  Writer(const SegmentBacklogOptions& options, Position position, Journal journal, Inbox& inbox, Ledger& ledger);
  ~Writer();

  // Any thread. Why nothing can be written now.
  [[nodiscard]] std::optional<base::Error> trouble() const;
  [[nodiscard]] Growth growth() const;

  // Writes what is in the inbox, ends the thread. Idempotent; one thread at a time.
  void close();

 private:
  using Time = std::chrono::steady_clock::time_point;

  void run();
  [[nodiscard]] std::chrono::milliseconds pause() const;
  void round(Work& work);
  base::Status write_parks(const std::vector<ParkGroup>& parks);
  base::Status append_block(std::span<const event::EventPtr> events, std::string& buffer,
                            std::vector<BlockPlace>& places, bool bodies);
  base::Status write_buffer(const std::string& buffer, const std::vector<BlockPlace>& places);
  base::Status open_segment();
  void seal_segment();
  [[nodiscard]] bool bodies_allowed(std::uint64_t more_bytes);

  void look_for(std::uint32_t segment);
  void lose_file(std::uint32_t segment);
  base::Status write_settled();
  base::Status renew_journal();
  void answer_settled(const base::Status& status);
  void remove(const std::vector<Finished>& finished);
  void clear_away();

  // What failed waits longer and longer before it is tried again.
  struct Retry {
    std::optional<base::Error> error;
    Time next{};
    base::Backoff backoff;
    [[nodiscard]] bool blocked(Time now) const { return error && now < next; }
  };
  void outcome(Retry& retry, const base::Status& status);
  base::Status probe();
  void publish_trouble();
  void look_ahead();
  void finish();

  const SegmentBacklogOptions options_;
  Inbox& inbox_;
  Ledger& ledger_;

  // The writer's thread alone.
  Position position_;
  std::optional<Journal> journal_;  // none after a failed write, until it was written anew
  std::optional<DiskFile> file_;    // of the newest segment; none: the next block begins one
  std::uint32_t file_number_ = 0;
  std::uint64_t file_end_ = 0;
  std::size_t file_blocks_ = 0;
  std::uint64_t nonce_ = 0;
  BlockEncoder encoder_;
  std::vector<Settled> settled_;  // written with the next journal record that succeeds
  std::vector<EventRange> lost_;
  bool ids_only_ = false;
  Time free_asked_at_{};
  std::uint64_t free_bytes_ = 0;
  base::Random random_;
  Retry parking_;
  Retry settling_;
  base::log::Throttle throttle_;
  BudgetHerald herald_;

  mutable std::mutex mutex_;
  std::optional<base::Error> trouble_;  // mutex_; written by the writer's thread alone
  GrowthMeter meter_;                   // mutex_
  std::jthread thread_;
};

// <folder>/00000001.seg
std::string segment_path(const std::string& folder, std::uint32_t number);
std::string journal_path(const std::string& folder);
inline constexpr std::string_view kSegmentEnding = ".seg";
inline constexpr std::string_view kDamagedEnding = ".damaged";

}  // namespace twinshift::backlog::segments
