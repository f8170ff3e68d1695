// What a target does not hold and need not hold yet: owed to it by the queue or its backlog, or refused by it and in
// the quarantine. The difference between two tables counts only without these.
//
// Threads: one at a time. Calls may block for as long as what is owed takes to be read.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "proof/digest.hpp"
#include "proof/questions.hpp"

namespace twinshift::proof {

enum class Owing : std::uint8_t {
  no,
  yes,
  perhaps,  // not by what can be told; but a shared queue that cannot say which holds some messages
  unknown,  // somebody owes something of that hour of arrival, and cannot say which events
  untold,   // an instance that runs has not said yet what it owes since the difference was seen: ask again later
  refused,  // unknown likewise; but as many as are missing are in other instances' quarantines
};

class Debts {
 public:
  virtual ~Debts() = default;

  // What is owed to the target, by window of event_at. As of about now; what is not known is left out.
  virtual base::Result<Digests> owed(const std::string& target, const Span& span, std::chrono::seconds window) = 0;
  // By the order asked for: is it owed to the target now? `seen`: since when the two tables are known to differ there.
  virtual base::Result<std::vector<Owing>> owes(const std::string& target, std::span<const Listed> events,
                                                base::WallTime seen) = 0;
  // Likewise: is it in the target's quarantine now?
  virtual base::Result<std::vector<bool>> quarantined(const std::string& target, std::span<const Listed> events) = 0;
  // Why some answers since the object was made were `unknown`, a sentence each, with what can be done about it; at most
  // kReasonsMax.
  [[nodiscard]] virtual std::vector<std::string> reasons() const { return {}; }
};
inline constexpr std::size_t kReasonsMax = 8;

}  // namespace twinshift::proof
