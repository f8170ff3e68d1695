// How many records (or messages) each target has in the quarantine, as far as this process knows: from the last sweep
// and what it has kept since. Another instance's doings show after the next sweep. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace twinshift::quarantine {

// Records known one by one; those beyond are counted without knowing whether they were counted before.
inline constexpr std::size_t kTalliedMax = 500'000;

class Tally {
 public:
  void kept(const std::string& target, std::string_view event_id);

  // Between the two what is kept counts whether the sweep has seen it or not.
  void sweep_begins();
  void sweep_failed() { is_sweeping_ = false; }
  // What stands there now: target and event id.
  void sweep_ends(const std::vector<std::pair<std::string, std::string>>& records);

  [[nodiscard]] std::map<std::string, std::uint64_t> counts() const;

 private:
  void add(const std::string& target, std::uint64_t event);

  std::map<std::string, std::unordered_set<std::uint64_t>> known_;
  std::size_t known_count_ = 0;
  std::map<std::string, std::uint64_t> beyond_;
  bool is_sweeping_ = false;
  std::vector<std::pair<std::string, std::uint64_t>> meanwhile_;
};

}  // namespace twinshift::quarantine
