// What an attempt to log in says: of our AWS identity's rights, and of the database. Any thread.
#pragma once

#include "app/doctor_check.hpp"
#include "base/error.hpp"
#include "config/settings.hpp"
#include "warehouse/schema_access.hpp"

namespace twinshift::app {

// The rights that the login needed, and the optional one to cancel a statement (a call that can have no effect; blocks
// for it).
Finding check_aws_rights(const config::Settings& settings, const config::TargetSettings& target,
                         const base::Result<warehouse::Greeting>& greeting);

Finding judge_login(const base::Result<warehouse::Greeting>& greeting, const config::TargetSettings& target);

}  // namespace twinshift::app
