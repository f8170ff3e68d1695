#include "app/primary_refill.hpp"

#include <memory>
#include <utility>

#include "app/driver_table.hpp"
#include "warehouse/event_reader.hpp"
#include "warehouse/table_name.hpp"

namespace twinshift::app {
namespace {

// The parts of long events, beside the event table (docs/formats/row.md).
constexpr std::string_view kPartsTable = "twinshift_parts";

class PrimaryReader {
 public:
  explicit PrimaryReader(const config::Settings& settings) : settings_(settings) {}

  base::Result<std::vector<std::optional<std::string>>> read(std::span<const backlog::Wanted> wanted) {
    if (reader_ == nullptr) {
      if (auto opened = open(); !opened) return base::fail(std::move(opened.error()));
    }
    std::vector<warehouse::EventPlace> places;
    places.reserve(wanted.size());
    for (const backlog::Wanted& each : wanted) places.push_back({each.id, each.event_at});
    auto texts = reader_->read(places);
    if (!texts) reader_.reset();
    return texts;
  }

 private:
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
  std::unique_ptr<warehouse::EventReader> reader_;
};

}  // namespace

backlog::Refill refill_from_primary(const config::Settings& settings) {
  return [reader = std::make_shared<PrimaryReader>(settings)](std::span<const backlog::Wanted> wanted) {
    return reader->read(wanted);
  };
}

}  // namespace twinshift::app
