#include "warehouse/drivers/postgres/redshift_stage.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "warehouse/schema/write_text.hpp"

namespace twinshift::warehouse {
namespace {

// Rows of one INSERT: a statement for each of these sizes is prepared where it is needed.
constexpr std::array<std::size_t, 3> kStatementRows = {64, 8, 1};
// A statement of more bytes is split where it can be: Redshift takes 16 MB (developer guide, "INSERT").
constexpr std::size_t kStatementBytes = 8U << 20U;
// DELETE leaves dead rows: the tables are made anew after this many.
constexpr std::size_t kStagedRowsMax = 100'000;
// Parts of 48 KB in one INSERT.
constexpr std::size_t kPartRows = 1;

std::size_t statement_rows(const Batch& batch, const BatchPlan& plan, std::size_t at) {
  for (const std::size_t size : kStatementRows) {
    if (at + size > plan.rows.size()) continue;
    std::size_t bytes = 0;
    for (std::size_t i = at; i < at + size; ++i) bytes += batch.events[plan.rows[i]]->json.size();
    if (bytes <= kStatementBytes) return size;
  }
  return 1;
}

}  // namespace

RedshiftStage::RedshiftStage(pg::Connection& connection, const Layout& layout)
    : connection_(connection), layout_(layout), rows_(layout.fit.columns, layout.fit.shape), part_rows_({}, {}) {}

pg::Outcome<void> RedshiftStage::fill(const Batch& batch, const BatchPlan& plan, base::SteadyTime deadline) {
  has_parts_ = false;
  (void)rows_.take_displaced();
  sent_ = false;  // what an earlier failure left went with its transaction
  if (auto ready = renew(deadline); !ready) return ready;
  for (std::size_t at = 0; at < plan.rows.size();) {
    auto taken = put_rows(batch, plan, at, deadline);
    if (!taken) return std::unexpected(std::move(taken.error()));
    at += *taken;
  }
  staged_rows_ += plan.rows.size();
  return execute("COMMIT", deadline);
}

// A statement that is gone with its table need not be forgotten: its name is used anew with the new one.
pg::Outcome<void> RedshiftStage::renew(base::SteadyTime deadline) {
  if (made_ && staged_rows_ < kStagedRowsMax) {
    return execute("BEGIN; DELETE FROM " + std::string(kStageTable) + "; DELETE FROM " + std::string(kPartsStageTable),
                   deadline);
  }
  std::string sql = "BEGIN";
  for (const std::string_view stage : {kStageTable, kPartsStageTable}) {
    if (made_) sql += "; DROP TABLE " + std::string(stage);
  }
  for (const std::string& create : create_stages_sql(layout_.real, layout_.fit.columns)) sql += "; " + create;
  if (!prepared_.empty()) sql += "; " + deallocate_all();
  auto done = execute(sql + "; COMMIT; BEGIN", deadline);
  made_ = done.has_value();
  staged_rows_ = 0;
  return done;
}

// One statement, on its way when this returns; returns how many rows it puts there.
pg::Outcome<std::size_t> RedshiftStage::put_rows(const Batch& batch, const BatchPlan& plan, std::size_t at,
                                                 base::SteadyTime deadline) {
  const std::size_t size = statement_rows(batch, plan, at);
  rows_.clear();
  for (std::size_t i = at; i < at + size; ++i) {
    const std::uint32_t place = plan.rows[i];
    const std::size_t parts = rows_.add(batch.events[place], place);
    if (parts == 0) continue;
    if (auto put = put_parts(*batch.events[place], place, deadline); !put) {
      return std::unexpected(std::move(put.error()));
    }
  }
  if (auto fit = fit_columns(deadline); !fit) return std::unexpected(std::move(fit.error()));
  const Prepared statement{"twinshift_rows_" + std::to_string(size), insert_to_stage_sql(columns_, size)};
  if (auto sent = send(statement, rows_, deadline); !sent) return std::unexpected(std::move(sent.error()));
  return size;
}

pg::Outcome<void> RedshiftStage::put_parts(const event::Event& event, std::uint32_t place, base::SteadyTime deadline) {
  const auto parts = event::split_parts(event.json);
  has_parts_ = true;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    part_rows_.clear();
    part_rows_.add_part(event, place, i + 1, parts.size(), parts[i]);
    auto sent = send({"twinshift_part", insert_to_parts_stage_sql(kPartRows)}, part_rows_, deadline);
    if (!sent) return sent;
  }
  return {};
}

// A column that had no value so far has one now: the statements are prepared anew, with it.
pg::Outcome<void> RedshiftStage::fit_columns(base::SteadyTime deadline) {
  if (rows_.used() == used_) return {};
  used_ = rows_.used();
  columns_.clear();
  for (std::size_t i = 0; i < used_.size(); ++i) {
    if (used_[i]) columns_.push_back(layout_.fit.columns[i]);
  }
  return prepared_.empty() ? pg::Outcome<void>() : execute(deallocate_all(), deadline);
}

std::string RedshiftStage::deallocate_all() {
  std::string sql;
  for (const std::string& name : std::exchange(prepared_, {}))
    sql += (sql.empty() ? "" : "; ") + ("DEALLOCATE " + name);
  return sql;
}

pg::Outcome<void> RedshiftStage::send(const Prepared& statement, TextRows& rows, base::SteadyTime deadline) {
  if (auto settled = settle(deadline); !settled) return settled;
  if (std::ranges::find(prepared_, statement.name) == prepared_.end()) {
    auto made = connection_.prepare(statement.name, statement.sql, deadline);
    if (!made) return made;
    prepared_.push_back(statement.name);
  }
  auto sent = connection_.send_prepared(statement.name, rows.parameters(), deadline);
  sent_ = sent.has_value();
  return sent;
}

pg::Outcome<void> RedshiftStage::settle(base::SteadyTime deadline) {
  if (!std::exchange(sent_, false)) return {};
  auto done = connection_.receive(deadline);
  if (!done) return std::unexpected(std::move(done.error()));
  return {};
}

pg::Outcome<void> RedshiftStage::execute(const std::string& sql, base::SteadyTime deadline) {
  if (auto settled = settle(deadline); !settled) return settled;
  auto done = connection_.run(sql, deadline);
  if (!done) return std::unexpected(std::move(done.error()));
  return {};
}

}  // namespace twinshift::warehouse
