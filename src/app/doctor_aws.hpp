// Who we are to AWS, and what time it is there. Any thread; the steps block up to their calls' limits.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/aws_access.hpp"
#include "app/doctor_check.hpp"
#include "app/doctor_run.hpp"
#include "base/error.hpp"
#include "config/settings.hpp"

namespace twinshift::app {

// By AWS credentials at all?
bool is_on_aws(const config::TargetSettings& target);
// By credentials other than the service's own.
bool has_own_identity(const config::TargetSettings& target);

// `credentials` and `identity`.
std::vector<Step> identity_steps(const AwsAccess& access);

// The service's own identity, and beside it the clock. `clock_url`: an AWS endpoint that is in use anyway. Their checks
// say whether anything else can work.
std::vector<Group> aws_groups(const config::Settings& settings, const std::string& clock_url);

// `theirs` less ours, as AWS's Date header gave it.
Finding judge_skew(std::chrono::seconds skew, const std::string& url);

}  // namespace twinshift::app
