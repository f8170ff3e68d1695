// For the tests of this folder: ids, blocks and a folder of their own.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/ids.hpp"
#include "event/identity.hpp"
#include "journal/format.hpp"
#include "journal/segment_files.hpp"
#include "tests/support/temporary_folder.hpp"

namespace twinshift::journal {

inline base::WallTime at(std::int64_t seconds) {
  return base::WallTime(std::chrono::seconds(1'700'000'000 + seconds));
}
inline event::EventId id_of(std::uint64_t number) {
  return event::hash_id("event", std::to_string(number));
}
inline std::string message_of(std::uint64_t number) {
  std::string text = event::hash_id("message", std::to_string(number)).hex();
  for (const std::size_t place : {8, 13, 18, 23}) text.insert(place, 1, '-');
  return text;
}

// Event `number`, brought by message `number`.
inline std::string received_block(std::uint64_t first, std::size_t rows, std::int64_t seconds = 0) {
  std::vector<std::string> messages;
  std::vector<Received> events;
  for (std::size_t i = 0; i < rows; ++i) messages.push_back(message_of(first + i));
  for (std::size_t i = 0; i < rows; ++i) {
    events.push_back({.event = id_of(first + i),
                      .message_id = messages[i],
                      .received_at = at(seconds - 1),
                      .event_at = at(seconds - 60),
                      .install_hash = install_hash_of("install-" + std::to_string(first + i))});
  }
  return encode_received(at(seconds), events);
}

class JournalTest : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path folder() const { return root_.path() / "trace"; }
  // As segment `number`.
  void put_file(std::uint64_t number, const std::string& bytes) const {
    std::filesystem::create_directories(folder());
    std::ofstream(segment_path(folder(), number), std::ios::binary) << bytes;
  }
  [[nodiscard]] std::string file(std::uint64_t number) const {
    std::ifstream in(segment_path(folder(), number), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  [[nodiscard]] std::uint64_t bytes_in_all() const {
    std::uint64_t sum = 0;
    const auto files = list_segments(folder());
    for (const SegmentFile& each : *files) sum += each.bytes;
    return sum;
  }

 private:
  tests::TemporaryFolder root_;
};

}  // namespace twinshift::journal
