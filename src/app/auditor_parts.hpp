// The auditor over the stores and targets of a service.
#pragma once

#include <memory>

#include "app/auditor.hpp"
#include "config/settings.hpp"
#include "proof/store_debts.hpp"

namespace twinshift::app {

// Nothing where there is no secondary, or AUDIT_INTERVAL is 0. The stores outlive it.
std::unique_ptr<Auditor> make_auditor(const config::Settings& settings, const proof::StoreDebts::Parts& stores);

}  // namespace twinshift::app
