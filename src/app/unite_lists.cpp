#include "app/unite_lists.hpp"

#include <memory>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/driver_table.hpp"
#include "app/person_table.hpp"
#include "base/json_text.hpp"

namespace twinshift::app {
namespace {

std::string side_text(const ErasedUnion::Side& side, const std::string& here, const std::string& there, bool applied) {
  std::string text = applied ? fmt::format(
                                   "erased: {} events that {} has noted as erased are noted in {}, too; {} of "
                                   "them stood there, {} rows removed",
                                   side.noted, there, here, side.standing, side.rows)
                             : fmt::format(
                                   "erased: {} events that {} has noted as erased would be noted in {}, too; {} "
                                   "of them stand there, and would go",
                                   side.noted, there, here, side.standing);
  for (const std::string& id : side.named) text += fmt::format("\nerased   {:<9} {}", here, id);
  if (side.standing > side.named.size()) text += fmt::format("\n... and {} more", side.standing - side.named.size());
  return text;
}

}  // namespace

std::string union_text(const ErasedUnion& sums, const proof::Pair<std::string>& targets, bool applied) {
  std::string text;
  for (std::size_t side = 0; side < targets.size(); ++side) {
    if (sums.sides[side].noted == 0) continue;
    text += (text.empty() ? "" : "\n") + side_text(sums.sides[side], targets[side], targets[1 - side], applied);
  }
  return sums.more ? text + "\nerased: there are more; so many are counted at once" : text;
}

std::string union_json(const ErasedUnion& sums, const proof::Pair<std::string>& targets) {
  std::string text = "\"erased\":{";
  for (std::size_t side = 0; side < targets.size(); ++side) {
    const ErasedUnion::Side& each = sums.sides[side];
    text += fmt::format("{}{}:{{\"noted\":{},\"stood\":{},\"rowsRemoved\":{},\"eventIds\":[", side > 0 ? "," : "",
                        base::json_string(targets[side]), each.noted, each.standing, each.rows);
    for (std::size_t i = 0; i < each.named.size(); ++i) text += (i > 0 ? "," : "") + base::json_string(each.named[i]);
    text += "]}";
  }
  return text + '}';
}

base::Status unite_lists(const config::Settings& settings, TargetMender* mender, RepairSession& session) {
  std::array<std::shared_ptr<PersonTable>, 2> tables;
  ErasedUnionParts parts{.targets = kComparedTargets};
  for (std::size_t side = 0; side < tables.size(); ++side) {
    auto opened = open_for_reading(settings, kComparedTargets[side]);
    if (!opened) return base::fail(std::move(opened.error()));
    tables[side] = std::make_shared<PersonTable>(kComparedTargets[side], std::move(*opened));
    parts.pages[side] = [table = tables[side]](const auto& after) { return table->erased(after); };
  }
  parts.standing = [&](std::size_t side, auto events) { return tables[side]->standing(events); };
  if (mender != nullptr) {
    parts.note = [&](std::size_t side, auto events, std::uint64_t& rows) {
      return mender->note_erased(kComparedTargets[side], events, rows);
    };
  }
  const auto sums = unite_erased(parts);
  if (!sums) return base::fail(sums.error());
  session.note_beside(union_text(*sums, kComparedTargets, mender != nullptr), union_json(*sums, kComparedTargets),
                      mender == nullptr && !sums->is_empty());
  return {};
}

}  // namespace twinshift::app
