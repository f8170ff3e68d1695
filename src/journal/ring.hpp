// The files behind Writer: which one is appended to, when the next one begins, which ones go. One thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.hpp"
#include "journal/segment_files.hpp"
#include "journal/writer.hpp"

namespace twinshift::journal {

class Ring {
 public:
  explicit Ring(WriterOptions options);
  ~Ring();
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  // One write(2) where all goes well. After an error the next call begins a new segment. Errors: `full`,
  // `unavailable`.
  base::Status append(std::string_view block);

 private:
  base::Status open(std::size_t bytes);
  base::Status continue_last();
  base::Status begin_segment();
  base::Status make_room(std::uint64_t bytes);
  void close();

  const WriterOptions options_;
  const std::uint64_t segment_bytes_;
  std::uint64_t last_number_ = 0;
  std::uint64_t written_ = 0;  // into the open segment
  int file_ = -1;
  bool looked_ = false;  // for a segment to continue
};

}  // namespace twinshift::journal
