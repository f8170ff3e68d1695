// Writes the journal: a ring of segments, the oldest deleted where the bound is reached. Nothing waits for it: blocks
// go into a bounded buffer, one thread writes them, and what finds no room (or no disk) is dropped and counted. Nothing
// is synced either: a crash of the process loses the last milliseconds, one of the machine the last seconds. So it may
// tell less than was, never more.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace twinshift::journal {

// A ring holds so many segments.
inline constexpr std::uint64_t kSegments = 16;
// Less is taken for this: a segment must hold a block of any size.
inline constexpr std::uint64_t kBytesMin = 32'000'000;
// Encoded blocks that wait for the thread: at 82 bytes an event, some seconds of traffic at full speed.
inline constexpr std::size_t kBufferBytesMax = std::size_t{8} << 20U;

struct WriterOptions {
  std::filesystem::path folder;  // made with mode 0700 where it is missing
  std::uint64_t bytes_max = 256'000'000;
  std::uint64_t disk_reserve = 0;  // nothing is written while less is free
};

class Writer {
 public:
  explicit Writer(WriterOptions options);
  ~Writer();  // writes what waits
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // A block as encode_*() gives it. Any thread; never waits.
  void write(std::string block);

  // Until all that was given before is written or dropped. For tests and the end.
  void flush();
  // Blocks that were not written since the start.
  [[nodiscard]] std::uint64_t dropped() const;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace twinshift::journal
