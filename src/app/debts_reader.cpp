#include "app/debts_reader.hpp"

#include <algorithm>
#include <utility>

#include "app/debts_answer.hpp"
#include "app/debts_of_others.hpp"
#include "app/driver_table.hpp"
#include "app/own_stores.hpp"
#include "app/quarantine_ids.hpp"

namespace twinshift::app {
namespace {

using base::ErrorKind;
using proof::Digests;
using proof::Listed;
using proof::Owing;

std::vector<std::string> ids_of(std::span<const Listed> events) {
  std::vector<std::string> ids;
  ids.reserve(events.size());
  for (const Listed& event : events) ids.push_back(event.id);
  return ids;
}

class ServiceDebts final : public proof::Debts {
 public:
  explicit ServiceDebts(const config::Settings& settings) : settings_(settings), quarantine_(settings) {}

  base::Result<Digests> owed(const std::string& target, const proof::Span& span, std::chrono::seconds window) override {
    auto reply = control::ask(settings_.data_dir, owed_request(target, span, window));
    if (!reply) return base::fail(std::move(reply.error()));
    return read_owed_answer(*reply);
  }

  base::Result<std::vector<Owing>> owes(const std::string& target, std::span<const Listed> events,
                                        base::WallTime) override {
    std::vector<Owing> answers;
    while (!events.empty()) {
      const auto some = ids_of(events.first(std::min(events.size(), kOwesIdsMax)));
      auto reply = control::ask(settings_.data_dir, owes_request(target, some));
      if (!reply) return base::fail(std::move(reply.error()));
      auto part = read_owes_answer(*reply, some.size());
      if (!part) return base::fail(std::move(part.error()));
      answers.insert(answers.end(), part->begin(), part->end());
      events = events.subspan(some.size());
    }
    return answers;
  }

  base::Result<std::vector<bool>> quarantined(const std::string& target, std::span<const Listed> events) override {
    return quarantine_.holds(target, events);
  }

 private:
  const config::Settings settings_;
  QuarantineIds quarantine_;
};

// Of stores that this process has open.
class OpenDebts : public proof::Debts {
 public:
  explicit OpenDebts(const config::Settings& settings, proof::StoreDebts::Parts stores = {})
      : parts_(std::move(stores)), quarantine_(settings) {}

  base::Result<Digests> owed(const std::string& target, const proof::Span& span, std::chrono::seconds window) override {
    return proof::StoreDebts(parts_).owed(target, span, window);
  }
  base::Result<std::vector<Owing>> owes(const std::string& target, std::span<const Listed> events,
                                        base::WallTime) override {
    const auto ids = ids_of(events);
    return proof::StoreDebts(parts_).owes(target, ids);
  }
  base::Result<std::vector<bool>> quarantined(const std::string& target, std::span<const Listed> events) override {
    return quarantine_.holds(target, events);
  }

 protected:
  proof::StoreDebts::Parts parts_;

 private:
  QuarantineIds quarantine_;
};

// A command's own.
class OwnDebts final : public OpenDebts {
 public:
  using OpenDebts::OpenDebts;

  base::Status open(const config::Settings& settings) {
    if (auto opened = stores_.open_folder(settings); !opened) return opened;
    if (auto opened = stores_.open_queue(settings); !opened) return opened;
    parts_ = {.queue = stores_.queue.get(), .identity = identity_mode(settings)};
    const auto secondary = find_target(settings, "secondary");
    if (!secondary) return {};
    if (auto opened = stores_.open_backlog_to_count(settings, **secondary); !opened) return opened;
    if (stores_.backlog) parts_.backlogs.emplace((*secondary)->name, stores_.backlog.get());
    return {};
  }
  [[nodiscard]] std::string instance() const { return stores_.books->instance(); }

 private:
  OwnStores stores_;
};

}  // namespace

std::unique_ptr<proof::Debts> debts_of_stores(const config::Settings& settings, proof::StoreDebts::Parts stores) {
  return std::make_unique<OpenDebts>(settings, std::move(stores));
}

base::Result<std::unique_ptr<proof::Debts>> open_debts(const config::Settings& settings) {
  // A question that costs nothing tells whether a service listens.
  auto reply = control::ask(settings.data_dir, {kInstanceVerb, {}});
  if (reply && !reply->ok) {
    return base::fail(ErrorKind::conflict, "the service says: " + reply->text, "verify",
                      "Service and command must be of one version");
  }
  if (reply) return with_other_instances(settings, reply->text, std::make_unique<ServiceDebts>(settings));
  if (reply.error().kind != ErrorKind::not_found) return base::fail(std::move(reply.error()));
  auto own = std::make_unique<OwnDebts>(settings);
  if (auto opened = own->open(settings); !opened) return base::fail(std::move(opened.error()));
  std::string instance = own->instance();
  return with_other_instances(settings, std::move(instance), std::move(own));
}

}  // namespace twinshift::app
