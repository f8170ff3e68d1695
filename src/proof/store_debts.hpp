// Debts as the process that owns the queue and the backlogs knows them: by going through what waits there.
//
// Threads: any, one at a time for an object; everything is read beside the live path.
#pragma once

#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "backlog/backlog.hpp"
#include "event/event.hpp"
#include "proof/debts.hpp"
#include "queue/event_queue.hpp"

namespace twinshift::proof {

// What one instance owes, without the quarantine.
class StoreDebts {
 public:
  struct Parts {
    queue::EventQueue* queue = nullptr;
    std::map<std::string, backlog::Backlog*> backlogs{};  // by target; all outlive the object
    event::IdentityMode identity = event::IdentityMode::content;
  };
  // `stop` ends a look that goes through millions: `cancelled`.
  explicit StoreDebts(Parts parts, std::stop_token stop = {}) : parts_(std::move(parts)), stop_(std::move(stop)) {}

  // As Debts says.
  base::Result<Digests> owed(const std::string& target, const Span& span, std::chrono::seconds window);
  base::Result<std::vector<Owing>> owes(const std::string& target, std::span<const std::string> ids);

 private:
  struct Owed {
    event::EventId id;
    base::WallTime event_at{};
  };
  using Show = std::function<void(const Owed&)>;
  // What may be owed beyond what was shown: `no`, `perhaps` (by the queue), `unknown` (by the backlog).
  base::Result<Owing> each_owed(const std::string& target, const Show& show);
  // False where what the queue holds cannot be told, and it holds something.
  base::Result<bool> each_waiting(const Show& show);

  [[nodiscard]] base::Status go_on() const;

  const Parts parts_;
  const std::stop_token stop_;
};

}  // namespace twinshift::proof
