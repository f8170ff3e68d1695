// A few ids looked for among millions: 16 bits of each tell at once that it is none of them. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "event/event.hpp"
#include "journal/bytes.hpp"
#include "journal/format.hpp"

namespace twinshift::journal {

class IdFilter {
 public:
  void add(const event::EventId& id) {
    const std::uint16_t bits = static_cast<std::uint16_t>(id.bytes[0] | (id.bytes[1] << 8U));
    words_[bits / kWordBits] |= std::uint64_t{1} << (bits % kWordBits);
  }

  // Calls `candidate(row)` for every id of the column that may be one of them: one in some thousands that is not.
  template <class Candidate>
  void each_candidate(std::string_view ids, Candidate candidate) const {
    for (std::size_t at = 0; at + kIdBytes <= ids.size(); at += kIdBytes) {
      const auto bits = get<std::uint16_t>(ids, at);
      if ((words_[bits / kWordBits] >> (bits % kWordBits) & 1U) != 0) candidate(at / kIdBytes);
    }
  }

 private:
  static constexpr std::size_t kWordBits = 64;
  std::array<std::uint64_t, 65'536 / kWordBits> words_{};
};

}  // namespace twinshift::journal
