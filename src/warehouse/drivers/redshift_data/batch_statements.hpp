// A batch as the statements of one transaction. No I/O; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "warehouse/schema/table_setup.hpp"
#include "warehouse/schema/write_text.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::warehouse {

struct BatchStatements {
  std::vector<std::string> statements;
  // By the batch's order: `written` for what is staged, unless the server finds that the table has it already.
  // `deferred`: no room in this transaction. `rejected`: no room in any.
  std::vector<Outcome> outcomes;
  std::vector<Refusal> reasons;
  // By the batch's order: the place of the first equal event.
  std::vector<std::uint32_t> first;
  std::uint64_t displaced = 0;
  std::size_t staged = 0;
  // The statement that removes rows of Batch::remove; 0, which is the lock, where none does.
  std::size_t remove_at = 0;
  // Which statements' results tell what became of the rows.
  std::size_t delete_at = 0;
  std::size_t select_at = 0;
  // What these refuse is about rows: [rows_begin, rows_end) and [insert_begin, insert_end).
  std::size_t rows_begin = 0;
  std::size_t rows_end = 0;
  std::size_t insert_begin = 0;
  std::size_t insert_end = 0;

  // Behind it stands the one that removes their parts.
  [[nodiscard]] bool removes(std::size_t statement) const {
    return remove_at > 0 && (statement == remove_at || statement == remove_at + 1);
  }
  [[nodiscard]] bool is_about_rows(std::size_t statement) const {
    return (statement >= rows_begin && statement < rows_end) || (statement >= insert_begin && statement < insert_end);
  }
};

// One of a batch that only removes (no events).
BatchStatements make_removal_statements(const Batch& batch, const TableName& table);

BatchStatements make_batch_statements(const Batch& batch, const Layout& layout, const MarkerOrigin& origin);

// The outcomes, now that it is known which positions are still in the stage.
std::vector<Outcome> outcomes_of(const BatchStatements& made, const std::vector<std::uint32_t>& inserted);

}  // namespace twinshift::warehouse
