// Who carries out orders of repair and rebuild: the service that owns the files, on its targets' lanes; where none
// runs, the command itself, which then holds the data folder.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "app/kept_readers.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "config/settings.hpp"
#include "control/control.hpp"
#include "delivery/delivery.hpp"
#include "delivery/witness.hpp"
#include "proof/mend.hpp"
#include "proof/store_debts.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::app {

// Events of one batch on the primary's lane: live batches wait for it.
inline constexpr std::size_t kMendRowsOfPrimaryMax = 500;

// For a look through what is owed, right before a batch is written, on the lane's thread.
inline constexpr std::chrono::milliseconds kOwedLookMax{1'000};

// What the service has. All of it outlives the lanes.
struct MendingParts {
  delivery::Delivery* delivery = nullptr;  // null: the consumer is off
  proof::StoreDebts::Parts stores{};
  std::function<bool()> stop{};  // ends an order between two batches
  KeptReaders* readers = nullptr;
  delivery::Witness* witness = nullptr;  // told what landed, on the order's thread; null: nobody keeps a journal
};

// In the service, of one request at a time (Turns). Reads over connections of its own, on this thread; writes on the
// target's lane, a batch at a time.
control::Reply answer_mend(const config::Settings& settings, const MendingParts& parts,
                           const control::Request& request);

// A command's.
class TargetMender : public proof::Mender {
 public:
  // Notes events in the target's list of erased ones and removes their rows (Warehouse::erase()), however many. Rows
  // that went, also before an error.
  virtual base::Status note_erased(const std::string& target, std::span<const warehouse::EventPlace> events,
                                   std::uint64_t& rows) = 0;
};

// Of a command that holds the stores or has found the service (open_debts): whoever holds the data folder itself finds
// none, and none can start.
base::Result<bool> service_runs(const config::Settings& settings);

// In a command, once it holds the stores or has found the service (open_debts). Errors: those of opening the targets.
base::Result<std::unique_ptr<TargetMender>> open_mender(const config::Settings& settings);

}  // namespace twinshift::app
