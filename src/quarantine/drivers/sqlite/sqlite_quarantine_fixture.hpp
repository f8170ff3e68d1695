// What the tests of the SQLite quarantine share: a folder, a quarantine in it. One thread, the test's.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "quarantine/drivers/sqlite/sqlite_quarantine.hpp"
#include "sqlite/database.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/quarantine_fixture.hpp"
#include "tests/support/temporary_folder.hpp"

namespace twinshift::quarantine {

class SqliteQuarantineFixture : public QuarantineFixture {
 protected:
  void SetUp() override {
    options_.path = (folder_ / "quarantine.db").string();
    options_.clock = &clock_;
  }
  void open() {
    quarantine_.reset();
    auto opened = open_sqlite_quarantine(options_);
    ASSERT_TRUE(opened) << opened.error().text();
    quarantine_ = std::move(*opened);
  }
  std::unique_ptr<Reader> reader() override {
    auto opened = open_sqlite_quarantine_reader(options_.path);
    EXPECT_TRUE(opened) << opened.error().text();
    return opened ? std::move(*opened) : nullptr;
  }
  // Of the primary, as another process counts them.
  using Hours = std::map<base::WallTime, std::uint64_t>;
  Hours messages_by_hour() {
    const auto opened = reader();
    return opened != nullptr ? opened->count_by_hour("primary").value_or(Hours()) : Hours();
  }
  // The first number of the first row.
  std::int64_t number(const std::string& sql) {
    auto file = sqlite::Database::open(options_.path, sqlite::OpenMode::read_only);
    auto found = file ? file->integer(sql) : base::fail(file.error());
    EXPECT_TRUE(found) << found.error().text();
    return found ? *found : -1;
  }

  tests::TemporaryFolder folder_;
  tests::ManualClock clock_;
  SqliteQuarantineOptions options_;
};

}  // namespace twinshift::quarantine
