#include "journal/search.hpp"

#include <random>

#include "journal/bytes.hpp"
#include "journal/journal_fixture.hpp"

namespace twinshift::journal {
namespace {

std::string landed_block(std::uint64_t first, std::size_t rows, const std::string& target, std::int64_t seconds) {
  std::vector<LandedEvent> events;
  for (std::size_t i = 0; i < rows; ++i) events.push_back({id_of(first + i), i % 2 == 0});
  return encode_landed(at(seconds), {target, "batch-" + std::to_string(seconds), "statement", false, false}, events);
}

class Search : public JournalTest {
 protected:
  [[nodiscard]] History find(std::uint64_t number) const {
    return find_histories(folder(), {id_of(number)}).value().events.at(0);
  }
};

TEST_F(Search, FindsAllThatHappenedToAnEvent) {
  put_file(1, received_block(1, 100, 10) + landed_block(1, 100, "primary", 11));
  put_file(2, encode_listed(Kind::parked, at(12), "secondary", std::vector{id_of(8), id_of(7)}) +
                  landed_block(1, 100, "secondary", 13) +
                  encode_listed(Kind::quarantined, at(14), "x", std::vector{id_of(7)}));
  const History found = find(7);
  ASSERT_EQ(found.deliveries.size(), 1U);
  EXPECT_EQ(found.deliveries[0].message_id, message_of(7));
  EXPECT_EQ(found.deliveries[0].at, at(10));
  EXPECT_EQ(found.deliveries[0].received_at, at(9));
  EXPECT_EQ(found.deliveries[0].event_at, at(-50));
  ASSERT_EQ(found.landings.size(), 2U);
  EXPECT_EQ(found.landings[0].target, "secondary");  // the newest first
  EXPECT_EQ(found.landings[1].batch_id, "batch-11");
  EXPECT_EQ(found.landings[1].writing, Writing::inserted);
  EXPECT_EQ(find(8).landings[1].writing, Writing::duplicate);
  ASSERT_EQ(found.parked.size(), 1U);
  EXPECT_EQ(found.parked[0].at, at(12));
  ASSERT_EQ(found.quarantined.size(), 1U);
  EXPECT_FALSE(found.cut);
  EXPECT_TRUE(find(101).empty());
}

TEST_F(Search, AnswersByTheOrderAskedForAndSaysWhatItWentThrough) {
  put_file(1, received_block(1, 100, 10));
  put_file(2, received_block(101, 50, 20));
  const auto found = find_histories(folder(), {id_of(150), id_of(999), id_of(1)}).value();
  ASSERT_EQ(found.events.size(), 3U);
  EXPECT_EQ(found.events[0].event, id_of(150));
  EXPECT_TRUE(found.events[1].empty());
  EXPECT_EQ(found.events[2].deliveries[0].message_id, message_of(1));
  EXPECT_EQ(found.coverage.since, at(10));
  EXPECT_EQ(found.coverage.received, 150U);
  EXPECT_EQ(found.coverage.foreign_bytes, 0U);
}

TEST_F(Search, FindsEventsByMessageAndByInstall) {
  put_file(1, received_block(1, 100, 10));
  EXPECT_EQ(find_events(folder(), message_of(42), 20).value().events, std::vector{id_of(42)});
  EXPECT_EQ(find_events(folder(), "install-43", 20).value().events, std::vector{id_of(43)});
  EXPECT_TRUE(find_events(folder(), "install-400", 20).value().events.empty());
  EXPECT_TRUE(find_events(folder(), "", 20).value().events.empty());
}

TEST_F(Search, OfManyEventsOfAnInstallTheNewestAreToldOnceEach) {
  const auto block = [](std::vector<std::uint64_t> numbers) {
    std::vector<Received> rows;
    for (const std::uint64_t number : numbers)
      rows.push_back({id_of(number), "m", at(1), at(1), install_hash_of("one")});
    return encode_received(at(2), rows);
  };
  put_file(1, block({1, 2, 3}));
  put_file(2, block({4, 5, 4}));
  const auto all = find_events(folder(), "one", 20).value();
  EXPECT_EQ(all.events, (std::vector{id_of(4), id_of(5), id_of(3), id_of(2), id_of(1)}));
  EXPECT_FALSE(all.cut);
  const auto some = find_events(folder(), "one", 3).value();
  EXPECT_EQ(some.events, (std::vector{id_of(4), id_of(5), id_of(3)}));
  EXPECT_TRUE(some.cut);
}

TEST_F(Search, AnEventThatCameOftenIsToldUpToABound) {
  std::string blocks;
  for (std::int64_t i = 0; i < 50; ++i) blocks += received_block(1, 1, i);
  put_file(1, blocks);
  put_file(2, received_block(1, 1, 100));
  const History found = find(1);
  ASSERT_EQ(found.deliveries.size(), kEntriesMax);
  EXPECT_EQ(found.deliveries[0].at, at(100));
  EXPECT_EQ(found.deliveries[1].at, at(49));
  EXPECT_TRUE(found.cut);
}

TEST_F(Search, NoFolderAndAnEmptyOne) {
  EXPECT_EQ(find_histories(folder(), {id_of(1)}).error().kind, base::ErrorKind::not_found);
  std::filesystem::create_directories(folder());
  EXPECT_EQ(find_histories(folder(), {id_of(1)}).value().coverage.since, base::WallTime{});
}

TEST_F(Search, ForeignFilesArePassedOver) {
  put_file(1, "not ours at all");
  put_file(2, std::string(3'000'000, '\0'));
  put_file(3, "");
  put_file(4, received_block(1, 10));
  std::filesystem::create_directories(folder() / "00000005.log");
  std::filesystem::create_symlink("/etc/passwd", folder() / "00000006.log");
  std::ofstream(folder() / "99999999999999999999999.log") << received_block(11, 1);
  const auto found = find_histories(folder(), {id_of(5), id_of(11)}).value();
  EXPECT_FALSE(found.events[0].empty());
  EXPECT_TRUE(found.events[1].empty());
  EXPECT_EQ(found.coverage.foreign_bytes, 3'000'015U);
}

TEST_F(Search, BehindATornOrDamagedBlockTheNextOneIsFound) {
  const std::string first = received_block(1, 10);
  const std::string second = received_block(11, 10);
  std::string damaged = first;
  damaged[4] = 'x';
  put_file(1, damaged + second + first.substr(0, 100));
  EXPECT_FALSE(find(15).empty());
  EXPECT_TRUE(find(5).empty());

  std::string changed = first;
  changed[kHeadBytes + 9 * kIdBytes + 1] = 'x';  // another event's id
  put_file(1, changed + second);
  const auto found = find_histories(folder(), {id_of(5), id_of(15)}).value();
  EXPECT_TRUE(found.events[0].empty());
  EXPECT_FALSE(found.events[1].empty());
  EXPECT_EQ(found.coverage.damaged_blocks, 1U);
}

TEST_F(Search, BlocksThatLieAcrossWindowsAreFound) {
  std::string blocks;
  std::uint64_t events = 0;
  for (; blocks.size() < 2 * kWindowBytes + 1'000; events += 100) blocks += received_block(events, 100);
  put_file(1, blocks);
  const auto found = find_histories(folder(), {id_of(0), id_of(events / 2), id_of(events - 1)}).value();
  EXPECT_EQ(found.coverage.received, events);
  for (const History& each : found.events) EXPECT_EQ(each.deliveries.size(), 1U);
}

// Any change of a journal is survived, and what is found was written so.
TEST_F(Search, ChangedAtRandomItNeverTellsWhatWasNot) {
  std::mt19937_64 random(20261127);
  const std::string sound = received_block(1, 40, 10) + landed_block(1, 40, "primary", 11) +
                            encode_listed(Kind::parked, at(12), "secondary", std::vector{id_of(7)}) +
                            landed_block(1, 40, "secondary", 13);
  for (int round = 0; round < 600; ++round) {
    std::string changed = sound;
    for (std::uint64_t n = random() % 4 + 1; n > 0; --n) {
      const std::size_t place = random() % changed.size();
      switch (random() % 3) {
        case 0:
          changed[place] = static_cast<char>(random());
          break;
        case 1:
          changed.erase(place, random() % 200);
          break;
        default:
          changed.insert(place, changed.substr(random() % changed.size(), random() % 200));
      }
    }
    put_file(1, changed);
    const History found = find(7);
    for (const Delivery& each : found.deliveries) EXPECT_EQ(each.message_id, message_of(7));
    for (const Landing& each : found.landings) {
      EXPECT_TRUE(each.target == "primary" || each.target == "secondary") << round;
      EXPECT_EQ(each.writing, Writing::inserted);
    }
    for (const Passing& each : found.parked) EXPECT_EQ(each.target, "secondary");
  }
}

// A hostile file may hold any body under sound checksums.
TEST_F(Search, HostileBodiesDoNoHarm) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 600; ++round) {
    std::string block = round % 2 == 0 ? received_block(1, 5) : landed_block(1, 5, "primary", 11);
    for (std::size_t i = kHeadBytes + 5 * kIdBytes; i < block.size(); ++i) block[i] = static_cast<char>(random());
    std::string sum;
    put(sum, checksum(std::string_view(block).substr(kHeadBytes)));
    block.replace(20, 4, sum);
    sum.clear();
    put(sum, checksum(std::string_view(block).substr(0, kHeadBytes - 4)));
    block.replace(kHeadBytes - 4, 4, sum);
    put_file(1, block);
    const History found = find(3);
    EXPECT_EQ(found.deliveries.size() + found.landings.size(), 1U);
    for (const Delivery& each : found.deliveries) EXPECT_LE(each.message_id.size(), block.size());
  }
}

}  // namespace
}  // namespace twinshift::journal
