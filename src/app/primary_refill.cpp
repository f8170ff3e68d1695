#include "app/primary_refill.hpp"

#include <memory>
#include <utility>

#include "app/driver_table.hpp"
#include "app/erased_ids.hpp"
#include "warehouse/event_reader.hpp"
#include "warehouse/table_name.hpp"

namespace twinshift::app {
namespace {

// The parts of long events, beside the event table (docs/formats/row.md).
constexpr std::string_view kPartsTable = "twinshift_parts";

class PrimaryReader {
 public:
  PrimaryReader(const config::Settings& settings, std::string target)
      : settings_(settings), target_(std::move(target)) {}

  base::Result<std::vector<backlog::Told>> read(std::span<const backlog::Wanted> wanted) {
    std::vector<warehouse::EventPlace> places;
    places.reserve(wanted.size());
    for (const backlog::Wanted& each : wanted) places.push_back({each.id, each.event_at});
    auto texts = read_texts(places);
    if (!texts) return base::fail(std::move(texts.error()));
    std::vector<backlog::Told> told(wanted.size());
    for (std::size_t i = 0; i < told.size() && i < texts->size(); ++i) told[i].json = std::move((*texts)[i]);
    tell_erased(places, told);
    return told;
  }

 private:
  base::Result<std::vector<std::optional<std::string>>> read_texts(std::span<const warehouse::EventPlace> places) {
    if (reader_ == nullptr) {
      if (auto opened = open(); !opened) return base::fail(std::move(opened.error()));
    }
    auto texts = reader_->read(places);
    if (!texts) reader_.reset();
    return texts;
  }

  // By what the target itself has noted: it will call the event a duplicate, whatever is written of it. Where it cannot
  // be asked they stay owed, and the others are told all the same.
  void tell_erased(std::span<const warehouse::EventPlace> places, std::vector<backlog::Told>& told) {
    std::vector<warehouse::EventPlace> missing;
    for (std::size_t i = 0; i < told.size(); ++i) {
      if (!told[i].json) missing.push_back(places[i]);
    }
    if (missing.empty()) return;
    if (owing_ == nullptr) {
      auto opened = open_for_reading(settings_, target_);
      if (!opened) return;
      owing_ = std::move(*opened);
    }
    const auto erased = erased_among(*owing_, missing);
    if (!erased) {
      owing_.reset();
      return;
    }
    for (std::size_t i = 0; i < told.size(); ++i)
      told[i].erased = !told[i].json && erased->contains(places[i].id.hex());
  }

  base::Status open() {
    auto name = warehouse::parse_table_name(settings_.primary.table);
    if (!name) return base::fail(std::move(name.error()));
    if (settings_.primary.driver == "sqlite") name->schema.clear();  // SQLite has none: the last part is the table
    auto warehouse = open_for_reading(settings_, "primary");
    if (!warehouse) return base::fail(std::move(warehouse.error()));
    const warehouse::TableName parts{.schema = name->schema, .table = std::string(kPartsTable)};
    reader_ = warehouse::make_event_reader(std::move(*warehouse), name->quoted(), parts.quoted());
    return {};
  }

  const config::Settings settings_;  // its own: the reading thread may outlive whoever configured us
  const std::string target_;
  std::unique_ptr<warehouse::EventReader> reader_;
  std::unique_ptr<warehouse::Warehouse> owing_;  // the target, once it was asked
};

}  // namespace

backlog::Refill refill_from_primary(const config::Settings& settings, std::string target) {
  return [reader = std::make_shared<PrimaryReader>(settings, std::move(target))](
             std::span<const backlog::Wanted> wanted) { return reader->read(wanted); };
}

}  // namespace twinshift::app
