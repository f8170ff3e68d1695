// After a rebuild that ended with equal tables: the books of the rebuilt target begin to close again. Its markers were
// lost with its table, so what landed before shows as missing, though it stands there again: it gets markers for that,
// in its own table. What the other target has not landed either stays missing.
//
// What the service answers, and what the command asks, by the control socket; decisions are pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/rebuilt_markers.hpp"
#include "base/error.hpp"
#include "books/keeper.hpp"
#include "control/control.hpp"

namespace twinshift::app {

inline constexpr const char* kRebuiltVerb = "books rebuilt";

struct RebuiltBooks {
  struct LostMarkers {
    books::Hour hour{};
    std::uint64_t events = 0;
    std::uint64_t landed = 0;  // as the markers that are there tell
    bool operator==(const LostMarkers&) const = default;
  };
  std::vector<LostMarkers> hours{};  // to be marked
  std::uint64_t unexplained = 0;     // that the other target has not landed either
  std::uint64_t too_early = 0;       // what is missing, but not for certain yet
  std::uint64_t unjudged = 0;        // of hours that the other target's books do not judge
  bool open_hours = false;           // of some of them events are still on their way: there may be more
};

// `target`: counted twice since it was rebuilt. Both tables hold the same: so many events as the other has
// landed stand in this one too.
RebuiltBooks lost_markers(const books::TargetBooks& target, const books::TargetBooks& other);

struct RebuiltReport {
  std::uint64_t events = 0;  // marked as landed
  std::uint64_t hours = 0;
  std::uint64_t unexplained = 0;
  std::uint64_t too_early = 0;
  std::uint64_t unjudged = 0;
  bool open_hours = false;
};

control::Request rebuilt_request(const std::string& target);
// Reads all hours again, counts twice, and writes markers; durable when it replies. Where it fails part-way, what was
// written stands, and the next time goes on. Takes up to kMarkingMax and kCountMax. In its turn (Turns).
control::Reply answer_rebuilt(books::Keeper& keeper, const control::Request& request, const RebuiltMarkers& markers);
// `conflict`: the service refuses, or it is no such answer.
base::Result<RebuiltReport> read_rebuilt_reply(const control::Reply& reply);

// Lines for a person; empty where there is nothing to be said.
std::string rebuilt_text(const std::string& target, const RebuiltReport& report);
// A member of the JSON answer: "books":{...}
std::string rebuilt_json(const std::string& target, const RebuiltReport& report);
// Likewise where no markers could be written: the tables are equal all the same.
std::string unmarked_text(const std::string& target, const base::Error& error);
std::string unmarked_json(const std::string& target, const base::Error& error);
// Why none are written where the tables did not end equal.
base::Error unequal_tables(const std::string& target);
// Something is left for another run or a person. Not what is unexplained: that is missing with or without a rebuild.
bool leaves_work(const RebuiltReport& report);

}  // namespace twinshift::app
