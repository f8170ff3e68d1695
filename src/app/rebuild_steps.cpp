#include "app/rebuild_steps.hpp"

#include <utility>

namespace twinshift::app {
namespace {

using proof::Finding;
using proof::FindingKind;

// Nothing where the target holds nothing.
base::Status copy_away(const RebuildSteps& steps, const std::string& target, std::size_t side,
                       proof::VerifyOptions bulk) {
  auto any = steps.holds_anything(side);
  if (!any) return base::fail(std::move(any.error()));
  if (!*any) return {};
  bulk.held_by = side;
  const auto only_here = [&](const Finding& finding) {
    return finding.kind == FindingKind::missing && finding.target != target;
  };
  auto done = steps.put_right(bulk, only_here, "copying away: ");
  return done ? base::Status() : base::fail(std::move(done.error()));
}

}  // namespace

base::Result<proof::VerifyReport> rebuild(const RebuildSteps& steps, const proof::Pair<std::string>& targets,
                                          std::size_t side, const proof::VerifyOptions& options) {
  proof::VerifyOptions bulk = options;
  bulk.once = true;
  bulk.deep = false;
  if (auto done = copy_away(steps, targets[side], side, bulk); !done) return base::fail(std::move(done.error()));
  const auto lacking = [](const Finding& finding) { return finding.kind == FindingKind::missing; };
  if (auto done = steps.put_right(bulk, lacking, "copying: "); !done) return done;
  steps.begin_anew();
  return steps.put_right(options, [](const Finding&) { return true; }, "comparing: ");
}

}  // namespace twinshift::app
