#include "app/debts_of_others.hpp"

#include <algorithm>
#include <iterator>

#include "app/driver_table.hpp"
#include "warehouse/markers.hpp"

namespace twinshift::app {
namespace {

using base::WallTime;
using proof::Listed;
using proof::Owing;

// Ids that are taken for those in the others' quarantines (some 10 MB); beyond it they are not known.
constexpr std::size_t kRefusedMax = 65'536;
// An instance that never spoke is known by its rows: those of the hour before, too.
constexpr std::chrono::hours kRowsBefore{1};

// No such table: only we have ever written here, or nobody is to know of the others (docs/formats/owed.md).
base::Result<std::vector<warehouse::InstanceWord>> words_of(warehouse::Warehouse& target) {
  auto words = warehouse::read_words(target);
  if (!words && !warehouse::can_read_owed(target)) return std::vector<warehouse::InstanceWord>();
  return words;
}

base::Result<OthersRows::Parts> read_parts(warehouse::Warehouse& primary, WallTime from) {
  OthersRows::Parts parts;
  // Before the rows: what a word says is told stands in them.
  auto words = words_of(primary);
  if (!words) return base::fail(std::move(words.error()));
  auto rows = warehouse::read_owed(primary, from);
  if (!rows && !warehouse::can_read_owed(primary)) return parts;
  if (!rows) return base::fail(std::move(rows.error()));
  parts.words = std::move(*words);
  parts.rows = std::move(*rows);
  return parts;
}

bool has_shared_queue(const config::Settings& settings) {
  return settings.queue.driver != "sqlite";
}

// Of all instances, over connections that are opened when they are needed: what the primary holds, and in front of it
// what the secondary tells of starts, for an instance may have written there while it could not reach the primary.
class PartsOfTargets {
 public:
  explicit PartsOfTargets(const config::Settings& settings) : settings_(settings) {}

  base::Result<OthersRows::Parts> operator()(WallTime from) {
    std::vector<warehouse::InstanceWord> starts;
    if (settings_.secondary) {
      if (auto opened = open(secondary_, "secondary"); !opened) return base::fail(std::move(opened.error()));
      auto read = words_of(*secondary_);
      if (!read) return given_up(secondary_, std::move(read.error()));
      starts = std::move(*read);
    }
    if (auto opened = open(primary_, "primary"); !opened) return base::fail(std::move(opened.error()));
    auto parts = read_parts(*primary_, from);
    if (!parts) return given_up(primary_, std::move(parts.error()));
    std::ranges::move(starts, std::back_inserter(parts->words));
    return parts;
  }

 private:
  using Connection = std::shared_ptr<warehouse::Warehouse>;

  base::Status open(Connection& target, const std::string& name) const {
    if (target) return {};
    auto opened = open_for_reading(settings_, name);
    if (!opened) return base::fail(std::move(opened.error()));
    target = std::move(*opened);
    return {};
  }
  static std::unexpected<base::Error> given_up(Connection& target, base::Error error) {
    target.reset();
    return base::fail(std::move(error));
  }

  const config::Settings settings_;
  Connection primary_;  // none after a failure
  Connection secondary_;
};

}  // namespace

void DebtsOfAll::note(std::string why) {
  if (reasons_.size() < proof::kReasonsMax) reasons_.insert(std::move(why));
}

base::Result<std::vector<Owing>> DebtsOfAll::owes(const std::string& target, std::span<const Listed> events,
                                                  WallTime seen) {
  auto answers = parts_.own->owes(target, events, seen);
  if (!answers) return answers;
  const auto open = settle_own(target, events, *answers);
  if (open.empty()) return answers;
  WallTime oldest = parts_.clock->now();
  for (const std::size_t i : open) oldest = std::min(oldest, events[i].received_at);
  auto others = read_others(oldest);
  if (!others) return base::fail(std::move(others.error()));
  for (const std::size_t i : open) answers->at(i) = judge(*others, target, events[i], seen);
  return answers;
}

std::vector<std::size_t> DebtsOfAll::settle_own(const std::string& target, std::span<const Listed> events,
                                                std::vector<Owing>& answers) {
  const WallTime now = parts_.clock->now();
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < events.size(); ++i) {
    Owing& answer = answers.at(i);
    if (answer == Owing::unknown) {
      note("the backlog of the " + target + " holds events that cannot be told one by one: let it drain");
    }
    if (answer == Owing::perhaps) {
      answer = still_queued(target, events[i], now) ? Owing::unknown : Owing::no;
      if (answer == Owing::unknown) note("the SQS queue holds messages that cannot be told one by one: let it drain");
    }
    if (answer == Owing::no) open.push_back(i);
  }
  return open;
}

bool DebtsOfAll::still_queued(const std::string& target, const Listed& event, WallTime now) const {
  const bool known = event.received_at != WallTime{};
  if (known && now - event.received_at > kQueuedEver) return false;
  return target == "primary" || !parts_.keeps_debts || !known || now - event.received_at < kQueuedMax;
}

base::Result<OthersRows> DebtsOfAll::read_others(WallTime oldest) const {
  auto read = parts_.read(warehouse::hour_of(oldest) - kRowsBefore);
  if (!read) return base::fail(std::move(read.error()));
  read->own = parts_.instance;
  read->now = parts_.clock->now();
  read->silent_after = parts_.silent_after;
  read->shared_queue = parts_.shared_queue;
  return OthersRows(std::move(*read));
}

Owing DebtsOfAll::judge(const OthersRows& others, const std::string& target, const Listed& event, WallTime seen) {
  OthersRows::Judged judged = others.judge(target, event.received_at, seen);
  if (!judged.why.empty()) note(std::move(judged.why));
  const std::uint64_t refused = others.refused(target, event.received_at);
  if (judged.owing != Owing::no || refused == 0) return judged.owing;
  return is_among_refused(target, event, refused) ? Owing::refused : Owing::unknown;
}

// As many of an hour as are said to be in quarantine; where more are missing, nobody can say which are.
bool DebtsOfAll::is_among_refused(const std::string& target, const Listed& event, std::uint64_t most) {
  std::set<std::string>& ids = refused_[{target, warehouse::hour_of(event.received_at)}];
  if (ids.contains(event.id)) return true;
  note(
      "other instances have events in quarantine that arrived in the hours of some that are missing: "
      "`twinshift quarantine list` there names them");
  if (ids.size() >= most || refused_ids_ >= kRefusedMax) return false;
  ids.insert(event.id);
  ++refused_ids_;
  return true;
}

std::chrono::seconds silent_after(const config::Settings& settings) {
  const auto interval =
      settings.primary.driver == "redshift_data" ? warehouse::kPublishIntervalOfDataApi : warehouse::kPublishInterval;
  const auto books = std::chrono::ceil<std::chrono::seconds>(settings.books_interval);
  return std::max({std::chrono::seconds(kSilentAfter), 2 * interval, interval + 2 * books});
}

base::Result<std::optional<WallTime>> oldest_owed_by_others(const config::Settings& settings, const std::string& own) {
  // What is owed is told whatever its age.
  auto parts = PartsOfTargets(settings)(base::system_clock().now());
  if (!parts) return base::fail(std::move(parts.error()));
  parts->own = own;
  parts->now = base::system_clock().now();
  parts->silent_after = silent_after(settings);
  parts->shared_queue = has_shared_queue(settings);
  return OthersRows(std::move(*parts)).oldest();
}

std::unique_ptr<proof::Debts> with_other_instances(const config::Settings& settings, std::string own,
                                                   std::unique_ptr<proof::Debts> debts) {
  return std::make_unique<DebtsOfAll>(DebtsOfAll::Parts{.own = std::move(debts),
                                                        .instance = std::move(own),
                                                        .clock = &base::system_clock(),
                                                        .keeps_debts = settings.keeps_debts,
                                                        .shared_queue = has_shared_queue(settings),
                                                        .silent_after = silent_after(settings),
                                                        .read = PartsOfTargets(settings)});
}

}  // namespace twinshift::app
