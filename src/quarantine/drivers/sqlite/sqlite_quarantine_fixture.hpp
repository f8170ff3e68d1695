// What the tests of the SQLite quarantine share: a folder, a quarantine in it. One thread, the test's.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "quarantine/drivers/sqlite/sqlite_quarantine.hpp"
#include "sqlite/database.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/quarantine_calls.hpp"

namespace twinshift::quarantine {

using tests::arrival_at;
using tests::event_at;
using tests::event_of;
using tests::ids_of;
using tests::put;
using tests::refused;
using tests::remove;
using tests::tickets_of;

class SqliteQuarantineFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "twinshift-quarantine-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    options_.path = (folder_ / "quarantine.db").string();
    options_.clock = &clock_;
  }
  void TearDown() override {
    quarantine_.reset();
    std::filesystem::remove_all(folder_);
  }
  void open() {
    quarantine_.reset();
    auto opened = open_sqlite_quarantine(options_);
    ASSERT_TRUE(opened) << opened.error().text();
    quarantine_ = std::move(*opened);
  }
  // As another process sees them; none after an error.
  std::vector<Record> records(const Query& query = {}) {
    auto reader = open_sqlite_quarantine_reader(options_.path);
    EXPECT_TRUE(reader) << reader.error().text();
    if (!reader) return {};
    auto read = (*reader)->read(query);
    EXPECT_TRUE(read) << read.error().text();
    return read ? std::move(*read) : std::vector<Record>();
  }
  // Of the primary, as another process counts them.
  using Hours = std::map<base::WallTime, std::uint64_t>;
  Hours messages_by_hour() {
    auto reader = open_sqlite_quarantine_reader(options_.path);
    return reader ? (*reader)->count_by_hour("primary").value_or(Hours()) : Hours();
  }
  // The first number of the first row.
  std::int64_t number(const std::string& sql) {
    auto file = sqlite::Database::open(options_.path, sqlite::OpenMode::read_only);
    auto found = file ? file->integer(sql) : base::fail(file.error());
    EXPECT_TRUE(found) << found.error().text();
    return found ? *found : -1;
  }

  std::filesystem::path folder_;
  tests::ManualClock clock_;
  SqliteQuarantineOptions options_;
  std::unique_ptr<Quarantine> quarantine_;
};

}  // namespace twinshift::quarantine
