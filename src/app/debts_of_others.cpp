#include "app/debts_of_others.hpp"

#include <algorithm>
#include <set>
#include <utility>

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
base::Result<OthersRows::Parts> read_parts(warehouse::Warehouse& primary, WallTime from) {
  OthersRows::Parts parts;
  // Before the rows: what a word says is told stands in them.
  auto words = warehouse::read_words(primary);
  if (!words && !warehouse::can_read_owed(primary)) return parts;
  if (!words) return base::fail(std::move(words.error()));
  auto rows = warehouse::read_owed(primary, from);
  if (!rows) return base::fail(std::move(rows.error()));
  parts.words = std::move(*words);
  parts.rows = std::move(*rows);
  return parts;
}

base::Result<OthersRows> read_others(warehouse::Warehouse& primary, const config::Settings& settings,
                                     const std::string& own, WallTime from) {
  auto parts = read_parts(primary, from);
  if (!parts) return base::fail(std::move(parts.error()));
  parts->own = own;
  parts->now = base::system_clock().now();
  parts->silent_after = silent_after(settings);
  parts->shared_queue = settings.queue.driver != "sqlite";
  return OthersRows(std::move(*parts));
}

class AllDebts final : public proof::Debts {
 public:
  AllDebts(const config::Settings& settings, std::string own, std::unique_ptr<proof::Debts> debts)
      : settings_(settings), own_(std::move(own)), debts_(std::move(debts)) {}

  base::Result<proof::Digests> owed(const std::string& target, const proof::Span& span,
                                    std::chrono::seconds window) override {
    return debts_->owed(target, span, window);
  }

  base::Result<std::vector<Owing>> owes(const std::string& target, std::span<const Listed> events,
                                        WallTime seen) override {
    auto answers = debts_->owes(target, events, seen);
    if (!answers) return answers;
    const auto open = settle_own(target, events, *answers);
    if (open.empty()) return answers;
    WallTime oldest = base::system_clock().now();
    for (const std::size_t i : open) oldest = std::min(oldest, events[i].received_at);
    auto others = read(oldest);
    if (!others) return base::fail(std::move(others.error()));
    for (const std::size_t i : open) answers->at(i) = judge(*others, target, events[i], seen);
    return answers;
  }

  base::Result<std::vector<bool>> quarantined(const std::string& target, std::span<const Listed> events) override {
    return debts_->quarantined(target, events);
  }

  [[nodiscard]] std::vector<std::string> reasons() const override { return {reasons_.begin(), reasons_.end()}; }

 private:
  void note(std::string why) {
    if (reasons_.size() < proof::kReasonsMax) reasons_.insert(std::move(why));
  }

  // What our own stores leave open, for the others to say.
  std::vector<std::size_t> settle_own(const std::string& target, std::span<const Listed> events,
                                      std::vector<Owing>& answers) {
    const WallTime now = base::system_clock().now();
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

  [[nodiscard]] bool still_queued(const std::string& target, const Listed& event, WallTime now) const {
    const bool known = event.received_at != WallTime{};
    if (known && now - event.received_at > kQueuedEver) return false;
    return target == "primary" || !settings_.keeps_debts || !known || now - event.received_at < kQueuedMax;
  }

  Owing judge(const OthersRows& others, const std::string& target, const Listed& event, WallTime seen) {
    OthersRows::Judged judged = others.judge(target, event.received_at, seen);
    if (!judged.why.empty()) note(std::move(judged.why));
    const std::uint64_t refused = others.refused(target, event.received_at);
    if (judged.owing != Owing::no || refused == 0) return judged.owing;
    return is_among_refused(target, event, refused) ? Owing::refused : Owing::unknown;
  }

  // As many of an hour as are said to be in quarantine; where more are missing, nobody can say which are.
  bool is_among_refused(const std::string& target, const Listed& event, std::uint64_t most) {
    const WallTime hour = warehouse::hour_of(event.received_at);
    std::set<std::string>& ids = refused_[{target, hour}];
    if (ids.contains(event.id)) return true;
    if (ids.size() < most && refused_ids_ < kRefusedMax) {
      ids.insert(event.id);
      ++refused_ids_;
      return true;
    }
    note(
        "more events are missing than other instances have in quarantine, so which are lost cannot be told: "
        "`twinshift quarantine list` there names theirs");
    return false;
  }

  base::Result<OthersRows> read(WallTime oldest) {
    if (!primary_) {
      auto opened = open_for_reading(settings_, "primary");
      if (!opened) return base::fail(std::move(opened.error()));
      primary_ = std::move(*opened);
    }
    auto others = read_others(*primary_, settings_, own_, warehouse::hour_of(oldest) - kRowsBefore);
    if (!others) primary_.reset();
    return others;
  }

  const config::Settings settings_;
  const std::string own_;
  const std::unique_ptr<proof::Debts> debts_;
  std::unique_ptr<warehouse::Warehouse> primary_;  // a connection of its own; none after a failure
  std::set<std::string> reasons_;                  // at most kReasonsMax
  std::map<std::pair<std::string, WallTime>, std::set<std::string>> refused_;  // by target and hour
  std::size_t refused_ids_ = 0;                                                // in all of them
};

}  // namespace

std::chrono::seconds silent_after(const config::Settings& settings) {
  const auto interval =
      settings.primary.driver == "redshift_data" ? warehouse::kPublishIntervalOfDataApi : warehouse::kPublishInterval;
  const auto books = std::chrono::ceil<std::chrono::seconds>(settings.books_interval);
  return std::max({std::chrono::seconds(kSilentAfter), 2 * interval, interval + 2 * books});
}

base::Result<std::optional<WallTime>> oldest_owed_by_others(const config::Settings& settings, const std::string& own) {
  auto primary = open_for_reading(settings, "primary");
  if (!primary) return base::fail(std::move(primary.error()));
  // What is owed is told whatever its age.
  auto others = read_others(**primary, settings, own, base::system_clock().now());
  if (!others) return base::fail(std::move(others.error()));
  return others->oldest();
}

std::unique_ptr<proof::Debts> with_other_instances(const config::Settings& settings, std::string own,
                                                   std::unique_ptr<proof::Debts> debts) {
  return std::make_unique<AllDebts>(settings, std::move(own), std::move(debts));
}

}  // namespace twinshift::app
