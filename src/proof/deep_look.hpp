// Reads every row of both sides, tells its event and asks whether that still is the one that its id names: what
// somebody changed in place has equal digests.
//
// One thread; asks both sides at the same time.
#pragma once

#include <chrono>
#include <functional>

#include "base/error.hpp"
#include "proof/both.hpp"
#include "proof/finding.hpp"
#include "proof/splitter.hpp"

namespace twinshift::proof {

// Rows of a side that are read at once: few at first, then as many as stay within some kDeepBytes a side; of larger
// ones kDeepRowsMin.
inline constexpr std::size_t kDeepRowsMax = 1'000;
inline constexpr std::size_t kDeepRowsMin = 32;
inline constexpr std::size_t kDeepBytes = 8U << 20U;

class DeepLook {
 public:
  DeepLook(const Sides& sides, bool ids_from_content, std::function<void(const Finding&)> found);
  // Not to be moved: the splitter calls back.
  DeepLook(const DeepLook&) = delete;
  DeepLook& operator=(const DeepLook&) = delete;

  // What the sides' digests show of a span, by `window`: as VerifyOptions has it.
  base::Status look(const Pair<Digests>& digests, const Span& span, std::chrono::seconds window);
  // A slice, of whatever size.
  base::Status look(const Slice& slice) { return splitter_.split(slice); }

 private:
  base::Status look_at(const Slice& slice);
  base::Status look_at_crowd(const Slice& slice);
  void judge(const Pair<std::vector<warehouse::StoredEvent>>& rows);
  void adapt(std::size_t bytes);

  const Sides sides_;
  const bool ids_from_content_;
  const std::function<void(const Finding&)> found_;
  Splitter splitter_;
};

}  // namespace twinshift::proof
