// Writes batches through the Data API and settles what was left unknown. One thread at a time.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "warehouse/drivers/redshift_data/batch_statements.hpp"
#include "warehouse/drivers/redshift_data/data_session.hpp"
#include "warehouse/schema/table_setup.hpp"

namespace twinshift::warehouse {

class DataWriter {
 public:
  explicit DataWriter(DataSession& session) : session_(session) {}

  struct Failure {
    base::Error error;
    bool table_changed = false;  // the server refused for another reason than a row: read the table anew
  };
  std::expected<WriteReport, Failure> write(const Batch& batch, const Layout& layout);
  // Under the writer lock, and after an attempt that was left unknown has been followed to its end.
  base::Result<std::optional<Marker>> find_marker(std::string_view batch_id, const TableName& table);
  // The service's name for the last statement that wrote that batch, or tried; empty where it never said it.
  [[nodiscard]] std::string statement_of(std::string_view batch_id) const {
    return last_.batch_id == batch_id ? last_.id : std::string();
  }
  // Warehouse::prune()'s step.
  base::Result<std::uint64_t> prune(base::WallTime before, const Layout& layout);
  // Warehouse::publish().
  base::Status publish(std::span<const OwedRow> rows, const Layout& layout);
  // Warehouse::erase(), of a layout that takes erasures.
  base::Result<std::uint64_t> erase(std::span<const EventPlace> places, const Layout& layout);
  // Warehouse::mark_rebuilt(); there must be an hour.
  base::Result<std::uint64_t> mark_rebuilt(std::span<const RebuiltHour> hours, const Layout& layout);

 private:
  // An attempt whose end is not known: the same statements and token, until it is.
  struct Unknown {
    std::string batch_id;
    DataRequest request;
    std::string id;  // empty where no answer said it
    base::SteadyTime since;
  };

  std::expected<WriteReport, Failure> finished(const Batch& batch, const BatchStatements& made,
                                               const RunReport& report);
  Failure failed(const Batch& batch, const BatchStatements& made, DataRequest request, const RunReport& report,
                 const TableName& table);
  base::Status follow_unknown();
  DataOutcome<std::vector<std::uint32_t>> inserted(const BatchStatements& made, const RunReport& report);

  DataSession& session_;
  std::optional<Unknown> unknown_;
  struct Last {
    std::string batch_id;
    std::string id;
  };
  Last last_;
};

}  // namespace twinshift::warehouse
