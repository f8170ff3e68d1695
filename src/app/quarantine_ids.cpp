#include "app/quarantine_ids.hpp"

#include <string_view>
#include <unordered_map>
#include <utility>

#include "app/driver_table.hpp"
#include "quarantine/quarantine.hpp"

namespace twinshift::app {
namespace {

// Records of one page; only ids and numbers are kept of them.
constexpr std::size_t kPageRecords = 5'000;

}  // namespace

base::Result<std::vector<bool>> QuarantineIds::holds(const std::string& target, std::span<const proof::Listed> events) {
  std::vector<bool> answers(events.size(), false);
  auto reader = open_quarantine_reader(settings_);
  if (!reader && reader.error().kind == base::ErrorKind::not_found) return answers;
  if (!reader) return base::fail(std::move(reader.error()));
  std::unordered_multimap<std::string_view, std::size_t> asked;  // one id may be asked for twice
  for (std::size_t i = 0; i < events.size(); ++i) asked.emplace(events[i].id, i);
  quarantine::Query query{.target = target, .records_max = kPageRecords, .with_json = false};
  for (;;) {
    auto page = (*reader)->read(query);
    if (!page) return base::fail(std::move(page.error()));
    if (page->empty()) return answers;
    for (const quarantine::Record& record : *page) {
      const auto [from, to] = asked.equal_range(record.event_id);
      for (auto each = from; each != to; ++each) answers[each->second] = true;
    }
    query.after_id = page->back().id;
  }
}

}  // namespace twinshift::app
