// What the secondary still owes: where it is kept, and how it is taken over from where earlier versions kept it.
#pragma once

#include <memory>
#include <stop_token>

#include "backlog/backlog.hpp"
#include "base/error.hpp"
#include "config/settings.hpp"

namespace twinshift::app {

// Segments in the data folder, or an SQS queue. The caller holds the data folder's lock. Takes over the file of an
// earlier version first. `stop` as in driver_table.hpp.
base::Result<std::unique_ptr<backlog::Backlog>> open_backlog(const config::Settings& settings,
                                                             const config::TargetSettings& target,
                                                             std::stop_token stop = {});

// Whether anything of it, of this version or an earlier one, is in the data folder.
bool has_backlog_files(const config::TargetSettings& target);

// For whoever only counts what is owed; nothing can be parked or received. No file is changed. Errors: conflict where
// an earlier version's backlog was not moved yet.
base::Result<std::unique_ptr<backlog::Backlog>> open_backlog_to_count(const config::Settings& settings,
                                                                      const config::TargetSettings& target);

}  // namespace twinshift::app
