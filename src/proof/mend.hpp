// The words of mending: what is to be put right on a target, and what became of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace twinshift::proof {

enum class MendKind : std::uint8_t {
  copy,     // stands on the other side only: is written here, too
  replace,  // stands here several times, or changed: all its rows go and one sound copy is written, in one transaction
};

// An event as a finding names it.
struct MendPlace {
  std::string id;             // 32 hexadecimal digits (warehouse::is_event_id)
  base::WallTime event_at{};  // where its row stands: of `copy` on the other side, of `replace` here
  // Rows of it that were found. Fewer at that time: then they are looked for wherever they stand.
  std::int64_t copies = 1;
  bool operator==(const MendPlace& other) const = default;
};

// Events of one order: some 550 KB as the control socket carries them. Replacing is dearer: both sides are read.
inline constexpr std::size_t kCopiedMax = 10'000;
// Where no socket carries it: between two orders everything stands still for a moment.
inline constexpr std::size_t kCopiedHereMax = 50'000;
inline constexpr std::size_t kReplacedMax = 500;
constexpr std::size_t mended_max(MendKind kind) {
  return kind == MendKind::copy ? kCopiedMax : kReplacedMax;
}

struct MendOrder {
  std::string target;
  MendKind kind = MendKind::copy;
  std::vector<MendPlace> places{};  // at most Mender::order_max(kind); none: only the target's tables are made ready
};

enum class LeftWhy : std::uint8_t {
  gone,      // it stands there no more
  unsound,   // no row of it tells the event that its id names
  unlike,    // ids are minted and its rows tell different events: nobody can say which one is right
  refused,   // the target refuses it for good
  put_off,   // the target has not written it this time
  owed,      // it is owed to the target by now, and lands by itself
  timeless,  // a row of it has no time by which it could be removed
  several,   // it stands several times, and no row tells the event that its id names
  foreign,   // its event_id is none, and it stands several times
  unread,    // it stands several times, and a row of it has no time by which it could be removed
};
inline constexpr LeftWhy kLeftWhyLast = LeftWhy::unread;
constexpr std::string_view to_string(LeftWhy why) {
  switch (why) {
    case LeftWhy::gone:
      return "it stands there no more";
    case LeftWhy::unsound:
      return "no row of it tells the event that its id names";
    case LeftWhy::unlike:
      return "its rows tell different events, and minted ids do not say which is right";
    case LeftWhy::refused:
      return "the target refuses it";
    case LeftWhy::put_off:
      return "the target has put it off";
    case LeftWhy::owed:
      return "it is owed to the target by now and lands by itself";
    case LeftWhy::timeless:
      return "a row of it has no event_at that can be read, so it cannot be replaced: give it one by hand";
    case LeftWhy::several:
      return "it stands several times and no row tells the event that its id names: delete all but one by hand";
    case LeftWhy::foreign:
      return "its event_id is none of ours: delete by hand all but one";
    case LeftWhy::unread:
      return "it stands several times, and a row of it has no event_at that can be read: delete that one by hand";
  }
  return "unknown";
}

struct LeftEvent {
  std::string id;
  LeftWhy why = LeftWhy::gone;
  std::string detail{};  // of `refused`: column and class of the error; no blanks
};

struct MendReport {
  std::size_t done = 0;        // of the order's places, from the first on: the rest was not begun
  std::uint64_t copied = 0;    // events that were written where they were missing
  std::uint64_t replaced = 0;  // events whose rows gave way to one
  std::uint64_t surplus = 0;   // rows that went without another in their place
  std::uint64_t in_order = 0;  // events that stood there, once and sound, already
  std::uint64_t batches = 0;
  std::string first_batch{};  // ids; they are in the order of time
  std::string last_batch{};
  std::vector<LeftEvent> left{};
  // Rows of the other side whose own columns (event_key, event_at) are wrong, though what they tell is right and was
  // copied: to be replaced there.
  std::vector<MendPlace> crooked{};
  // What ended it before all was done; what was done stands, and may be asked for again.
  std::optional<base::Error> error{};
};

class Mender {
 public:
  virtual ~Mender() = default;
  // Writes as the target's lane does. An order may be repeated: what is in order is left alone. One thread at a time;
  // blocks for as long as the target takes.
  virtual MendReport mend(const MendOrder& order) = 0;
  // Places of one order.
  [[nodiscard]] virtual std::size_t order_max(MendKind kind) const { return mended_max(kind); }
};

}  // namespace twinshift::proof
