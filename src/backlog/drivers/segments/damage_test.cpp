// Files that are cut short or changed: never a crash, never another event than was parked, and what is sound is served.
#include <algorithm>
#include <set>

#include <gmock/gmock.h>

#include "backlog/drivers/segments/segments_fixture.hpp"
#include "base/log.hpp"
#include "tests/support/wait_until.hpp"

namespace twinshift::backlog::segments {
namespace {

using namespace std::chrono_literals;

class DamageTest : public SegmentsTest {
 protected:
  DamageTest() { base::log::set_level(base::log::Level::silent); }
  ~DamageTest() override { base::log::set_level(base::log::Level::info); }

  // Three blocks of three, two and two events.
  void make_sound() {
    open();
    ASSERT_TRUE(park(*backlog_, events_of(1, 3)));
    ASSERT_TRUE(park(*backlog_, events_of(4, 2)));
    ASSERT_TRUE(park(*backlog_, events_of(6, 2)));
    TempFolder aside;
    std::filesystem::copy(options_.folder, aside.backlog());
    journal_ = read_file(journal_path(aside.backlog()));
    backlog_.reset();
    sound_ = read_file(segment(1));
  }
  void open_with(const std::string& bytes, bool with_journal) {
    backlog_.reset();
    std::filesystem::remove_all(options_.folder);
    std::filesystem::create_directory(options_.folder);
    write_file(segment(1), bytes);
    if (with_journal) write_file(journal_path(options_.folder), journal_);
    open();
  }
  // Each event that is served is one of those parked, and comes once.
  std::set<std::string> drain() {
    const std::vector<std::string> known = jsons(1, 7);
    std::set<std::string> served;
    for (auto leases = receive(*backlog_); !leases.empty(); leases = receive(*backlog_)) {
      for (const std::string& body : bodies(leases)) {
        EXPECT_TRUE(std::ranges::find(known, body) != known.end()) << body;
        EXPECT_TRUE(served.insert(body).second) << body;
      }
    }
    return served;
  }
  std::string sound_;
  std::string journal_;
};

TEST_F(DamageTest, ATornTailIsCutAtEveryByte) {
  make_sound();
  std::vector<std::size_t> ends;
  {
    auto file = DiskFile::open(segment(1));
    const auto scan = scan_segment(*file);
    ASSERT_TRUE(scan);
    for (const BlockPlace& place : scan->blocks) ends.push_back(place.end);
  }
  ASSERT_EQ(ends.size(), 3U);
  const std::vector<std::size_t> events_to{3, 5, 7};
  for (std::size_t size = 0; size <= sound_.size(); ++size) {
    // The journal knows nothing: the last writes never ended.
    open_with(sound_.substr(0, size), false);
    std::size_t expected = 0;
    for (std::size_t i = 0; i < ends.size(); ++i) expected = size >= ends[i] ? events_to[i] : expected;
    ASSERT_EQ(drain().size(), expected) << size;
    ASSERT_EQ(storage().lost, 0U) << size;
    ASSERT_EQ(storage().damaged_files, 0U) << size;
    // And the log goes on.
    if (size % 50 != 0) continue;
    ASSERT_TRUE(park(*backlog_, {event_of(7)}));
    ASSERT_EQ(bodies(receive(*backlog_)), jsons(7, 1));
  }
}

// After a loss of power a head may be on the disk without what follows it.
TEST_F(DamageTest, ABlockWithoutItsBodyWasNeverDurable) {
  make_sound();
  BlockPlace last;
  {
    auto file = DiskFile::open(segment(1));
    last = scan_segment(*file)->blocks.back();
  }
  std::string torn = sound_;
  const std::size_t body_at = last.at + kBlockHeaderBytes + last.header.index_bytes;
  std::fill_n(torn.begin() + static_cast<std::ptrdiff_t>(body_at), last.header.body_bytes, '\0');
  open_with(torn, false);
  EXPECT_EQ(drain().size(), 5U);
  EXPECT_EQ(storage().ids_only + storage().lost + storage().damaged_files, 0U);
  open_with(torn, true);
  EXPECT_EQ(drain().size(), 5U);
  EXPECT_EQ(storage().ids_only, 2U);
}

// The same where it is known that all of it was durable: nothing goes without being counted.
TEST_F(DamageTest, WhatWasDurableAndIsGoneIsCounted) {
  make_sound();
  for (std::size_t size = 0; size < sound_.size(); size += 3) {
    open_with(sound_.substr(0, size), true);
    const std::size_t served = drain().size();
    ASSERT_TRUE(tests::wait_until([&] { return served + storage().lost + storage().ids_only == 7; }))
        << size << " served " << served << " lost " << storage().lost << " ids " << storage().ids_only;
    ASSERT_TRUE(size >= sound_.size() - kBlockHeaderBytes || storage().damaged_files == 1) << size;
    // Published by another thread's look, a moment later.
    ASSERT_TRUE(tests::wait_until([&] { return backlog_->status().owed == served + storage().ids_only; }))
        << size << " owed " << backlog_->status().owed << " served " << served << " ids " << storage().ids_only;
  }
}

TEST_F(DamageTest, AFlippedByteAnywhereCostsNoNeighbour) {
  make_sound();
  for (std::size_t at = 0; at < sound_.size(); ++at) {
    std::string damaged = sound_;
    damaged[at] = static_cast<char>(damaged[at] ^ (at % 2 == 0 ? 0x10 : 0xFF));
    open_with(damaged, true);
    const std::size_t served = drain().size();
    const StorageStatus now = storage();
    ASSERT_EQ(now.lost, 0U) << at;
    ASSERT_EQ(served + now.ids_only, 7U) << at;
    ASSERT_GE(served, 4U) << at << ": the other blocks";
  }
}

TEST_F(DamageTest, ADamagedSegmentIsKeptAsideOnceItIsSettled) {
  make_sound();
  std::string damaged = sound_;
  damaged[kFileHeaderBytes + 20] ^= 1;  // in the head of the first block: the foot tells the same
  open_with(damaged, true);
  const auto leases = receive(*backlog_);
  EXPECT_EQ(bodies(leases), jsons(1, 7));
  EXPECT_EQ(storage().damaged_files, 1U);
  ASSERT_TRUE(acknowledge(*backlog_, leases));
  EXPECT_EQ(backlog_->status().owed, 0U);
  EXPECT_TRUE(std::filesystem::exists(segment(1) + ".damaged"));
  open();
  EXPECT_EQ(storage().damaged_files, 1U);
  ASSERT_TRUE(park(*backlog_, events_of(1, 1)));
  EXPECT_FALSE(std::filesystem::exists(segment(1)));
}

// Bytes that went missing in the middle: the blocks behind them stand elsewhere than expected.
TEST_F(DamageTest, BlocksBehindAGapAreFound) {
  make_sound();
  for (const std::size_t gone : {1U, 7U, 100U}) {
    std::string damaged = sound_;
    damaged.erase(kFileHeaderBytes + kBlockHeaderBytes + 3 * kEntryBytes + 40, gone);
    open_with(damaged, true);
    const auto served = drain();
    EXPECT_TRUE(std::ranges::includes(served, jsons(4, 4))) << gone;
    EXPECT_TRUE(tests::wait_until([&] { return served.size() + storage().lost + storage().ids_only == 7; })) << gone;
  }
}

TEST_F(DamageTest, ALossIsCountedOnce) {
  make_sound();
  std::string damaged = sound_;
  // Head and foot of the second block.
  auto file = DiskFile::open(segment(1));
  const auto scan = scan_segment(*file);
  const BlockPlace second = scan->blocks[1];
  damaged[second.at + 9] ^= 1;
  damaged[second.end - 9] ^= 1;
  open_with(damaged, true);
  EXPECT_EQ(storage().lost, 2U);
  EXPECT_EQ(backlog_->status().owed, 5U);
  open();
  EXPECT_EQ(storage().lost, 2U) << "the file is still there";
  EXPECT_EQ(backlog_->status().owed, 5U);
  EXPECT_EQ(drain().size(), 5U);
  backlog_.reset();
  std::filesystem::remove(segment(1));
  open();
  EXPECT_EQ(storage().lost, 5U) << "the others; those two were told before";
}

// Segments are settled in any order, and deleted when they are: the journal goes on telling where an older one ends.
TEST_F(DamageTest, WhatWasSettledBehindAnOlderSegmentIsNotLostWithIt) {
  options_.segment_bytes_max = 1;
  open();
  for (int number = 1; number <= 3; ++number) ASSERT_TRUE(park(*backlog_, {event_of(number)}));
  auto leases = receive(*backlog_);
  std::erase_if(leases, [](const queue::Lease& lease) { return lease.message.body == json_of(1); });
  ASSERT_EQ(leases.size(), 2U);
  ASSERT_TRUE(acknowledge(*backlog_, leases));
  open();
  ASSERT_TRUE(park(*backlog_, {event_of(4)}));
  ASSERT_TRUE(acknowledge(*backlog_, receive(*backlog_, 1)));
  ASSERT_FALSE(std::filesystem::exists(segment(1)));
  open();
  EXPECT_EQ(storage().lost, 0U);
  EXPECT_EQ(bodies(receive(*backlog_)), jsons(4, 1));
}

TEST_F(DamageTest, AFileThatIsGoneIsCounted) {
  make_sound();
  open_with(sound_, true);
  ASSERT_TRUE(acknowledge(*backlog_, receive(*backlog_, 2)));
  backlog_.reset();
  std::filesystem::remove(segment(1));
  open();
  EXPECT_EQ(storage().lost, 5U);
  EXPECT_EQ(backlog_->status().owed, 0U);
}

TEST_F(DamageTest, ADamagedJournalOnlyBringsEventsAgain) {
  make_sound();
  open();
  ASSERT_TRUE(acknowledge(*backlog_, receive(*backlog_, 2)));
  TempFolder aside;
  std::filesystem::copy(options_.folder, aside.backlog());
  const std::string segment_bytes = read_file(segment_path(aside.backlog(), 1));
  const std::string sound_journal = read_file(journal_path(aside.backlog())).substr(0, 200);
  for (std::size_t at = 0; at < sound_journal.size(); ++at) {
    journal_ = sound_journal;
    journal_[at] ^= 2;
    open_with(segment_bytes, true);
    const std::size_t served = drain().size();
    ASSERT_TRUE(served == 5 || served == 7) << at << ": " << served;
  }
  journal_ = sound_journal;
  open_with(segment_bytes, true);
  EXPECT_EQ(drain().size(), 5U);
}

TEST_F(DamageTest, ANewerFormatIsRefusedByName) {
  make_sound();
  std::string newer = encode(FileHeader{.version = 2, .number = 1, .nonce = 1, .first = 1});
  write_file(segment(1), newer);
  const auto opened = open_segment_backlog(options_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, base::ErrorKind::conflict);
}

}  // namespace
}  // namespace twinshift::backlog::segments
