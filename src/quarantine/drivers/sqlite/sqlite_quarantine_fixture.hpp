// What the tests of the SQLite quarantine share: a folder, a quarantine in it, calls that wait for their answer. One
// thread, the test's.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "quarantine/drivers/sqlite/sqlite_quarantine.hpp"
#include "sqlite/database.hpp"
#include "tests/support/manual_clock.hpp"

namespace twinshift::quarantine {

// The event number `number`; equal numbers are the same event.
inline event::EventPtr event_of(std::uint8_t number, std::string json = "{}") {
  auto event = std::make_shared<event::Event>();
  event->id.bytes.back() = number;
  event->json = std::move(json);
  return event;
}

inline Refused refused(std::string target, event::EventPtr event) {
  return {std::move(target), std::move(event), "revenue", "22003", "out of range"};
}

inline base::Status put(Quarantine& quarantine, std::vector<Refused> events) {
  std::promise<base::Status> answer;
  auto answered = answer.get_future();
  quarantine.put(std::move(events),
                 [answer = std::move(answer)](base::Status status) mutable { answer.set_value(std::move(status)); });
  return answered.get();
}

inline base::Result<std::uint64_t> remove(Quarantine& quarantine, std::vector<Ticket> tickets) {
  std::promise<base::Result<std::uint64_t>> answer;
  auto answered = answer.get_future();
  quarantine.remove(std::move(tickets), [answer = std::move(answer)](base::Result<std::uint64_t> removed) mutable {
    answer.set_value(std::move(removed));
  });
  return answered.get();
}

inline std::vector<Ticket> tickets_of(const std::vector<Record>& records) {
  std::vector<Ticket> tickets;
  for (const Record& record : records) tickets.push_back({record.id, record.tries});
  return tickets;
}

inline std::vector<std::int64_t> ids_of(const std::vector<Record>& records) {
  std::vector<std::int64_t> ids;
  for (const Record& record : records) ids.push_back(record.id);
  return ids;
}

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
