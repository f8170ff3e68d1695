// The order in which a target is filled from the other one. No I/O of its own; one thread.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "base/error.hpp"
#include "proof/both.hpp"
#include "proof/finding.hpp"
#include "proof/verifier.hpp"

namespace twinshift::app {

struct RebuildSteps {
  using Wanted = std::function<bool(const proof::Finding&)>;
  // Whether a side holds anything at all.
  std::function<base::Result<bool>(std::size_t side)> holds_anything{};
  // One comparison; what it finds, and `wanted` lets through, is put right. `progress`: for the person who waits.
  std::function<base::Result<proof::VerifyReport>(const proof::VerifyOptions&, const Wanted&, const char* progress)>
      put_right{};
  // What was put right until now need not be looked at again.
  std::function<void()> begin_anew{};
};

// In three steps, each of which begins where the last run has ended, for windows that are equal are not looked into:
// what only the target holds is copied away; all that it lacks is copied; whatever else differs is put right. The last
// step's report: where nothing was found the two are equal. Errors: those of the steps; what was done stands.
base::Result<proof::VerifyReport> rebuild(const RebuildSteps& steps, const proof::Pair<std::string>& targets,
                                          std::size_t side, const proof::VerifyOptions& options);

}  // namespace twinshift::app
