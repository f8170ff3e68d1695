#include "app/erase_door.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <utility>

#include "app/debts_answer.hpp"
#include "app/driver_table.hpp"
#include "app/erase_answer.hpp"
#include "app/own_stores.hpp"
#include "app/quarantine_actions.hpp"
#include "control/control.hpp"

namespace twinshift::app {
namespace {

using base::ErrorKind;
using quarantine::Ticket;
using warehouse::EventPlace;

// Records of one page of the quarantine.
constexpr std::size_t kPageRecords = 200;

// Calls `each` with at most `most` of them at a time, until one fails.
template <class T, class Each>
base::Status in_steps(std::span<const T> all, std::size_t most, Each each) {
  while (!all.empty()) {
    const auto some = all.first(std::min(all.size(), most));
    if (base::Status done = each(some); !done) return done;
    all = all.subspan(some.size());
  }
  return {};
}

std::vector<std::string> ids_of(std::span<const EventPlace> events) {
  std::vector<std::string> ids;
  ids.reserve(events.size());
  for (const EventPlace& event : events) ids.push_back(event.id.hex());
  return ids;
}

std::uint64_t count_owed(const std::vector<proof::Owing>& answers) {
  return static_cast<std::uint64_t>(
      std::ranges::count_if(answers, [](proof::Owing o) { return o == proof::Owing::yes; }));
}

base::Result<std::uint64_t> number_in(const control::Reply& reply) {
  std::uint64_t number = 0;
  const auto read = std::from_chars(reply.text.data(), reply.text.data() + reply.text.size(), number);
  if (reply.ok && read.ec == std::errc()) return number;
  return base::fail(ErrorKind::unavailable, reply.text, "quarantine");
}

// The quarantine can be read beside a service, so both kinds read it themselves.
class QuarantineDoor : public EraseDoor {
 public:
  explicit QuarantineDoor(const config::Settings& settings) : settings_(settings) {}

  base::Result<std::vector<QuarantinedEvent>> quarantined(const Person& person) override {
    std::vector<QuarantinedEvent> found;
    auto reader = open_quarantine_reader(settings_);
    if (!reader && reader.error().kind == ErrorKind::not_found) return found;
    if (!reader) return base::fail(std::move(reader.error()));
    quarantine::Query query{.records_max = kPageRecords};
    for (;;) {
      auto page = (*reader)->read(query);
      if (!page) return base::fail(std::move(page.error()));
      if (page->empty()) return found;
      for (const quarantine::Record& record : *page) {
        const auto event = event::decode_event(record.json, record.message_id, record.received_at);
        const auto id = parse_event_id(record.event_id);
        if (event && id && is_of(person, **event)) {
          found.push_back({{record.id, record.tries}, {*id, (*event)->event_at}});
        }
      }
      query.after_id = page->back().id;
    }
  }

  base::Result<std::uint64_t> drop(std::span<const Ticket> tickets) override {
    std::uint64_t gone = 0;
    auto done = in_steps(tickets, kTicketsMax, [&](std::span<const Ticket> some) -> base::Status {
      control::Request request{kDropVerb, {}};
      for (const Ticket& ticket : some) request.arguments.push_back(app::text_of(ticket));
      auto reply = change_quarantine(request);
      if (!reply) return base::fail(std::move(reply.error()));
      auto number = number_in(*reply);
      if (!number) return base::fail(std::move(number.error()));
      gone += *number;
      return {};
    });
    if (!done) return base::fail(std::move(done.error()));
    return gone;
  }

 protected:
  virtual base::Result<control::Reply> change_quarantine(const control::Request& request) = 0;
  [[nodiscard]] const config::Settings& settings() const { return settings_; }

 private:
  const config::Settings settings_;
};

class ServiceDoor final : public QuarantineDoor {
 public:
  using QuarantineDoor::QuarantineDoor;

  base::Result<WaitingEvents> waiting(const Person& person) override {
    auto reply = ask(erase_waiting_request(person));
    if (!reply) return base::fail(std::move(reply.error()));
    return read_waiting_answer(*reply);
  }

  base::Result<std::uint64_t> owed(const std::string& target, std::span<const EventPlace> events) override {
    std::uint64_t owed = 0;
    auto done = in_steps(events, kOwesIdsMax, [&](std::span<const EventPlace> some) -> base::Status {
      auto reply = ask(owes_request(target, ids_of(some)));
      if (!reply) return base::fail(std::move(reply.error()));
      auto answers = read_owes_answer(*reply, some.size());
      if (!answers) return base::fail(std::move(answers.error()));
      owed += count_owed(*answers);
      return {};
    });
    if (!done) return base::fail(std::move(done.error()));
    return owed;
  }

  base::Status erase(const std::string& field, const std::string& target, std::span<const EventPlace> events,
                     std::uint64_t& rows) override {
    return erase_through([this](const auto& request) { return ask(request); }, erase_request(field, target, {}), events,
                         rows);
  }

 protected:
  base::Result<control::Reply> change_quarantine(const control::Request& request) override { return ask(request); }

 private:
  base::Result<control::Reply> ask(const control::Request& request) {
    return control::ask(settings().data_dir, request);
  }
};

class OwnDoor final : public QuarantineDoor {
 public:
  using QuarantineDoor::QuarantineDoor;

  base::Status open() {
    if (auto opened = stores_.open_folder(settings()); !opened) return opened;
    if (auto opened = stores_.open_queue(settings()); !opened) return opened;
    if (auto opened = stores_.open_quarantine(settings()); !opened) return opened;
    parts_ = {.queue = stores_.queue.get(), .identity = identity_mode(settings())};
    const auto secondary = find_target(settings(), "secondary");
    if (!secondary) return {};
    if (auto opened = stores_.open_backlog_to_count(settings(), **secondary); !opened) return opened;
    if (stores_.backlog) parts_.backlogs.emplace((*secondary)->name, stores_.backlog.get());
    return {};
  }

  base::Result<WaitingEvents> waiting(const Person& person) override { return find_waiting(parts_, person); }

  base::Result<std::uint64_t> owed(const std::string& target, std::span<const EventPlace> events) override {
    auto answers = proof::StoreDebts(parts_).owes(target, ids_of(events));
    if (!answers) return base::fail(std::move(answers.error()));
    return count_owed(*answers);
  }

  base::Status erase(const std::string&, const std::string& target, std::span<const EventPlace> events,
                     std::uint64_t& rows) override {
    if (auto can = check_ids_only(parts_); !can) return can;
    auto writer = writer_of(target);
    if (!writer) return base::fail(std::move(writer.error()));
    return erase_on(**writer, events, rows);
  }

 protected:
  base::Result<control::Reply> change_quarantine(const control::Request& request) override {
    QuarantineActions::Parts parts{
        .quarantine = stores_.quarantine.get(),
        .open_reader = [this](std::stop_token stop) { return open_quarantine_reader(settings(), std::move(stop)); },
        .queue = stores_.queue.get(),
        .identity = identity_mode(settings()),
        .books = stores_.books};
    return QuarantineActions(std::move(parts)).answer(request);
  }

 private:
  base::Result<warehouse::Warehouse*> writer_of(const std::string& target) {
    if (const auto found = writers_.find(target); found != writers_.end()) return found->second.get();
    auto chosen = find_target(settings(), target);
    if (!chosen) return base::fail(std::move(chosen.error()));
    auto opened = open_warehouse(settings(), **chosen);
    if (!opened) return base::fail(std::move(opened.error()));
    if (auto ready = (*opened)->prepare(); !ready) return base::fail(std::move(ready.error()));
    return (writers_[target] = std::move(*opened)).get();
  }

  OwnStores stores_;
  proof::StoreDebts::Parts parts_;
  std::map<std::string, std::unique_ptr<warehouse::Warehouse>> writers_;
};

}  // namespace

base::Result<std::unique_ptr<EraseDoor>> open_erase_door(const config::Settings& settings) {
  // A question that costs nothing tells whether a service listens.
  auto reply = control::ask(settings.data_dir, owes_request("primary", {}));
  if (reply) {
    if (auto understood = read_owes_answer(*reply, 0); !understood) return base::fail(std::move(understood.error()));
    return std::make_unique<ServiceDoor>(settings);
  }
  if (reply.error().kind != ErrorKind::not_found) return base::fail(std::move(reply.error()));
  auto own = std::make_unique<OwnDoor>(settings);
  if (auto opened = own->open(); !opened) return base::fail(std::move(opened.error()));
  return own;
}

}  // namespace twinshift::app
