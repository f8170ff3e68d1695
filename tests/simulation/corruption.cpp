#include "tests/simulation/corruption.hpp"

namespace twinshift::simulation {

void Corruption::strike() {
  SimWarehouse& warehouse = *outside_.warehouses[around_.random.below(outside_.warehouses.size())];
  const auto number = static_cast<std::int64_t>(around_.random.below(warehouse.table.events()));
  if (!warehouse.has(number)) return;
  spoil(warehouse, number);
}

void Corruption::spoil(SimWarehouse& warehouse, std::int64_t number) {
  SimTable& table = warehouse.table;
  const std::uint64_t what = around_.random.below(10);
  if (what < 4) {
    around_.trace.note("somebody takes event {} from a target", number);
    around_.tally.met(Met::row_taken);
    table.take(number);
  } else if (what < 7 && !table.unique()) {
    around_.trace.note("somebody doubles event {} in a target", number);
    around_.tally.met(Met::row_doubled);
    table.copy(number, 1 + static_cast<int>(around_.random.below(3)));
  } else {
    constexpr Spoil kHow[] = {Spoil::text, Spoil::key, Spoil::time};
    const Spoil how = kHow[around_.random.below(std::size(kHow))];
    around_.trace.note("somebody changes event {} in a target ({})", number, static_cast<int>(how));
    around_.tally.met(Met::row_changed);
    table.change(number, how);
  }
}

void Corruption::empty_secondary() {
  SimTable& table = outside_.warehouses[1]->table;
  around_.trace.note("somebody empties the secondary");
  around_.tally.met(Met::table_emptied);
  for (std::int64_t number = 0; number < static_cast<std::int64_t>(table.events()); ++number) {
    if (table.has(number)) table.take(number);
  }
}

}  // namespace twinshift::simulation
