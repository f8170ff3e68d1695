// Rows as PostgreSQL's binary COPY reads them (PostgreSQL 15 manual, section "COPY", "Binary Format"; the types'
// forms are those of their send functions in src/backend/utils/adt). One thread at a time.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "event/row.hpp"
#include "warehouse/schema/real_table.hpp"

namespace twinshift::warehouse {

class CopyEncoder {
 public:
  CopyEncoder(std::vector<WriteColumn> columns, event::TableShape shape);

  // Empties the buffer and puts the file header there.
  void begin();
  // One row; with a position it is the first field.
  void add(const event::EventPtr& event, std::optional<std::uint32_t> position);
  void end();
  // Values that did not fit into their columns, since begin().
  [[nodiscard]] std::uint64_t displaced() const { return displaced_; }

  // What was encoded since the last take(); valid until the next call.
  [[nodiscard]] std::string_view bytes() const { return out_; }
  void take() { out_.clear(); }

 private:
  void add_own(const WriteColumn& column, const event::Event& event);

  std::vector<WriteColumn> columns_;
  event::TableShape shape_;
  event::Row row_;
  std::string out_;
  std::uint64_t displaced_ = 0;
};

// A decimal's canonical text ("-12.50") as NUMERIC's binary form, appended with its length. For tests, too.
void append_numeric(std::string& out, std::string_view decimal);

}  // namespace twinshift::warehouse
