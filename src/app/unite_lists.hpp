// The lists of erased events of repair and rebuild: read over connections of their own, written through the mender. One
// thread.
#pragma once

#include "app/erased_union.hpp"
#include "app/mending.hpp"
#include "app/repair_session.hpp"
#include "base/error.hpp"
#include "config/settings.hpp"

namespace twinshift::app {

// Makes both lists the same, or without a mender tells what that would do; the session tells it with the rest. Errors:
// those of unite_erased().
base::Status unite_lists(const config::Settings& settings, TargetMender* mender, RepairSession& session);

// "erased: 3 events that the primary has noted as erased are noted in secondary, too; 1 stood there, 1 row removed",
// and the ids of those that stood; empty where the lists were the same.
std::string union_text(const ErasedUnion& sums, const proof::Pair<std::string>& targets, bool applied);
// "erased":{"primary":{"noted":0,...},...}
std::string union_json(const ErasedUnion& sums, const proof::Pair<std::string>& targets);

}  // namespace twinshift::app
