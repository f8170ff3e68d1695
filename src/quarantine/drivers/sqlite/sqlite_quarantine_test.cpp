// What the quarantine keeps, and how it is read and removed. Kills, disks, foreign files:
// sqlite_quarantine_trouble_test.
#include "quarantine/drivers/sqlite/sqlite_quarantine.hpp"

#include <chrono>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "quarantine/drivers/sqlite/sqlite_quarantine_fixture.hpp"

namespace twinshift::quarantine {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

class SqliteQuarantineTest : public SqliteQuarantineFixture {
 protected:
  void SetUp() override {
    SqliteQuarantineFixture::SetUp();
    open();
  }
};

TEST_F(SqliteQuarantineTest, GivesRoomBack) {
  fill("primary", 40, std::string(500'000, 'x'));
  const auto pages = number("PRAGMA page_count");
  ASSERT_GT(pages, 4'000);
  EXPECT_EQ(remove(*quarantine_, tickets_of(records({.with_json = false}))).value(), 40U);
  EXPECT_LT(number("PRAGMA page_count"), 20);
  quarantine_->close();
  EXPECT_LT(std::filesystem::file_size(options_.path), 100'000U);
}

TEST_F(SqliteQuarantineTest, AReaderSeesWhatTheWriterKeepsMeanwhile) {
  auto reader = open_sqlite_quarantine_reader(options_.path).value();
  EXPECT_THAT(reader->read({}).value(), IsEmpty());
  fill("primary", 2);
  const auto found = reader->read({}).value();
  ASSERT_THAT(found, SizeIs(2));
  ASSERT_TRUE(remove(*quarantine_, {{found[0].id, found[0].tries}}));
  EXPECT_THAT(ids_of(reader->read({}).value()), ElementsAre(found[1].id));
  quarantine_->close();
  EXPECT_THAT(reader->read({}).value(), SizeIs(1));
}

}  // namespace
}  // namespace twinshift::quarantine
