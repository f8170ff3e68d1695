#include "app/auditor_parts.hpp"

#include <utility>

#include "app/comparison.hpp"
#include "app/debts_of_others.hpp"
#include "app/debts_reader.hpp"
#include "app/driver_table.hpp"
#include "app/instance_name.hpp"
#include "app/oldest_debt.hpp"
#include "app/parity_file.hpp"

namespace twinshift::app {
namespace {

using config::Settings;

base::Result<Auditor::Opened> open(const Settings& settings, const proof::StoreDebts::Parts& stores) {
  auto sides = open_sides(settings);
  if (!sides) return base::fail(std::move(sides.error()));
  Auditor::Opened opened;
  opened.sides = std::move(*sides);
  auto others = oldest_owed_by_others(settings, instance_name());
  if (!others) return base::fail(std::move(others.error()));
  opened.others_oldest = *others;
  opened.debts = with_other_instances(settings, instance_name(), debts_of_stores(settings, stores));
  return opened;
}

}  // namespace

std::unique_ptr<Auditor> make_auditor(const Settings& settings, const proof::StoreDebts::Parts& stores) {
  if (!settings.secondary || settings.audit_interval == settings.audit_interval.zero()) return nullptr;
  Auditor::Parts parts;
  parts.interval = settings.audit_interval;
  parts.ids_from_content = identity_mode(settings) == event::IdentityMode::content;
  // The settings by value: the thread may be left behind.
  parts.open = [settings, stores] { return open(settings, stores); };
  parts.oldest_debt = [stores, tells = settings.queue.driver == "sqlite"] {
    return oldest_debt(stores, tells, base::system_clock().now());
  };
  parts.keep = [folder = settings.data_dir, pair = pair_of(settings)](const proof::ParityState& state) -> base::Status {
    if (!state.equal_at || !state.up_to) return {};
    return keep_parity(folder, {.pair = pair,
                                .equal_at = *state.equal_at,
                                .up_to = *state.up_to,
                                .others_oldest = state.others_oldest,
                                .except = state.except});
  };
  auto auditor = std::make_unique<Auditor>(std::move(parts));
  if (const auto kept = kept_parity(settings.data_dir, pair_of(settings), base::system_clock().now())) {
    auditor->restore({.equal_at = kept->equal_at,
                      .up_to = kept->up_to,
                      .others_oldest = kept->others_oldest,
                      .except = kept->except});
  }
  return auditor;
}

}  // namespace twinshift::app
