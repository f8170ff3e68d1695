// Removes a person's events everywhere, in an order by which none comes back: first both tables note the events as
// erased (their rows go in the same transaction), then the quarantine's records of what is noted are dropped; what
// waits in queue or backlog is a duplicate when its turn comes. Then it looks once more. docs/erase.md
//
// One thread. What is under way when it is interrupted is finished by running it again.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "app/erase_door.hpp"
#include "app/erased_apart.hpp"
#include "app/person.hpp"
#include "base/error.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::app {

// Looks after which it gives up on what keeps coming.
inline constexpr int kEraseRoundsMax = 3;
// Events that one target has missed which are noted in it at once; of more the next round.
inline constexpr std::size_t kBehindMax = 100'000;

// What one look has found.
struct ErasureLook {
  struct Target {
    std::string name;
    std::optional<base::Error> trouble;  // could not be asked
    std::vector<warehouse::EventPlace> rows;
    std::set<std::string> noted;                // of the person's events: ids that are noted as erased here
    std::vector<warehouse::EventPlace> behind;  // everybody's that the other target has noted, and this one has not
    std::uint64_t owed = 0;                     // of the person's events: from queue or backlog, still to come
  };
  WaitingEvents waiting;
  std::vector<QuarantinedEvent> quarantined;
  std::vector<Target> targets;

  [[nodiscard]] bool is_empty() const;  // nothing of the person's was found; others' erasures do not count
};

struct ErasureReport {
  std::map<std::string, std::uint64_t> rows;    // that went, by target
  std::map<std::string, base::Error> troubles;  // by target or store; empty: all is done
  std::set<event::EventId> events;              // of the person's: that some target has noted only now
  // What each target has noted only now.
  struct Noted {
    std::uint64_t theirs = 0;
    std::uint64_t others = 0;  // of earlier erasures, anybody's, which it had missed
  };
  std::map<std::string, Noted> noted;  // by target
  std::uint64_t dropped = 0;           // records of the quarantine
  bool goes_on = false;                // the last look still found some
};

class Eraser {
 public:
  struct Parts {
    EraseDoor* door = nullptr;
    struct Reader {
      std::function<base::Result<std::vector<warehouse::EventPlace>>(const Person&)> find;
      std::function<base::Result<std::set<std::string>>(std::span<const warehouse::EventPlace>)> noted;
      ErasedPage erased;
    };
    std::map<std::string, Reader> targets{};  // by name
  };
  Eraser(Parts parts, Person person) : parts_(std::move(parts)), person_(std::move(person)) {}

  // Changes nothing. An error: the stores here cannot be read; a target's trouble is told in the look.
  base::Result<ErasureLook> look();
  // From a look on.
  ErasureReport erase(ErasureLook look);

 private:
  struct Work {
    std::map<std::string, std::vector<warehouse::EventPlace>> places;  // by target
    std::map<std::string, std::vector<event::EventId>> theirs;         // by target: not noted there before
    std::map<std::string, std::uint64_t> others;                       // likewise: of earlier erasures
    std::vector<QuarantinedEvent> quarantined;
    std::set<std::string> noted;  // ids, in some target, before
    [[nodiscard]] bool is_empty() const;
  };
  // The person's events that each target has noted, and what one has missed of the other's.
  void look_at_noted(ErasureLook& look, std::span<const warehouse::EventPlace> all);
  void look_behind(ErasureLook& look);
  [[nodiscard]] Work work_of(const ErasureLook& look, const ErasureReport& report) const;
  void carry_out(const Work& work, ErasureReport& report);

  const Parts parts_;
  const Person person_;
  bool behind_told_ = false;  // whole, by an earlier look: one is enough, for what comes later is noted in both
};

}  // namespace twinshift::app
