// Debts as a command knows them: from the service that owns the files, by the control socket; where none runs, from the
// files themselves, which it then holds so that none starts on them meanwhile. docs/verify.md
#pragma once

#include <memory>

#include "base/error.hpp"
#include "config/settings.hpp"
#include "proof/debts.hpp"
#include "proof/store_debts.hpp"

namespace twinshift::app {

// Errors: those of opening the stores; `conflict` where a service runs that does not answer.
base::Result<std::unique_ptr<proof::Debts>> open_debts(const config::Settings& settings);

// As the process knows them that owns the stores, which outlive the object. Any thread, one at a time.
std::unique_ptr<proof::Debts> debts_of_stores(const config::Settings& settings, proof::StoreDebts::Parts stores);

}  // namespace twinshift::app
