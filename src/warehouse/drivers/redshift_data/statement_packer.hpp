// The statements that fill a batch's stages: as few as the Data API's limits let be. No I/O; one thread at a time.
//
// A row that is larger than a statement goes there without its largest values, which UPDATEs append piece by piece.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "warehouse/drivers/redshift_data/literal_rows.hpp"

namespace twinshift::warehouse {

// Amazon Redshift management guide, "Using the Data API": 100 KB a statement; API model, SqlList: 40 a batch.
inline constexpr std::size_t kStatementBytesMax = 102'400;
inline constexpr std::size_t kStatementsMax = 40;

// A row on its way: which event of the batch, and which marker it counts for.
struct PackedRow {
  std::size_t row = 0;  // of LiteralRows
  std::uint32_t position = 0;
  std::size_t place = 0;
  const event::Event* event = nullptr;
  std::size_t parts = 0;
};

class StatementPacker {
 public:
  // `used`: the columns of `columns` that the stage has.
  StatementPacker(const LiteralRows& rows, const std::vector<WriteColumn>& columns, const std::vector<bool>& used,
                  std::size_t statement_bytes_max = kStatementBytesMax);

  // False where the row would make more than `statements_max` statements in all; it is then left out.
  bool add(const PackedRow& row, std::size_t statements_max);
  [[nodiscard]] bool has_parts() const { return !parts_.done.empty() || !parts_.open.empty(); }
  // Their number if nothing followed.
  [[nodiscard]] std::size_t statements() const;
  // Takes them, in the order in which they must run.
  std::vector<std::string> take();

 private:
  // INSERTs of one kind, the last of them still open.
  struct Inserts {
    std::string head;
    std::vector<std::string> done;
    std::string open;
    [[nodiscard]] std::size_t size() const { return done.size() + (open.empty() ? 0 : 1); }
  };
  struct Mark {
    std::size_t done;
    std::size_t open;
  };
  void put(Inserts& inserts, std::string_view row) const;
  void put_row(const PackedRow& row);
  std::vector<std::size_t> detach(const PackedRow& row) const;
  void put_pieces(const PackedRow& row, const std::vector<std::size_t>& columns);
  void put_parts(const PackedRow& row);

  const LiteralRows& literals_;
  const std::vector<WriteColumn>& columns_;
  std::vector<std::size_t> used_;  // indexes of columns
  std::size_t statement_bytes_max_;
  Inserts rows_;
  Inserts parts_;
  std::vector<std::string> appends_;
};

// Where an escaped literal's text may be cut so that the first piece has at most `most` bytes: between characters, and
// not within a doubled quote or backslash. At least one character for `most` >= 8.
std::size_t cut_literal(std::string_view escaped, std::size_t most);

}  // namespace twinshift::warehouse
