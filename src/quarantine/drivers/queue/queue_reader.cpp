// The Reader: one sweep at the first call, and another one whenever a query comes to events that did not fit into
// memory.
#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "quarantine/drivers/queue/queue_quarantine.hpp"
#include "quarantine/drivers/queue/record_book.hpp"

namespace twinshift::quarantine {
namespace {

namespace log = base::log;
using base::ErrorKind;

bool matches(const Record& record, const Query& query) {
  return record.id > query.after_id && record.id <= query.until_id &&
         (query.target.empty() || record.target == query.target) &&
         (query.event_id.empty() || record.event_id == query.event_id);
}

Record without_json(const Record& record) {
  Record copy;
  copy.id = record.id;
  copy.target = record.target;
  copy.event_id = record.event_id;
  copy.id_version = record.id_version;
  copy.message_id = record.message_id;
  copy.received_at = record.received_at;
  copy.further_arrivals = record.further_arrivals;
  copy.quarantined_at = record.quarantined_at;
  copy.json_bytes = record.json_bytes;
  copy.column = record.column;
  copy.error_class = record.error_class;
  copy.message = record.message;
  copy.tries = record.tries;
  copy.both_sides = record.both_sides;
  return copy;
}

void tell(const Swept& swept) {
  warn_of_foreign(swept);
  if (swept.is_all) return;
  log::warn("The quarantine's queue may hold more than could be read just now")
      .add("read", static_cast<std::uint64_t>(swept.messages))
      .add("hint", "Another reader may hold the rest, or the queue's count is behind: try again in a minute");
}

class QueueReader final : public Reader {
 public:
  QueueReader(QueueOpener open, QueueReaderOptions options) : options_(std::move(options)), open_(std::move(open)) {}

  base::Result<std::vector<Record>> read(const Query& query) override {
    if (auto ready = look(); !ready) return base::fail(std::move(ready.error()));
    const std::vector<std::size_t> chosen = choose(query);
    std::vector<Record> page;
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < chosen.size() && page.size() < query.records_max; ++i) {
      const Entry& entry = entries_[chosen[i]];
      if (!query.with_json) {
        page.push_back(without_json(entry.record));
        continue;
      }
      auto there = fetch(chosen, i);
      if (!there) return base::fail(std::move(there.error()));
      if (!*there) continue;
      page.push_back(entry.record);
      bytes += entry.record.json.size();
      if (bytes >= query.json_bytes_max) break;
    }
    return page;
  }

  base::Result<std::map<base::WallTime, std::uint64_t>> count_by_hour(const std::string& target) override {
    if (auto ready = look(); !ready) return base::fail(std::move(ready.error()));
    std::map<base::WallTime, std::uint64_t> counts;
    for (const std::size_t place : choose({.target = target})) {
      for (const Arrival& arrival : arrivals_of(entries_[place].record))
        ++counts[std::chrono::floor<std::chrono::hours>(arrival.received_at)];
    }
    return counts;
  }

  base::Result<Record> find(std::int64_t id) override {
    auto found = read({.after_id = id - (id > 0 ? 1 : 0), .until_id = id, .records_max = 2});
    if (!found) return base::fail(std::move(found.error()));
    if (found->size() == 1) return std::move(found->front());
    if (!found->empty()) {
      return base::fail(ErrorKind::conflict, "two records have the number " + std::to_string(id), kWhere,
                        "Two instances kept them in the same microsecond; name them by --all and --target instead");
    }
    return base::fail(ErrorKind::not_found, "there is no record " + std::to_string(id) + " in the quarantine", kWhere,
                      "`twinshift quarantine list` shows what is there");
  }

 private:
  static constexpr const char* kWhere = "the quarantine's queue";

  // The first call's sweep.
  base::Status look() {
    if (has_looked_) return {};
    RecordBook book(options_.json_bytes_max);
    auto swept = sweep([&](Refusal refusal) { book.add(std::move(refusal.record), refusal.event); });
    if (!swept) return base::fail(std::move(swept.error()));
    tell(*swept);
    entries_ = book.take();
    gone_.assign(entries_.size(), false);
    has_looked_ = true;
    return {};
  }

  base::Result<Swept> sweep(const Sweep::Visit& visit) {
    auto sweep = Sweep::open(open_, options_.sweep, *options_.clock);
    if (!sweep) return base::fail(std::move(sweep.error()));
    return sweep->run(options_.stop, visit);
  }

  // Places in entries_, in the order of the query.
  [[nodiscard]] std::vector<std::size_t> choose(const Query& query) const {
    std::vector<std::size_t> chosen;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (!gone_[i] && matches(entries_[i].record, query)) chosen.push_back(i);
    }
    if (query.newest_first) std::ranges::reverse(chosen);
    return chosen;
  }

  // The event of chosen[at] is then in memory, with as many that follow as fit. False where it has gone meanwhile.
  base::Result<bool> fetch(const std::vector<std::size_t>& chosen, std::size_t at) {
    const std::size_t place = chosen[at];
    if (!gone_[place] && !entries_[place].has_json) {
      auto wanted = make_room(chosen, at);
      auto swept = sweep([&](const Refusal& refusal) {
        const auto found = wanted.find(refusal.record.id);
        if (found == wanted.end()) return;
        entries_[found->second].record.json = refusal.event;
        entries_[found->second].has_json = true;
        wanted.erase(found);
      });
      if (!swept) return base::fail(std::move(swept.error()));
      lose(wanted);
    }
    return !gone_[place];
  }

  using Wanted = std::unordered_map<std::int64_t, std::size_t>;  // by the first refusal's number

  // Drops the events in memory; what to fetch instead: what the query comes to next, then what stands behind it (for
  // the calls of find() that follow).
  Wanted make_room(const std::vector<std::size_t>& chosen, std::size_t at) {
    for (Entry& entry : entries_) {
      std::string().swap(entry.record.json);
      entry.has_json = false;
    }
    Wanted wanted;
    std::uint64_t bytes = 0;
    const auto want = [&](std::size_t place) {
      const Record& record = entries_[place].record;
      if (gone_[place] || wanted.contains(record.id)) return true;
      bytes += record.json_bytes;
      if (bytes > options_.json_bytes_max && !wanted.empty()) return false;
      wanted.emplace(record.id, place);
      return true;
    };
    for (std::size_t i = at; i < chosen.size(); ++i) {
      if (!want(chosen[i])) return wanted;
    }
    for (std::size_t place = chosen[at] + 1; place < entries_.size(); ++place) {
      if (!want(place)) return wanted;
    }
    return wanted;
  }

  void lose(const Wanted& missing) {
    if (missing.empty()) return;
    for (const auto& [number, place] : missing) gone_[place] = true;
    log::warn("Records of the quarantine were there at first and then no more: they are left out")
        .add("count", static_cast<std::uint64_t>(missing.size()))
        .add("hint", "They were replayed or dropped, or another reader holds them: list again in a minute");
  }

  const QueueReaderOptions options_;
  const QueueOpener open_;
  bool has_looked_ = false;
  std::vector<Entry> entries_;  // by id
  std::vector<bool> gone_;      // beside entries_
};

}  // namespace

std::unique_ptr<Reader> open_queue_quarantine_reader(QueueOpener open, QueueReaderOptions options) {
  return std::make_unique<QueueReader>(std::move(open), std::move(options));
}

}  // namespace twinshift::quarantine
