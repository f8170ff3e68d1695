#include "tests/simulation/sim_debts.hpp"

#include <algorithm>
#include <ranges>
#include <utility>

#include "app/debts_of_others.hpp"
#include "base/time_text.hpp"
#include "warehouse/owed_word.hpp"
#include "warehouse/schema/owed_text.hpp"

namespace twinshift::simulation {
namespace {

using proof::Digests;
using proof::Listed;
using proof::Owing;

constexpr std::chrono::milliseconds kAskMost{5};

std::unexpected<base::Error> no_such_call() {
  return base::fail(base::ErrorKind::invalid, "nobody who compares calls this", "simulation");
}

}  // namespace

base::Status Line::ask() const {
  if (alive() && task.wait(outside.around.within(kAskMost)) && alive()) return {};
  return base::fail(base::ErrorKind::unavailable, "the service does not answer", "simulation");
}

struct Stores::Queue final : queue::EventQueue {
  explicit Queue(const Line& line_in) : line(line_in) {}
  const Line& line;

  void enqueue(queue::Message, queue::Done done) override { done(no_such_call()); }
  base::Result<std::vector<queue::Lease>> receive(std::size_t, std::chrono::milliseconds, std::stop_token) override {
    return no_such_call();
  }
  void acknowledge(std::vector<queue::Receipt>, queue::Done done) override { done(no_such_call()); }
  void release(const std::vector<queue::Receipt>&, std::chrono::milliseconds) override {}
  void extend(const std::vector<queue::Receipt>&, std::chrono::milliseconds) override {}
  queue::QueueStatus status() override {
    const auto& shared = line.outside.shared;
    queue::QueueStatus status;
    status.depth = shared != nullptr ? std::uint64_t{!shared->empty()} : line.instance.queue.store.size();
    return status;
  }
  base::Result<queue::Arrivals> count_arrivals() override { return no_such_call(); }
  void close() override {}

  base::Result<bool> visit(const queue::ShowMessages& show) override {
    if (auto good = line.ask(); !good) return base::fail(std::move(good.error()));
    if (line.outside.shared != nullptr) return false;
    for (const event::EventPtr& event : line.instance.queue.store.events()) {
      const queue::Message message{.body = event->json, .message_id = {}, .received_at = event->received_at};
      if (!show({&message, 1})) break;
    }
    return true;
  }
};

struct Stores::Backlog final : backlog::Backlog {
  explicit Backlog(const Line& line_in) : backlog::Backlog(target_name(1)), line(line_in) {}
  const Line& line;

  void park(std::vector<event::EventPtr>, queue::Done done) override { done(no_such_call()); }
  base::Result<std::vector<queue::Lease>> receive(std::size_t, std::chrono::milliseconds, std::stop_token) override {
    return no_such_call();
  }
  void acknowledge(std::vector<queue::Receipt>, queue::Done done) override { done(no_such_call()); }
  void release(const std::vector<queue::Receipt>&, std::chrono::milliseconds) override {}
  void extend(const std::vector<queue::Receipt>&, std::chrono::milliseconds) override {}
  backlog::BacklogStatus status() override {
    backlog::BacklogStatus status;
    status.owed = line.instance.backlogs[1]->store.size();
    return status;
  }
  base::Result<queue::Arrivals> count_arrivals() override { return no_such_call(); }
  void close() override {}

  base::Result<bool> visit(const backlog::ShowOwed& show) override {
    if (auto good = line.ask(); !good) return base::fail(std::move(good.error()));
    for (const event::EventPtr& event : line.instance.backlogs[1]->store.events()) {
      const backlog::OwedEvent owed{event->id, event->event_at, event->received_at};
      if (!show({&owed, 1})) break;
    }
    return true;
  }
};

Stores::Stores(const Line& line) : queue_(std::make_unique<Queue>(line)) {
  if (line.outside.around.plan.targets[1].has_backlog) backlog_ = std::make_unique<Backlog>(line);
}
Stores::~Stores() = default;

proof::StoreDebts::Parts Stores::parts() {
  proof::StoreDebts::Parts parts{.queue = queue_.get()};
  if (backlog_) parts.backlogs.emplace(target_name(1), backlog_.get());
  return parts;
}

namespace {

class OwnDebts final : public proof::Debts {
 public:
  explicit OwnDebts(const Line& line) : line_(line), stores_(line) {}

  base::Result<Digests> owed(const std::string& target, const proof::Span& span, std::chrono::seconds window) override {
    if (ignores()) return Digests();
    return proof::StoreDebts(stores_.parts()).owed(target, span, window);
  }
  base::Result<std::vector<Owing>> owes(const std::string& target, std::span<const Listed> events,
                                        base::WallTime) override {
    if (ignores()) return std::vector<Owing>(events.size(), Owing::no);
    std::vector<std::string> ids;
    for (const Listed& event : events) ids.push_back(event.id);
    return proof::StoreDebts(stores_.parts()).owes(target, ids);
  }
  base::Result<std::vector<bool>> quarantined(const std::string& target, std::span<const Listed> events) override {
    if (auto good = line_.ask(); !good) return base::fail(std::move(good.error()));
    const Catalogue& catalogue = line_.outside.around.catalogue;
    const SimStore& store = line_.instance.quarantine.store;
    std::vector<bool> answers;
    for (const Listed& event : events) {
      const auto number = catalogue.find(event.id);
      answers.push_back(number && store.record(target == target_name(0) ? 0 : 1, *number) != nullptr);
    }
    return answers;
  }

 private:
  [[nodiscard]] bool ignores() const { return line_.outside.around.broken(Planted::verify_ignores_debts); }

  const Line& line_;
  Stores stores_;
};

// Of an instance, target and hour the row with the greatest as_of counts. What is owed is told of any hour.
std::vector<warehouse::OwedRow> newest_rows(const Line& line, base::WallTime from) {
  std::map<std::tuple<std::string, std::string, base::WallTime>, warehouse::OwedRow> newest;
  for (const warehouse::OwedRow& row : line.outside.published) {
    warehouse::OwedRow& there = newest[{row.instance, row.target, row.arrival_at}];
    if (there.instance.empty() || row.as_of > there.as_of) there = row;
  }
  std::vector<warehouse::OwedRow> rows;
  for (const warehouse::OwedRow& row : newest | std::views::values) {
    const bool asked_for = row.arrival_at >= from || row.owed + row.quarantined > 0;
    if (asked_for && row.arrival_at != warehouse::kWordHour) rows.push_back(row);
  }
  return rows;
}

// As the database answers read_words_sql().
base::Result<std::vector<warehouse::InstanceWord>> words(const Line& line) {
  std::map<std::pair<std::string, std::string>, std::pair<base::WallTime, base::WallTime>> said;
  for (const warehouse::OwedRow& row : line.outside.published) {
    if (row.arrival_at != warehouse::kWordHour) continue;
    const auto [there, first] = said.try_emplace({row.instance, row.target}, row.as_of, row.as_of);
    if (!first) there->second = {std::min(there->second.first, row.as_of), std::max(there->second.second, row.as_of)};
  }
  warehouse::Table answer;
  for (const auto& [word, times] : said) {
    answer.rows.push_back(
        {word.first, word.second, base::sql_timestamp(times.first), base::sql_timestamp(times.second)});
  }
  return warehouse::parse_words(answer);
}

base::Result<app::OthersRows::Parts> read_others(const Line& line, base::WallTime from) {
  if (auto good = line.ask(); !good) return base::fail(std::move(good.error()));
  if (auto good = line.outside.warehouses.front()->question_answered(); !good) return base::fail(good.error());
  auto said = words(line);
  if (!said) return base::fail(std::move(said.error()));
  return app::OthersRows::Parts{.rows = newest_rows(line, from), .words = std::move(*said)};
}

}  // namespace

std::unique_ptr<proof::Debts> debts_of(const Line& line, const base::Clock& clock) {
  return std::make_unique<app::DebtsOfAll>(
      app::DebtsOfAll::Parts{.own = std::make_unique<OwnDebts>(line),
                             .instance = line.instance.name(),
                             .clock = &clock,
                             .keeps_debts = true,
                             .shared_queue = line.outside.shared != nullptr,
                             .read = [&line](base::WallTime from) { return read_others(line, from); }});
}

}  // namespace twinshift::simulation
