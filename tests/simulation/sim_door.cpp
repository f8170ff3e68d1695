#include "tests/simulation/sim_door.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "app/erase_answer.hpp"
#include "app/order_time.hpp"

namespace twinshift::simulation {
namespace {

using warehouse::EventPlace;

std::uint32_t target_of(const std::string& name) {
  return name == target_name(0) ? 0 : 1;
}

// A record as a ticket names it; its `tries` are the messages that it stands for.
std::int64_t ticket_id(std::uint32_t target, std::int64_t number) {
  return 2 * number + target;
}

}  // namespace

base::Result<app::WaitingEvents> SimDoor::waiting(const app::Person& person) {
  return app::find_waiting(stores_.parts(), person);
}

base::Result<std::uint64_t> SimDoor::owed(const std::string& target, std::span<const EventPlace> events) {
  std::vector<std::string> ids;
  for (const EventPlace& event : events) ids.push_back(event.id.hex());
  auto answers = proof::StoreDebts(stores_.parts()).owes(target, ids);
  if (!answers) return base::fail(std::move(answers.error()));
  return static_cast<std::uint64_t>(std::ranges::count(*answers, proof::Owing::yes));
}

base::Result<std::vector<app::QuarantinedEvent>> SimDoor::quarantined(const app::Person& person) {
  if (auto good = line_.ask(); !good) return base::fail(std::move(good.error()));
  std::vector<app::QuarantinedEvent> found;
  for (const auto& [of, record] : line_.instance.quarantine.store.records()) {
    const auto& [target, number] = of;
    if (!app::is_of(person, record.event->json).value_or(false)) continue;
    found.push_back(
        {{ticket_id(target, number), 1 + record.further.size()}, {record.event->id, record.event->event_at}});
  }
  return found;
}

// As the service carries it out: some of them at a time, and what is not done in its time is asked for again.
base::Status SimDoor::erase(const std::string&, const std::string& target, std::span<const EventPlace> events,
                            std::uint64_t& rows) {
  const auto step = [&](std::span<const EventPlace> some,
                        std::chrono::milliseconds limit) -> base::Result<std::uint64_t> {
    const auto gone = std::make_shared<std::uint64_t>(0);
    const auto job = [places = std::vector<EventPlace>(some.begin(), some.end()),
                      gone](warehouse::Warehouse& table) -> base::Status {
      auto erased = table.erase(places);
      if (!erased) return base::fail(std::move(erased.error()));
      *gone = *erased;
      return {};
    };
    auto done = line_.instance.run_in_lane(line_.task, target_of(target), job, limit);
    if (!done) return base::fail(std::move(done.error()));
    return *gone;
  };
  while (!events.empty()) {
    if (auto good = line_.ask(); !good) return good;
    auto part = app::erase_in_time(events, app::OrderTime(clock_), step);
    if (!part) return base::fail(std::move(part.error()));
    rows += part->rows;
    events = events.subspan(part->events);
  }
  return {};
}

base::Result<std::uint64_t> SimDoor::drop(std::span<const quarantine::Ticket> tickets) {
  if (auto good = line_.ask(); !good) return base::fail(std::move(good.error()));
  SimFile::Work work{.use = SimFile::Use::settle};
  for (const quarantine::Ticket& ticket : tickets) {
    work.drops.push_back(
        {static_cast<std::uint32_t>(ticket.id % 2), ticket.id / 2, static_cast<std::size_t>(ticket.tries)});
  }
  const auto answer = std::make_shared<std::optional<base::Status>>();
  work.done = [answer, task = line_.task.shared_from_this()](base::Status status) {
    *answer = std::move(status);
    task->tell();
  };
  line_.instance.quarantine.submit(line_.instance.owner(), std::move(work));
  const base::SteadyTime until = around_.now + std::chrono::seconds(30);
  if (!*answer) line_.task.wait_told(until);
  if (!*answer) return base::fail(base::ErrorKind::unavailable, "no answer", "simulation");
  if (!**answer) return base::fail(std::move((*answer)->error()));
  return tickets.size();
}

namespace {

// The places of a target's events that are wanted, once the question has been answered.
template <class Wanted>
base::Result<std::vector<EventPlace>> collect(const Line& line, SimWarehouse& warehouse, Wanted wanted) {
  if (!line.task.wait(warehouse.question_time())) {
    return base::fail(base::ErrorKind::cancelled, "the process has died", "simulation");
  }
  if (auto good = warehouse.question_answered(); !good) return base::fail(std::move(good.error()));
  std::vector<EventPlace> places;
  Catalogue& catalogue = line.outside.around.catalogue;
  for (std::int64_t number = 0; number < static_cast<std::int64_t>(warehouse.table.events()); ++number) {
    const Content& content = catalogue.of(number);
    if (wanted(number, content)) places.push_back({content.id, content.event_at});
  }
  return places;
}

base::Result<std::vector<EventPlace>> erased_after(const Line& line, SimWarehouse& warehouse,
                                                   const std::optional<event::EventId>& after) {
  auto places = collect(line, warehouse, [&](std::int64_t number, const Content& content) {
    return warehouse.row(number).erased && (!after || content.id > *after);
  });
  if (places) std::ranges::sort(*places, {}, &EventPlace::id);
  return places;
}

base::Result<std::set<std::string>> noted(const Line& line, SimWarehouse& warehouse,
                                          std::span<const EventPlace> asked) {
  std::set<std::string> ids;
  for (const EventPlace& place : asked) ids.insert(place.id.hex());
  std::set<std::string> found;
  auto places = collect(line, warehouse, [&](std::int64_t number, const Content& content) {
    if (warehouse.row(number).erased && ids.contains(content.hex)) found.insert(content.hex);
    return false;
  });
  if (!places) return base::fail(std::move(places.error()));
  return found;
}

}  // namespace

app::Eraser::Parts::Reader reader_of(const Line& line, std::uint32_t target) {
  SimWarehouse* const warehouse = line.outside.warehouses[target].get();
  return {.find =
              [&line, warehouse](const app::Person& person) {
                return collect(line, *warehouse, [&](std::int64_t number, const Content&) {
                  return warehouse->has(number) && person_name(person_of(number)) == person.value;
                });
              },
          .noted = [&line, warehouse](std::span<const EventPlace> asked) { return noted(line, *warehouse, asked); },
          .erased = [&line, warehouse](
                        const std::optional<event::EventId>& after) { return erased_after(line, *warehouse, after); }};
}

}  // namespace twinshift::simulation
