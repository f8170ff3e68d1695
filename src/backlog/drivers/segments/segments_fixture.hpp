// What the tests of the segments share: a folder of their own, events, and calls that wait for their answer. One thread
// at a time.
#pragma once

#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <memory>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "backlog/drivers/segments/segment_backlog.hpp"
#include "backlog/drivers/segments/writer.hpp"
#include "event/event.hpp"
#include "tests/support/temporary_folder.hpp"

namespace twinshift::backlog::segments {

// In memory where the machine has such a file system: these tests make thousands of files durable.
inline std::filesystem::path fast_folder() {
  const std::filesystem::path memory = "/dev/shm";
  return ::access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
}

class TempFolder {
 public:
  [[nodiscard]] std::string path() const { return root_.string(); }
  [[nodiscard]] std::string backlog() const { return (root_ / "secondary-backlog").string(); }

 private:
  tests::TemporaryFolder root_{fast_folder()};
};

inline std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

inline std::string json_of(int number) {
  return R"({"event_time":"2024-01-01 12:00:00","appsflyer_id":"a)" + std::to_string(number) + "\"}";
}

inline event::EventPtr event_of(int number, std::string message_id = {},
                                base::WallTime received_at = base::WallTime(std::chrono::hours(480'000))) {
  if (message_id.empty()) message_id = "message " + std::to_string(number);
  auto event = event::decode_event(json_of(number), std::move(message_id), received_at);
  EXPECT_TRUE(event);
  return *event;
}

inline std::vector<event::EventPtr> events_of(int first, int count) {
  std::vector<event::EventPtr> events;
  for (int i = first; i < first + count; ++i) events.push_back(event_of(i));
  return events;
}

inline base::Status park(Backlog& backlog, std::vector<event::EventPtr> events) {
  std::promise<base::Status> answer;
  backlog.park(std::move(events), [&](base::Status status) { answer.set_value(std::move(status)); });
  return answer.get_future().get();
}

inline base::Status acknowledge(Backlog& backlog, const std::vector<queue::Lease>& leases) {
  std::vector<queue::Receipt> receipts;
  for (const queue::Lease& lease : leases) receipts.push_back(lease.receipt);
  std::promise<base::Status> answer;
  backlog.acknowledge(std::move(receipts), [&](base::Status status) { answer.set_value(std::move(status)); });
  return answer.get_future().get();
}

inline std::vector<queue::Lease> receive(Backlog& backlog, std::size_t events_max = 1'000,
                                         std::chrono::milliseconds wait = std::chrono::milliseconds(0)) {
  auto leases = backlog.receive(events_max, wait, {});
  EXPECT_TRUE(leases) << (leases ? "" : leases.error().text());
  return leases ? std::move(*leases) : std::vector<queue::Lease>();
}

inline std::vector<std::string> bodies(const std::vector<queue::Lease>& leases) {
  std::vector<std::string> out;
  for (const queue::Lease& lease : leases) out.push_back(lease.message.body);
  return out;
}

inline std::vector<std::string> jsons(int first, int count) {
  std::vector<std::string> out;
  for (int i = first; i < first + count; ++i) out.push_back(json_of(i));
  return out;
}

class SegmentsTest : public ::testing::Test {
 protected:
  SegmentsTest() {
    options_.target = "secondary";
    options_.folder = folder_.backlog();
    options_.gather = std::chrono::milliseconds(0);
  }
  void open() {
    backlog_.reset();
    auto opened = open_segment_backlog(options_);
    ASSERT_TRUE(opened) << opened.error().text();
    backlog_ = std::move(*opened);
  }
  [[nodiscard]] std::string segment(std::uint32_t number) const { return segment_path(options_.folder, number); }
  [[nodiscard]] StorageStatus storage() const { return *backlog_->status().storage; }

  TempFolder folder_;
  SegmentBacklogOptions options_;
  std::unique_ptr<Backlog> backlog_;
};

}  // namespace twinshift::backlog::segments
