// The temporary tables that a batch goes through on its way into a Redshift table. One thread at a time, that of the
// connection.
#pragma once

#include <string>
#include <vector>

#include "pg/connection.hpp"
#include "warehouse/batch_plan.hpp"
#include "warehouse/drivers/postgres/text_row.hpp"
#include "warehouse/schema/table_setup.hpp"

namespace twinshift::warehouse {

class RedshiftStage {
 public:
  // Both must outlive the stage.
  RedshiftStage(pg::Connection& connection, const Layout& layout);

  // Empties it and puts the plan's rows there, in a transaction of its own that is committed.
  pg::Outcome<void> fill(const Batch& batch, const BatchPlan& plan, base::SteadyTime deadline);
  // Did the last fill() put parts there?
  // Values of the batch that did not fit into their columns.
  std::uint64_t take_displaced() { return rows_.take_displaced(); }
  [[nodiscard]] bool has_parts() const { return has_parts_; }

 private:
  struct Prepared {
    std::string name;
    std::string sql;
  };
  pg::Outcome<void> renew(base::SteadyTime deadline);
  pg::Outcome<std::size_t> put_rows(const Batch& batch, const BatchPlan& plan, std::size_t at,
                                    base::SteadyTime deadline);
  pg::Outcome<void> put_parts(const event::Event& event, std::uint32_t place, base::SteadyTime deadline);
  pg::Outcome<void> fit_columns(base::SteadyTime deadline);
  pg::Outcome<void> send(const Prepared& statement, TextRows& rows, base::SteadyTime deadline);
  pg::Outcome<void> settle(base::SteadyTime deadline);
  pg::Outcome<void> execute(const std::string& sql, base::SteadyTime deadline);
  std::string deallocate_all();

  pg::Connection& connection_;
  const Layout& layout_;
  TextRows rows_;
  TextRows part_rows_;
  std::vector<bool> used_;            // of the layout's columns
  std::vector<WriteColumn> columns_;  // the used ones, which the prepared statements fill
  std::vector<std::string> prepared_;
  std::size_t staged_rows_ = 0;
  bool made_ = false;
  bool sent_ = false;  // a statement's answer is still to come: the next rows are encoded meanwhile
  bool has_parts_ = false;
};

}  // namespace twinshift::warehouse
