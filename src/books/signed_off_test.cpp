// Losses that a person signs off, and books.db begun anew.
#include <gmock/gmock.h>

#include "books/books_file.hpp"
#include "books/keeper_fixture.hpp"
#include "sqlite/database.hpp"

namespace twinshift::books {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

class SignedOffTest : public KeeperTest {
 protected:
  [[nodiscard]] std::string path() const { return (folder_ / "books.db").string(); }
  void execute(const std::string& sql) {
    auto file = sqlite::Database::open(path(), sqlite::OpenMode::read_write);
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->execute(sql));
  }
  std::int64_t number(const std::string& sql) {
    auto file = sqlite::Database::open(path(), sqlite::OpenMode::read_only);
    return file ? file->integer(sql).value_or(-1) : -1;
  }
};

TEST_F(SignedOffTest, ALossThatIsSignedOffIsWaivedAndItsHourCloses) {
  queue_.set({.hours = {{.hour = kNoon, .received = 10}, {.hour = kNoon + 1h, .received = 1}}});
  land("primary", 10);
  land("secondary", 7);
  start();
  (void)count(1);
  const TargetBooks before = count(1);
  EXPECT_THAT(before.confirmed, ElementsAre(Pair(kNoon, 3), Pair(kNoon + 1h, 1)));
  EXPECT_EQ(before.missing, 4U);
  ASSERT_TRUE(file_->sign_off({.target = "secondary", .hour = kNoon, .events = 1}, 0));
  EXPECT_EQ(count(1).confirmed.at(kNoon), 2U);
  ASSERT_TRUE(file_->sign_off({.target = "secondary", .hour = kNoon, .events = 2, .reason = "a disk", .at = kNoon}, 1));
  const TargetBooks after = count(1);
  EXPECT_EQ(after.lines.at(0).state, LineState::closed);
  EXPECT_EQ(after.lines.at(0).counts.waived, 3U);
  EXPECT_EQ(after.missing, 1U) << "the other hour's";
  EXPECT_EQ(after.signed_off, 3U);
  EXPECT_EQ(count(0).signed_off, 0U);
}

// Two people at once must not give the same loss up twice.
TEST_F(SignedOffTest, WhoCountedBeforeSomebodyElseSignedOffIsRefused) {
  ASSERT_TRUE(file_->sign_off({.target = "secondary", .hour = kNoon, .events = 2}, 0));
  const auto late = file_->sign_off({.target = "secondary", .hour = kNoon, .events = 2}, 0);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, base::ErrorKind::conflict);
  EXPECT_THAT(file_->signed_off("secondary").value(), ElementsAre(Pair(kNoon, 2)));
  EXPECT_TRUE(file_->sign_off({.target = "primary", .hour = kNoon, .events = 2}, 0)) << "another target's";
}

TEST_F(SignedOffTest, TheListOutlivesTheProcess) {
  ASSERT_TRUE(file_->sign_off(
      {.target = "secondary", .hour = kNoon, .events = 3, .reason = "gr\u00fcn", .at = kNoon + 7min}, 0));
  ASSERT_TRUE(
      file_->sign_off({.target = "primary", .hour = kNoon + 1h, .events = 1, .reason = "", .at = kNoon + 9min}, 0));
  open_file();
  EXPECT_THAT(file_->signed_off("secondary").value(), ElementsAre(Pair(kNoon, 3)));
  EXPECT_THAT(file_->signed_off("elsewhere").value(), IsEmpty());
  const auto all = file_->sign_offs().value();
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0].target, "secondary");
  EXPECT_EQ(all[0].hour, kNoon);
  EXPECT_EQ(all[0].events, 3U);
  EXPECT_EQ(all[0].reason, "gr\u00fcn");
  EXPECT_EQ(all[0].at, kNoon + 7min);
  EXPECT_EQ(all[1].target, "primary");
}

TEST_F(SignedOffTest, TakesTheFirstFormatOver) {
  ASSERT_TRUE(file_->save_received({{kNoon, 5}}));
  file_.reset();
  execute(
      "DROP TABLE signed_off; ALTER TABLE books_state DROP COLUMN judged_from; DROP TABLE counted; DROP TABLE "
      "clock_watch; PRAGMA user_version=1");
  open_file(true);  // it is not made anew, so nothing is late
  EXPECT_EQ(number("PRAGMA user_version"), 3);
  EXPECT_EQ(file_->since(), kNoon);
  EXPECT_EQ(file_->judged_from(), Hour{});
  EXPECT_EQ(file_->instance(), "me");
  EXPECT_THAT(file_->received().value(), ElementsAre(Pair(kNoon, 5)));
  EXPECT_TRUE(file_->sign_off({.target = "primary", .hour = kNoon, .events = 1}, 0));
}

TEST_F(SignedOffTest, ANewerFormatIsRefusedByName) {
  file_.reset();
  execute("PRAGMA user_version=4");
  const auto opened = BooksFile::open(path(), kNoon, "me");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, base::ErrorKind::conflict);
  EXPECT_EQ(number("PRAGMA user_version"), 4);
}

// The file was removed while the queue kept its counts.
TEST_F(SignedOffTest, BooksThatBeginAnewJudgeNoHourBefore) {
  file_.reset();
  std::filesystem::remove(path());
  open_file(true);
  EXPECT_EQ(file_->judged_from(), kNoon + 1h);
  queue_.set({.hours = {{.hour = kNoon, .received = 10}, {.hour = kNoon + 1h, .received = 2}}});
  start();
  (void)count(0);
  const TargetBooks books = count(0);
  EXPECT_EQ(books.lines.at(0).state, LineState::unknown);
  EXPECT_EQ(books.lines.at(1).state, LineState::missing);
  EXPECT_EQ(books.missing, 2U);
  EXPECT_EQ(books.judged_from, kNoon + 1h);
}

}  // namespace
}  // namespace twinshift::books
