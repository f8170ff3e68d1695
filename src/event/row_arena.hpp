// Where the texts of a row live that had to be built. Grows by blocks, hands out pieces, frees nothing until the row
// is filled anew.
#pragma once

#include <algorithm>
#include <cstring>
#include <string_view>

#include "event/row.hpp"

namespace twinshift::event {

class RowArena {
 public:
  // Forgets what the row held; the first block stays for the next event.
  explicit RowArena(Row& row) : row_(row) {
    if (row_.arena.empty()) row_.arena_size = 0;
    if (row_.arena.size() > 1) {
      row_.arena.resize(1);
      row_.arena_size = kBlockBytes;
    }
    row_.arena_used = 0;
  }

  // A copy that lives as long as the row is not filled anew.
  std::string_view keep(std::string_view text) {
    if (text.empty()) return {};
    if (row_.arena_size - row_.arena_used < text.size()) add_block(text.size());
    char* place = row_.arena.back().get() + row_.arena_used;
    std::memcpy(place, text.data(), text.size());
    row_.arena_used += text.size();
    return {place, text.size()};
  }

 private:
  static constexpr std::size_t kBlockBytes = 2048;  // dates and numbers of an ordinary event need a few hundred

  void add_block(std::size_t bytes) {
    // The first block always has the one size that the constructor relies on.
    if (row_.arena.empty() && bytes > kBlockBytes) row_.arena.push_back(new_block(kBlockBytes));
    const std::size_t size = std::max(bytes, kBlockBytes);
    row_.arena.push_back(new_block(size));
    row_.arena_size = size;
    row_.arena_used = 0;
  }

  static std::unique_ptr<char[]> new_block(std::size_t bytes) { return std::make_unique_for_overwrite<char[]>(bytes); }

  Row& row_;
};

}  // namespace twinshift::event
