// Asks the primary for the bodies of blocks that hold none, ahead of the lender, on a thread of its own: a primary that
// does not answer holds nobody up. Any thread may call its functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backlog/drivers/segments/block_format.hpp"
#include "backlog/refill.hpp"

namespace twinshift::backlog::segments {

// The events of one block that are wanted, and then what came of it.
struct RefillJob {
  struct Event {
    std::int64_t number = 0;
    Slot slot;  // whole afterwards where the primary holds it, or it was erased (owed_body.hpp)
  };
  std::uint32_t segment = 0;
  std::int64_t block = 0;  // its first event
  std::uint32_t id_version = 0;
  std::vector<Event> events;
};

class Refiller {
 public:
  struct Listener {
    std::function<void()> changed;    // a job is done
    std::function<void()> recovered;  // the primary answers again
  };
  Refiller(Refill refill, std::string target, std::string thread_name, Listener listener);
  ~Refiller();
  Refiller(const Refiller&) = delete;
  Refiller& operator=(const Refiller&) = delete;

  // It can take another block now.
  [[nodiscard]] bool has_room() const;
  // Under way, or done and not taken.
  [[nodiscard]] bool holds(std::int64_t block) const;
  void request(RefillJob job);
  // A block that is done.
  std::optional<RefillJob> take();

  [[nodiscard]] std::optional<base::Error> trouble() const;
  // Waits a second for a call that is under way; then its thread is left behind. Idempotent.
  void close();
  [[nodiscard]] bool left_thread_behind() const;

 private:
  struct Core;
  std::shared_ptr<Core> core_;
};

}  // namespace twinshift::backlog::segments
