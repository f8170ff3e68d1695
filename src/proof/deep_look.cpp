#include "proof/deep_look.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "proof/changed_rows.hpp"

namespace twinshift::proof {
namespace {

// Rows may come in between the count and the reading.
constexpr std::size_t kRoom = 4;

std::size_t bytes_of(const Pair<std::vector<warehouse::StoredEvent>>& rows) {
  std::size_t bytes = 0;
  for (const auto& side : rows) {
    for (const warehouse::StoredEvent& row : side) bytes += row.text ? row.text->size() : 0;
  }
  return bytes;
}

}  // namespace

DeepLook::DeepLook(const Sides& sides, bool ids_from_content, std::function<void(const Finding&)> found)
    : sides_(sides),
      ids_from_content_(ids_from_content),
      found_(std::move(found)),
      splitter_(sides, Splitter::Which::everything, kDeepRowsMin,
                [this](const Slice& slice) { return look_at(slice); }) {}

base::Status DeepLook::look(const Pair<Digests>& digests, const Span& span, std::chrono::seconds window) {
  return splitter_.split(splitter_.choose(digests, {&span, 1}, window), window);
}

base::Status DeepLook::look_at(const Slice& slice) {
  auto rows = ask_both(sides_, [&](Side& side, std::size_t) { return side.rows(slice, kRoom * splitter_.rows_max()); });
  if (!rows && rows.error().kind == base::ErrorKind::full) return look_at_crowd(slice);
  if (!rows) return base::fail(std::move(rows.error()));
  judge(*rows);
  return {};
}

// One event that stands there so often that no slice of it is small, or rows that have come in meanwhile: id by id, of
// each kCopiesMax rows.
base::Status DeepLook::look_at_crowd(const Slice& slice) {
  auto lists = ask_both(sides_, [&](Side& side, std::size_t) { return side.list(slice); });
  if (!lists) return base::fail(std::move(lists.error()));
  std::map<std::string, Listed> ids;
  for (const auto& list : *lists) {
    for (const Listed& row : list) ids.emplace(row.id, row);
  }
  std::vector<Listed> some;
  for (auto row = ids.begin(); row != ids.end();) {
    // Ids that are none are named by the comparison itself.
    if (warehouse::is_event_id(row->first)) some.push_back(row->second);
    if (++row != ids.end() && some.size() < kDeepRowsMin) continue;
    auto rows = ask_both(sides_, [&](Side& side, std::size_t) { return side.rows_of(some, Where::at_their_time); });
    if (!rows) return base::fail(std::move(rows.error()));
    judge(*rows);
    some.clear();
  }
  return {};
}

void DeepLook::judge(const Pair<std::vector<warehouse::StoredEvent>>& rows) {
  adapt(bytes_of(rows));
  const Pair<std::string> targets{sides_[0]->name(), sides_[1]->name()};
  for (const Finding& finding : changed_rows(rows, targets, ids_from_content_)) found_(finding);
}

void DeepLook::adapt(std::size_t bytes) {
  const std::size_t now = splitter_.rows_max();
  if (bytes > kDeepBytes) splitter_.set_rows_max(std::max(kDeepRowsMin, now / 2));
  if (bytes < kDeepBytes / 4) splitter_.set_rows_max(std::min(kDeepRowsMax, now * 2));
}

}  // namespace twinshift::proof
