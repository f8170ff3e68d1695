#include "proof/verifier.hpp"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace twinshift::proof {
namespace {

using namespace std::chrono_literals;

// The first bite: a day of hours.
constexpr std::int64_t kFirstBite = 24;
// Where more are doubled than one answer holds the span is halved, down to this; then the keys are.
constexpr auto kDoublesSpanMin = 1ms;
// Over a stretch in which nobody has anything the bites grow faster.
constexpr std::int64_t kEmptyGrowth = 8;
constexpr std::int64_t kGrowth = 2;

std::int64_t rows_of(const Digests& digests) {
  std::int64_t rows = 0;
  for (const auto& [number, digest] : digests) rows += digest.rows;
  return rows;
}

// Suspects by the side that holds doubles; of the other side nothing is said.
std::vector<Suspect> suspects_of(const std::vector<Listed>& doubles, std::size_t side) {
  std::vector<Suspect> suspects;
  suspects.reserve(doubles.size());
  for (const Listed& row : doubles) {
    Suspect suspect{.row = row, .copies = {1, 1}, .keys = {row.key, row.key}, .doubled = true};
    suspect.copies[side] = row.copies;
    suspects.push_back(std::move(suspect));
  }
  return suspects;
}

// Windows in which that side holds nothing are forgotten.
void leave_where_held(Pair<Digests>& digests, std::size_t side) {
  std::erase_if(digests[1 - side], [&](const auto& window) { return !digests[side].contains(window.first); });
}

// By time; a moment, in which as many as one likes may stand (1970), by the key.
std::pair<Slice, Slice> halves(const Slice& slice) {
  const Span& span = slice.spans.front();
  if (span.to - span.from > kDoublesSpanMin) {
    const base::WallTime middle = span.from + (span.to - span.from) / 2;
    return {{.spans = {{span.from, middle}}}, {.spans = {{middle, span.to}}}};
  }
  const std::int64_t first = slice.key_bits == 0 ? 0 : 2 * slice.prefixes.front();
  const int bits = slice.key_bits + 1;
  return {{.spans = slice.spans, .key_bits = bits, .prefixes = {first}},
          {.spans = slice.spans, .key_bits = bits, .prefixes = {first + 1}}};
}

// Of less at a time it may be told.
bool too_much(const base::Error& error) {
  return error.kind == base::ErrorKind::full || error.kind == base::ErrorKind::timed_out;
}

base::Error of_one_window(base::Error error) {
  if (error.kind == base::ErrorKind::timed_out) {
    error.hint =
        "Not even one window could be summed up in time: choose a smaller --window, or a time when the target "
        "is less busy";
  }
  return error;
}

}  // namespace

Verifier::Verifier(const VerifyOptions& options, Parts parts)
    : options_(options),
      parts_(std::move(parts)),
      second_look_({.sides = parts_.sides,
                    .debts = parts_.debts,
                    .clock = parts_.clock,
                    .wait =
                        [this](std::chrono::nanoseconds left) {
                          if (parts_.told && second_look_.awaits_others()) {
                            parts_.told({.share = 1, .rows = rows_so_far(), .awaits_others = true});
                          }
                          parts_.wait(left);
                        },
                    .apart = options_.apart,
                    .found = [this](const Finding& finding) { tell(finding); },
                    .stopped = [this] { return stopped(); },
                    .ids_from_content = options_.ids_from_content,
                    .once = options_.once,
                    .once_minds_erased = options_.once_minds_erased}),
      debt_sums_({.sides = parts_.sides, .debts = parts_.debts, .clock = parts_.clock}),
      splitter_(parts_.sides, Splitter::Which::differing, kListedMax,
                [this](const Slice& slice) { return compare_slice(slice); }),
      deep_look_(parts_.sides, options_.ids_from_content, [this](const Finding& finding) { tell(finding); }),
      bite_windows_(kFirstBite) {}

// Two ways may lead to one: a deep look, the look for doubles and that for differences.
bool Verifier::is_told(const Finding& finding) {
  const auto again = [&](auto& told) {
    return told.size() < kChangedMax && !told.emplace(finding.target, finding.id).second;
  };
  switch (finding.kind) {
    case FindingKind::changed:
    case FindingKind::foreign:
      return again(changed_);
    case FindingKind::doubled:
      return again(doubled_);
    case FindingKind::erased:
      return again(erased_);
    default:
      return false;
  }
}

void Verifier::tell(Finding finding) {
  if (is_told(finding)) return;
  if (finding.unsound && unsound_.size() < kChangedMax) unsound_.emplace(finding.target, finding.id);
  const std::string& other = parts_.sides[finding.target == parts_.sides[0]->name() ? 1 : 0]->name();
  if (finding.kind == FindingKind::missing && unsound_.contains({other, finding.id}))
    finding.hopeless = LeftWhy::unsound;
  // A row with another's id is no event that the other side lacks: it was named as what it is.
  if (!finding.content_id.empty() && renamed_.size() < kChangedMax) renamed_.insert(finding.id);
  undecided_ = undecided_ || finding.kind == FindingKind::undecided;
  if (finding.kind == FindingKind::missing && renamed_.contains(finding.id)) return;
  parts_.found(finding);
}

// A side that the sums have shown to hold nothing is not read through for it: what has landed there since is found by
// the second look.
base::Status Verifier::compare_slice(const Slice& slice) {
  auto lists = ask_both(parts_.sides, [&](Side& side, std::size_t index) {
    return slice.empty[index] ? base::Result<std::vector<Listed>>(std::in_place) : side.list(slice);
  });
  if (!lists) return base::fail(std::move(lists.error()));
  doubtful_.listed(*lists);
  std::vector<Suspect> suspects = compare(*lists);
  return suspects.empty() ? base::Status() : second_look_.take(std::move(suspects), seen_);
}

base::Result<bool> Verifier::small() {
  auto bytes = ask_both(parts_.sides, [](Side& side, std::size_t) { return side.bytes(); });
  if (!bytes) return base::fail(std::move(bytes.error()));
  const auto most = kScanBytes * options_.question.count() / 1'000;
  return std::ranges::all_of(*bytes, [&](const std::optional<std::int64_t>& each) { return each && *each <= most; });
}

base::Result<std::optional<Verifier::Task>> Verifier::plan() {
  auto at_once = small();
  if (!at_once) return base::fail(std::move(at_once.error()));
  if (asked().from >= asked().to) return std::optional<Task>();
  return *at_once ? std::optional(Task{asked(), true}) : plan_bites();
}

base::Result<std::optional<Verifier::Task>> Verifier::plan_bites() {
  auto extents = ask_both(parts_.sides, [&](Side& side, std::size_t) { return side.extent(asked()); });
  if (!extents) return base::fail(std::move(extents.error()));
  std::optional<Task> whole;
  for (const std::optional<Span>& each : *extents) {
    if (!each) continue;
    whole = Task{whole ? Span{std::min(whole->span.from, each->from), std::max(whole->span.to, each->to)} : *each};
  }
  return whole;
}

base::Result<VerifyReport> Verifier::run() {
  report_ = {.as_of = parts_.clock->now()};
  auto task = plan();
  if (!task) return base::fail(std::move(task.error()));
  if (*task) {
    if (auto done = compare_all(**task); !done) return base::fail(std::move(done.error()));
  }
  if (auto done = compare_outside(); !done) return base::fail(std::move(done.error()));
  if (auto done = second_look_.finish(); !done) return base::fail(std::move(done.error()));
  report_.settled = second_look_.settled();
  report_.owed_ids = second_look_.owed();
  // Most of what could not be told at first has landed meanwhile.
  if (undecided_) report_.reasons = parts_.debts->reasons();
  return report_;
}

base::Status Verifier::stopped() const {
  if (!parts_.stop || !parts_.stop()) return {};
  return base::fail(base::ErrorKind::cancelled, "the comparison was stopped", "verify");
}

// Small tables at once; where that is too much after all, in bites.
base::Status Verifier::compare_all(const Task& task) {
  if (!task.at_once) return bites(task);
  auto taken = ask(task.span);
  if (taken) return bite(task, *taken);
  if (!too_much(taken.error())) return base::fail(std::move(taken.error()));
  auto less = plan_bites();
  if (!less) return base::fail(std::move(less.error()));
  return *less ? bites(**less) : base::Status();
}

base::Status Verifier::bites(const Task& task) {
  const base::WallTime begin = task.span.from;
  const base::WallTime end = task.span.to;
  const auto length = std::max<std::chrono::microseconds>(end - begin, 1us);
  for (base::WallTime at = begin; at < end;) {
    if (auto on = stopped(); !on) return on;
    // Whole windows, so that a bite's digests are its windows' digests; cut where the question was.
    const std::int64_t last = window_of(at, options_.window) + bite_windows_ - 1;
    auto taken = ask({at, std::min(end, span_of(last, options_.window).to)});
    if (!taken && too_much(taken.error()) && bite_windows_ > kBiteWindowsMin) {
      bite_windows_ = std::max(kBiteWindowsMin, bite_windows_ / kGrowth);
      bite_windows_max_ = bite_windows_;
      continue;
    }
    if (!taken) return base::fail(of_one_window(std::move(taken.error())));
    if (auto done = bite(task, *taken); !done) return done;
    if (auto done = second_look_.look(); !done) return done;
    at = taken->span.to;
    if (parts_.told) {
      parts_.told({.share = std::chrono::duration<double>(at - begin) / length, .rows = rows_so_far()});
    }
  }
  return {};
}

// What was compared: from the first window that holds something to the last.
void Verifier::count(const Pair<Digests>& digests, const Span& span) {
  std::set<std::int64_t> windows;
  for (std::size_t side = 0; side < digests.size(); ++side) {
    report_.rows[side] += rows_of(digests[side]);
    for (const auto& [number, digest] : digests[side]) windows.insert(number);
  }
  if (windows.empty()) return;
  const Span first = span_of(*windows.begin(), options_.window);
  const Span last = span_of(*windows.rbegin(), options_.window);
  if (report_.windows == 0) report_.span.from = std::max(span.from, first.from);
  report_.span.to = std::min(span.to, last.to);
  report_.windows += windows.size();
}

base::Result<Verifier::Bite> Verifier::ask(const Span& span) {
  seen_ = parts_.clock->steady();
  auto digests =
      ask_both(parts_.sides, [&](Side& side, std::size_t) { return side.windows({&span, 1}, options_.window); });
  if (!digests) return base::fail(std::move(digests.error()));
  auto slowest = parts_.clock->steady() - seen_;
  const auto begin = parts_.clock->steady();
  auto doubles = ask_for_doubles({.spans = {span}});
  if (!doubles) return base::fail(std::move(doubles.error()));
  slowest = std::max(slowest, parts_.clock->steady() - begin);
  adapt(slowest, (*digests)[0].empty() && (*digests)[1].empty());
  return Bite{span, std::move(*digests), std::move(*doubles)};
}

// Two sides that both doubled an event have equal digests.
base::Result<Pair<std::vector<Listed>>> Verifier::ask_for_doubles(const Slice& slice) {
  auto doubles = ask_both(parts_.sides, [&](Side& side, std::size_t) { return side.doubles(slice); });
  const bool many = !doubles && doubles.error().kind == base::ErrorKind::full;
  if (!many || slice.key_bits == kKeyBits) return doubles;
  const auto [one, other] = halves(slice);
  auto all = ask_for_doubles(one);
  if (!all) return all;
  auto rest = ask_for_doubles(other);
  if (!rest) return rest;
  for (std::size_t side = 0; side < all->size(); ++side) std::ranges::move((*rest)[side], back_inserter((*all)[side]));
  return all;
}

base::Status Verifier::bite(const Task& task, Bite& taken) {
  count(taken.digests, taken.span);
  if (auto done = take_doubles(taken.doubles); !done) return done;
  if (options_.deep) {
    if (auto done = deep_look_.look(taken.digests, taken.span, options_.window); !done) return done;
  }
  return look_into(task, taken);
}

base::Status Verifier::look_into(const Task& task, Bite& taken) {
  const Pair<Digests> held = taken.digests;
  if (auto done = add_debts(task.span, taken); !done) return done;
  if (options_.held_by) leave_where_held(taken.digests, *options_.held_by);
  std::vector<std::int64_t> numbers = differing(taken.digests[0], taken.digests[1]);
  // Whoever copies a whole table compares it afterwards.
  if (options_.once) numbers.clear();
  doubtful_.begin(held, numbers, taken.span, options_.window);
  std::vector<Piece> pieces = splitter_.choose(taken.digests, {&taken.span, 1}, options_.window);
  report_.different += pieces.size();
  if (auto done = look_up_lone(); !done) return done;
  std::erase_if(pieces, [&](const Piece& piece) { return doubtful_.is_explained(piece.span.from); });
  if (auto done = splitter_.split(pieces, options_.window); !done) return done;
  return name_unexplained();
}

base::Status Verifier::look_up_lone() {
  const std::vector<DoubtfulWindows::Lone> lone = doubtful_.lone();
  for (std::size_t at = 0; at < lone.size(); at += kSpansMax) {
    Slice slice;
    for (std::size_t i = at; i < std::min(lone.size(), at + kSpansMax); ++i) {
      slice.spans.push_back(lone[i].span);
      slice.keys.push_back(lone[i].key);
    }
    auto lists = ask_both(parts_.sides, [&](Side& side, std::size_t) { return side.list(slice); });
    if (!lists) return base::fail(std::move(lists.error()));
    doubtful_.looked_up(*lists);
    std::vector<Suspect> suspects = compare(*lists);
    if (suspects.empty()) continue;
    if (auto done = second_look_.take(std::move(suspects), seen_); !done) return done;
  }
  return {};
}

// No range holds them, so they are looked at where everything is compared. Each is wrong by itself.
base::Status Verifier::compare_outside() {
  if (options_.once || ((options_.from || options_.to) && !options_.outside_too)) return {};
  seen_ = parts_.clock->steady();
  const Slice outside{.spans = {}, .key_bits = 0, .prefixes = {}, .outside = true};
  auto parts = ask_both(parts_.sides, [&](Side& side, std::size_t) { return side.parts(outside); });
  if (!parts) return base::fail(std::move(parts.error()));
  for (std::size_t side = 0; side < parts->size(); ++side) {
    report_.outside[side] = rows_of((*parts)[side]);
    report_.rows[side] += report_.outside[side];
  }
  auto strange = ask_both(parts_.sides, [](Side& side, std::size_t) { return side.without_id(); });
  if (!strange) return base::fail(std::move(strange.error()));
  report_.without_id = *strange;
  if ((*parts)[0].empty() && (*parts)[1].empty()) return {};
  if (auto done = deep_look_.look(outside); !done) return done;
  return splitter_.split(outside);
}

base::Status Verifier::name_unexplained() {
  auto open = doubtful_.unexplained(parts_.sides);
  if (!open) return base::fail(std::move(open.error()));
  for (const Span& span : *open) {
    parts_.found({.kind = FindingKind::undecided,
                  .target = parts_.sides[1]->name(),
                  .id = {},
                  .event_at = span.from,
                  .column = {},
                  .content_id = {},
                  .hopeless = {},
                  .window = span});
  }
  return {};
}

base::Status Verifier::take_doubles(const Pair<std::vector<Listed>>& doubles) {
  for (std::size_t side = 0; side < doubles.size(); ++side) {
    auto suspects = suspects_of(doubles[side], side);
    if (suspects.empty()) continue;
    if (auto done = second_look_.take(std::move(suspects), seen_); !done) return done;
  }
  return {};
}

base::Status Verifier::add_debts(const Span& whole, Bite& taken) {
  if (differing(taken.digests[0], taken.digests[1]).empty()) return {};
  auto owed = debt_sums_.add(whole, taken.span, options_.window, taken.digests);
  if (!owed) return base::fail(std::move(owed.error()));
  for (std::size_t side = 0; side < owed->size(); ++side) report_.owed[side] += (*owed)[side];
  return {};
}

void Verifier::adapt(std::chrono::nanoseconds took, bool empty) {
  // Where there is nothing, what was too much before is not.
  if (empty) bite_windows_max_ = std::min<std::int64_t>(kWindowsMax, bite_windows_max_ * kEmptyGrowth);
  if (took > options_.question) {
    bite_windows_ = std::max<std::int64_t>(1, bite_windows_ / kGrowth);
  } else if (took < options_.question / kGrowth) {
    bite_windows_ = std::min(bite_windows_max_, bite_windows_ * (empty ? kEmptyGrowth : kGrowth));
  }
}

}  // namespace twinshift::proof
