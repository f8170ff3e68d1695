// The quarantine in trouble: kill -9, a disk that takes no writes, files that are not its own, more than it may hold in
// memory. Nothing durable is lost, nothing is kept by half, and every caller is answered once.
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quarantine/drivers/sqlite/sqlite_quarantine.hpp"
#include "quarantine/drivers/sqlite/sqlite_quarantine_fixture.hpp"
#include "tests/support/failing_disk.hpp"

namespace twinshift::quarantine {
namespace {

using base::ErrorKind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using tests::FailingDisk;

// While it lives the writer stands in a callback, so that all that is called meanwhile waits.
class HeldWriter {
 public:
  explicit HeldWriter(Quarantine& quarantine) {
    std::promise<void> reached;
    auto there = reached.get_future();
    quarantine.remove({}, [reached = std::move(reached), go = go_.get_future()](const auto&) mutable {
      reached.set_value();
      go.wait();
    });
    there.wait();
  }
  ~HeldWriter() { go_.set_value(); }
  HeldWriter(const HeldWriter&) = delete;
  HeldWriter& operator=(const HeldWriter&) = delete;

 private:
  std::promise<void> go_;
};

class SqliteQuarantineTroubleTest : public SqliteQuarantineFixture {
 protected:
  // Counts answers: of success and of errors, by their kind.
  Done counted() {
    return [this](const base::Status& status) {
      if (status) {
        ++kept_;
      } else {
        ++(status.error().kind == ErrorKind::full ? full_ : failed_);
      }
    };
  }
  void put_counted(std::uint8_t number, std::string json = "{}") {
    quarantine_->put({refused("primary", event_of(number, std::move(json)))}, counted());
  }
  // Of both ways to open it.
  void expect_conflict(const std::string& text) {
    const auto opened = open_sqlite_quarantine(options_);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind, ErrorKind::conflict);
    EXPECT_THAT(opened.error().text(), ::testing::AllOf(HasSubstr(text), HasSubstr(options_.path)));
    EXPECT_FALSE(opened.error().hint.empty());
    const auto reader = open_sqlite_quarantine_reader(options_.path);
    ASSERT_FALSE(reader);
    EXPECT_EQ(reader.error().text(), opened.error().text());
  }
  void execute(const std::string& sql) {
    auto file = sqlite::Database::open(options_.path, sqlite::OpenMode::create);
    ASSERT_TRUE(file && file->execute(sql));
  }
  std::string bytes() const {
    std::ostringstream out;
    out << std::ifstream(options_.path, std::ios::binary).rdbuf();
    return std::move(out).str();
  }

  std::atomic<int> kept_{0};
  std::atomic<int> full_{0};
  std::atomic<int> failed_{0};
};

const std::string kLarge(100'000, 'x');

// Three puts, of which the last one's callback kills the process.
[[noreturn]] void put_and_die(const SqliteQuarantineOptions& options) {
  auto quarantine = open_sqlite_quarantine(options);
  if (!quarantine) ::_exit(1);
  (*quarantine)->put({refused("primary", event_of(1))}, [](const base::Status&) {});
  (*quarantine)->put({refused("secondary", event_of(1, kLarge))}, [](const base::Status&) {});
  (*quarantine)->put({refused("primary", event_of(1)), refused("primary", event_of(2))}, [](const base::Status& kept) {
    if (!kept) ::_exit(2);
    ::kill(::getpid(), SIGKILL);
  });
  for (;;) ::pause();
}

TEST_F(SqliteQuarantineTroubleTest, WhatWasAnsweredOutlivesKillMinusNine) {
  // No thread runs here yet, so the child may go on without exec.
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) put_and_die(options_);
  int how = 0;
  ASSERT_EQ(::waitpid(child, &how, 0), child);
  ASSERT_TRUE(WIFSIGNALED(how)) << WEXITSTATUS(how);

  const auto before = records();
  ASSERT_THAT(before, SizeIs(3)) << "a reader that comes first";
  open();
  EXPECT_THAT(quarantine_->status().records, ElementsAre(Pair("primary", 2), Pair("secondary", 1)));
  const auto found = records();
  ASSERT_EQ(ids_of(found), ids_of(before));
  EXPECT_EQ(found[0].tries, 2U);
  EXPECT_EQ(found[1].json, kLarge);
  EXPECT_EQ(number("SELECT count(*) FROM pragma_quick_check WHERE quick_check <> 'ok'"), 0);
}

TEST_F(SqliteQuarantineTroubleTest, AFailingDiskIsToldAndNothingIsKeptByHalf) {
  open();
  ASSERT_TRUE(put(*quarantine_, {refused("primary", event_of(1))}));
  {
    const FailingDisk failing;
    const auto kept = put(*quarantine_, {refused("primary", event_of(1)), refused("primary", event_of(2, kLarge)),
                                         refused("secondary", event_of(3))});
    ASSERT_FALSE(kept);
    EXPECT_TRUE(kept.error().kind == ErrorKind::unavailable || kept.error().kind == ErrorKind::full);
    EXPECT_FALSE(kept.error().hint.empty());
    EXPECT_TRUE(quarantine_->status().trouble);
    EXPECT_FALSE(put(*quarantine_, {refused("primary", event_of(4))})) << "it is opened anew, and fails";
    EXPECT_THAT(quarantine_->status().records, ElementsAre(Pair("primary", 1)));
  }
  const auto found = records();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].tries, 1U);
}

TEST_F(SqliteQuarantineTroubleTest, WorksAgainWhenTheDiskDoes) {
  open();
  for (std::uint8_t round = 1; round <= 5; ++round) {
    {
      const FailingDisk failing;
      ASSERT_FALSE(put(*quarantine_, {refused("primary", event_of(100, kLarge))}));
    }
    ASSERT_TRUE(put(*quarantine_, {refused("primary", event_of(round))}));
    EXPECT_FALSE(quarantine_->status().trouble);
  }
  EXPECT_THAT(quarantine_->status().records, ElementsAre(Pair("primary", 5)));
  open();
  EXPECT_THAT(records(), SizeIs(5));
}

TEST_F(SqliteQuarantineTroubleTest, ARemovalThatFailsRemovesNothing) {
  open();
  ASSERT_TRUE(put(*quarantine_, {refused("primary", event_of(1)), refused("primary", event_of(2))}));
  const auto tickets = tickets_of(records());
  {
    const FailingDisk failing;
    EXPECT_FALSE(remove(*quarantine_, tickets));
    EXPECT_TRUE(quarantine_->status().trouble);
  }
  EXPECT_THAT(records(), SizeIs(2));
  EXPECT_EQ(remove(*quarantine_, tickets).value(), 2U);
  EXPECT_FALSE(quarantine_->status().trouble);
}

TEST_F(SqliteQuarantineTroubleTest, ClosesInTheMiddleOfTroubleAndAnswersEverybodyOnce) {
  open();
  ASSERT_TRUE(put(*quarantine_, {refused("primary", event_of(1))}));
  {
    const FailingDisk failing;
    for (std::uint8_t i = 2; i < 12; ++i) put_counted(i, kLarge);
    quarantine_->close();
  }
  EXPECT_EQ(failed_ + full_, 10);
  EXPECT_EQ(kept_, 0);
  open();
  EXPECT_THAT(records(), SizeIs(1));
}

TEST_F(SqliteQuarantineTroubleTest, BeyondItsBoundOfEventsItSaysSo) {
  options_.inbox_events_max = 2;
  open();
  {
    const HeldWriter held(*quarantine_);
    for (std::uint8_t i = 1; i <= 5; ++i) put_counted(i);
    EXPECT_EQ(full_, 3) << "at once, not when the writer comes round";
    EXPECT_EQ(kept_, 0);
  }
  ASSERT_TRUE(remove(*quarantine_, {})) << "comes after what waited";
  ASSERT_TRUE(put(*quarantine_, {refused("primary", event_of(9))})) << "there is room again";
  quarantine_->close();
  EXPECT_EQ(full_, 3);
  EXPECT_EQ(kept_, 2);
  EXPECT_EQ(failed_, 0);
  EXPECT_THAT(records(), SizeIs(3));
}

TEST_F(SqliteQuarantineTroubleTest, BeyondItsBoundOfBytesItSaysSo) {
  options_.inbox_bytes_max = 250'000;
  open();
  {
    const HeldWriter held(*quarantine_);
    for (std::uint8_t i = 1; i <= 3; ++i) put_counted(i, kLarge);
    put_counted(4);
  }
  quarantine_->close();
  EXPECT_EQ(full_, 1);
  EXPECT_EQ(kept_, 3);
  EXPECT_THAT(records(), SizeIs(3));
}

// Refused for its size alone it would be refused for ever.
TEST_F(SqliteQuarantineTroubleTest, APutBeyondTheBoundsIsTakenWhereNothingWaits) {
  options_.inbox_events_max = 1;
  options_.inbox_bytes_max = 10;
  open();
  const auto kept = put(*quarantine_, {refused("primary", event_of(1, kLarge)), refused("primary", event_of(2))});
  EXPECT_TRUE(kept) << kept.error().text();
  const HeldWriter held(*quarantine_);
  put_counted(3, kLarge);
  put_counted(4);
  EXPECT_EQ(full_, 1);
}

TEST_F(SqliteQuarantineTroubleTest, CloseKeepsWhatWaits) {
  open();
  for (std::uint8_t i = 0; i < 100; ++i) put_counted(i);
  quarantine_->close();
  EXPECT_EQ(kept_, 100);
  EXPECT_THAT(records(), SizeIs(100));
  EXPECT_THAT(quarantine_->status().records, ElementsAre(Pair("primary", 100)));
}

TEST_F(SqliteQuarantineTroubleTest, RefusesAnotherProgramsFileAndLeavesItAlone) {
  execute("CREATE TABLE theirs(x); INSERT INTO theirs VALUES (1)");
  const std::string before = bytes();
  expect_conflict("none of ours (quarantine)");
  EXPECT_TRUE(bytes() == before);
  EXPECT_FALSE(std::filesystem::exists(options_.path + "-wal"));
}

TEST_F(SqliteQuarantineTroubleTest, RefusesAnEmptyFileWithAnotherStamp) {
  execute("PRAGMA application_id=4711");
  expect_conflict("none of ours (quarantine)");
}

TEST_F(SqliteQuarantineTroubleTest, RefusesANewerFormatByName) {
  open();
  quarantine_.reset();
  execute("PRAGMA user_version=7");
  expect_conflict("format version 7");
}

TEST_F(SqliteQuarantineTroubleTest, ReadsTheFirstFormatAndTakesItOver) {
  using namespace std::chrono_literals;
  open();
  ASSERT_TRUE(put(*quarantine_, {refused("primary", event_at(1, base::WallTime(1h)))}));
  quarantine_.reset();
  execute("DROP TABLE quarantine_arrivals; PRAGMA user_version=1");
  const auto as_first = records();
  ASSERT_THAT(as_first, SizeIs(1));
  EXPECT_THAT(as_first[0].further_arrivals, IsEmpty());
  EXPECT_EQ(messages_by_hour(), (Hours{{base::WallTime(1h), 1}}));
  EXPECT_EQ(number("PRAGMA user_version"), 1) << "who reads changes nothing";
  open();
  EXPECT_EQ(number("PRAGMA user_version"), 3);
  ASSERT_TRUE(put(*quarantine_, {refused("primary", event_at(1, base::WallTime(2h)))}));
  const auto found = records();
  ASSERT_EQ(ids_of(found), ids_of(as_first));
  EXPECT_THAT(found[0].further_arrivals, ElementsAre(arrival_at(base::WallTime(2h))));
  EXPECT_EQ(remove(*quarantine_, tickets_of(found)).value(), 1U);
  EXPECT_EQ(number("SELECT count(*) FROM quarantine_arrivals"), 0);
}

// It knew when further messages came, not their ids.
TEST_F(SqliteQuarantineTroubleTest, ReadsTheSecondFormatAndTakesItOver) {
  using namespace std::chrono_literals;
  const base::WallTime second(2h);
  open();
  for (const base::WallTime at : {base::WallTime(1h), second}) {
    ASSERT_TRUE(put(*quarantine_, {refused("primary", event_at(1, at))}));
  }
  quarantine_.reset();
  execute("ALTER TABLE quarantine_arrivals DROP COLUMN message_id; PRAGMA user_version=2");
  EXPECT_THAT(records().at(0).further_arrivals, ElementsAre(Arrival{second, ""}));
  EXPECT_EQ(messages_by_hour(), (Hours{{base::WallTime(1h), 1}, {second, 1}}));
  EXPECT_EQ(number("PRAGMA user_version"), 2) << "who reads changes nothing";
  open();
  EXPECT_EQ(number("PRAGMA user_version"), 3);
  ASSERT_TRUE(put(*quarantine_, {refused("primary", event_at(1, base::WallTime(3h)))}));
  EXPECT_THAT(records().at(0).further_arrivals, ElementsAre(Arrival{second, ""}, arrival_at(base::WallTime(3h))));
}

TEST_F(SqliteQuarantineTroubleTest, RefusesWhatIsNoDatabase) {
  std::ofstream(options_.path) << std::string(5'000, 'x');
  const auto opened = open_sqlite_quarantine(options_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::corrupt);
}

// Killed between its first two writes: a page that notes WAL mode, no stamp, no table.
TEST_F(SqliteQuarantineTroubleTest, TakesOverAnUnfinishedFile) {
  execute("PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL");
  const auto reader = open_sqlite_quarantine_reader(options_.path);
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().kind, ErrorKind::not_found);
  open();
  EXPECT_TRUE(put(*quarantine_, {refused("primary", event_of(1))}));
  EXPECT_EQ(number("PRAGMA auto_vacuum"), 2);
}

TEST_F(SqliteQuarantineTroubleTest, ReadingAFileThatIsNotThereMakesNone) {
  const auto reader = open_sqlite_quarantine_reader(options_.path);
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().kind, ErrorKind::not_found);
  EXPECT_THAT(reader.error().text(), HasSubstr(options_.path));
  EXPECT_FALSE(std::filesystem::exists(options_.path));
}

TEST_F(SqliteQuarantineTroubleTest, ItsFilesArePrivateAndStamped) {
  open();
  ASSERT_TRUE(put(*quarantine_, {refused("primary", event_of(1))}));
  for (const char* suffix : {"", "-wal", "-shm"}) {
    struct stat found{};
    ASSERT_EQ(::stat((options_.path + suffix).c_str(), &found), 0) << suffix;
    EXPECT_EQ(found.st_mode & 0777U, 0600U) << suffix;
  }
  EXPECT_EQ(number("PRAGMA application_id"), 0x54537161);
  EXPECT_EQ(number("PRAGMA user_version"), 3);
  EXPECT_EQ(number("PRAGMA auto_vacuum"), 2);
}

}  // namespace
}  // namespace twinshift::quarantine
