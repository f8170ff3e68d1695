// The pure part of debts_of_others.hpp: what rows and words mean.
#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "app/debts_of_others.hpp"
#include "base/time_text.hpp"
#include "warehouse/markers.hpp"

namespace twinshift::app {
namespace {

using base::WallTime;
using proof::Owing;
using warehouse::InstanceWord;
using warehouse::OwedRow;

// An instance that never spoke (of an earlier version) has said last what its latest row says.
void add_words_of_rows(const std::vector<OwedRow>& rows, std::vector<InstanceWord>& words) {
  std::map<std::string, WallTime> latest;
  for (const OwedRow& row : rows) latest[row.instance] = std::max(latest[row.instance], row.as_of);
  for (const auto& [instance, as_of] : latest) {
    if (std::ranges::count(words, instance, &InstanceWord::instance) > 0) continue;
    words.push_back({.instance = instance, .heard = as_of, .told = as_of});
  }
}

// One for each instance: the primary tells all but, where it could not be reached, the latest start.
std::vector<InstanceWord> one_of_each(const std::vector<InstanceWord>& words) {
  std::map<std::string, InstanceWord> by_instance;
  for (const InstanceWord& word : words) {
    const auto [found, first] = by_instance.emplace(word.instance, word);
    if (first) continue;
    InstanceWord& known = found->second;
    known.settled = (known.settled && known.heard >= word.heard) || (word.settled && word.heard >= known.heard);
    known.heard = std::max(known.heard, word.heard);
    known.told = std::max(known.told, word.told);
  }
  std::vector<InstanceWord> each;
  for (auto& [instance, word] : by_instance) each.push_back(std::move(word));
  return each;
}

}  // namespace

OthersRows::OthersRows(Parts parts) : parts_(std::move(parts)) {
  std::erase_if(parts_.rows, [&](const OwedRow& row) { return row.instance == parts_.own; });
  std::erase_if(parts_.words, [&](const InstanceWord& word) { return word.instance == parts_.own; });
  parts_.words = one_of_each(parts_.words);
  add_words_of_rows(parts_.rows, parts_.words);
  for (const OwedRow& row : parts_.rows) {
    if (row.quarantined > 0) quarantined_[{row.target, row.arrival_at}] += row.quarantined;
  }
}

// Of a time that has not come nothing can have been said: a clock was wrong.
bool OthersRows::ahead(const InstanceWord& word) const {
  return word.heard > parts_.now + kClocksApart;
}

bool OthersRows::silent(const InstanceWord& word) const {
  return ahead(word) || parts_.now - word.heard > parts_.silent_after;
}

OthersRows::Judged OthersRows::by_rows(const std::string& target, WallTime received_at) const {
  const bool known = received_at != WallTime{};
  const WallTime hour = warehouse::hour_of(received_at);
  const auto owing = std::ranges::find_if(parts_.rows, [&](const OwedRow& row) {
    return row.owed > 0 && row.target == target && (!known || row.arrival_at == hour);
  });
  if (owing == parts_.rows.end()) return {};
  return {Owing::unknown,
          fmt::format(
              "instance {} owes the {} {} of the events that arrived in the hour from {} on, and nobody else "
              "can say which: let it deliver them; if it is gone for good, sign it off in both targets: DELETE FROM "
              "twinshift_owed WHERE instance = '{}'",
              owing->instance, target, owing->owed, base::iso8601_ms(owing->arrival_at), owing->instance)};
}

OthersRows::Judged OthersRows::by_word(const InstanceWord& word, WallTime received_at, WallTime seen) const {
  if (word.settled) return {};
  const bool known = received_at != WallTime{} && !ahead(word);
  // Of its own queue an instance has told what it had received; a shared one may hand it what is old.
  const bool told =
      known && (parts_.shared_queue ? parts_.now - received_at > kQueuedEver : received_at < word.told - kClocksApart);
  if (told) return {};
  if (!silent(word)) return {word.told - kClocksApart < seen ? Owing::untold : Owing::no, {}};
  return {Owing::unknown,
          fmt::format("instance {} has said nothing since {}, so what it owes is not known: start it again; if it is "
                      "gone for good, sign it off in both targets: DELETE FROM twinshift_owed WHERE instance = '{}'",
                      word.instance, base::iso8601_ms(word.heard), word.instance)};
}

OthersRows::Judged OthersRows::judge(const std::string& target, WallTime received_at, WallTime seen) const {
  Judged judged = by_rows(target, received_at);
  for (const InstanceWord& word : parts_.words) {
    if (judged.owing == Owing::unknown) return judged;
    Judged one = by_word(word, received_at, seen);
    if (one.owing != Owing::no) judged = std::move(one);
  }
  if (judged.owing != Owing::no || refused(target, received_at) > 0) return judged;
  // In a quarantine, but how many of them stand in the other target cannot be told by their number.
  if (quarantined_.contains({target, warehouse::hour_of(received_at)})) {
    return {Owing::unknown,
            fmt::format("other instances have events in quarantine that arrived in the hour from {} on, of both "
                        "targets or owed as well: `twinshift quarantine list` there names them",
                        base::iso8601_ms(warehouse::hour_of(received_at)))};
  }
  return judged;
}

std::uint64_t OthersRows::refused(const std::string& target, WallTime received_at) const {
  const WallTime hour = warehouse::hour_of(received_at);
  const auto here = quarantined_.find({target, hour});
  if (here == quarantined_.end()) return 0;
  const bool elsewhere = std::ranges::any_of(
      quarantined_, [&](const auto& each) { return each.first.second == hour && each.first.first != target; });
  return elsewhere ? 0 : here->second;
}

std::optional<WallTime> OthersRows::oldest() const {
  std::optional<WallTime> oldest;
  const auto take = [&](WallTime time) { oldest = std::min(oldest.value_or(time), time); };
  for (const OwedRow& row : parts_.rows) {
    if (row.owed > 0) take(row.arrival_at);
  }
  for (const InstanceWord& word : parts_.words) {
    if (!word.settled) take(word.told - kClocksApart);
  }
  return oldest;
}

}  // namespace twinshift::app
