#include "proof/side.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "warehouse/damaged_file_hint.hpp"

namespace twinshift::proof {
namespace {

// Beside each event table that cannot hold every text (docs/formats/row.md).
constexpr const char* kPartsTable = "twinshift_parts";

// A table that lacks something, or is not there at all.
std::string what_mends(const std::string& target) {
  return "`twinshift schema --diff` shows what the tables lack, `twinshift schema --target " + target +
         " --apply` adds it; one that was dropped `twinshift rebuild --target " + target +
         " --apply` makes and fills from the other target";
}

class TableSide final : public Side {
 public:
  TableSide(std::string name, std::unique_ptr<warehouse::Warehouse> warehouse)
      : name_(std::move(name)), warehouse_(std::move(warehouse)) {}

  [[nodiscard]] const std::string& name() const override { return name_; }

  base::Result<std::optional<Span>> extent(const Span& span) override {
    return ask(extent_sql(table(), span), 1, read_extent);
  }
  base::Result<std::optional<Span>> extent_of_arrivals(const Span& received) override {
    return ask(extent_of_arrivals_sql(table(), received), 1, read_extent);
  }
  base::Result<std::int64_t> without_id() override {
    auto counted = ask(without_id_sql(table()), 1, read_number);
    if (!counted) return base::fail(std::move(counted.error()));
    return counted->value_or(0);
  }
  base::Result<std::optional<std::int64_t>> bytes() override {
    const std::string sql = bytes_sql(warehouse_->product(), warehouse_->event_table());
    if (sql.empty()) return std::optional<std::int64_t>();
    return ask(sql, 1, read_number);
  }
  base::Result<Digests> windows(std::span<const Span> spans, std::chrono::seconds window) override {
    const Spelling spelling = spelling_of(warehouse_->product());
    auto walk = spelling == Spelling::sqlite ? cheaper_walk(spans) : base::Result<Walk>(Walk::as_planned);
    if (!walk) return base::fail(std::move(walk.error()));
    return ask(windows_sql(spelling, table(), spans, window, *walk), kWindowsMax, read_digests);
  }
  base::Result<Digests> parts(const Slice& slice) override {
    return ask(parts_sql(table(), slice), kWindowsMax, read_digests);
  }
  base::Result<std::vector<Listed>> list(const Slice& slice) override {
    return ask(list_sql(table(), slice), kListedRoom, read_listed);
  }

  base::Result<std::vector<Listed>> doubles(const Slice& slice) override {
    if (auto known = learn_uniqueness(); !known) return base::fail(std::move(known.error()));
    if (*unique_) return std::vector<Listed>();
    return ask(doubles_sql(table(), slice), kListedRoom, read_listed);
  }

  base::Result<std::map<std::string, Presence>> present(std::span<const Listed> asked, Where where) override {
    std::map<std::string, Presence> found;
    auto done = in_groups(asked, where, [&](std::span<const Listed> some, Where place) -> base::Status {
      auto rows = ask(present_sql(table(), some, place), some.size(), read_presence);
      if (!rows) return base::fail(std::move(rows.error()));
      for (Presence& row : *rows) found.emplace(row.id, row);
      return {};
    });
    if (!done) return base::fail(std::move(done.error()));
    return found;
  }

  base::Result<std::set<std::string>> erased(std::span<const Listed> asked) override {
    std::set<std::string> noted;
    if (auto known = learn_of_erased(); !known) return base::fail(std::move(known.error()));
    if (!any_erased_) return noted;
    auto done = in_groups_at(asked, Where::anywhere, [&](std::span<const Listed> some, Where) -> base::Status {
      auto answer = ask_plainly(erased_sql(warehouse_->product(), warehouse_->event_table(), some), some.size());
      if (!answer) return base::fail(std::move(answer.error()));
      for (const auto& row : answer->rows) noted.insert(row[0].value_or(""));
      return {};
    });
    if (!done) return base::fail(std::move(done.error()));
    return noted;
  }

  base::Result<std::vector<warehouse::StoredEvent>> rows(const Slice& slice, std::size_t rows_max) override {
    auto answer = ask_plainly(rows_sql(table(), slice), rows_max);
    if (!answer) return base::fail(std::move(answer.error()));
    if (answer->cut) return base::fail(base::ErrorKind::full, "more rows came in than are looked at at once", name_);
    return tell(*answer);
  }

  base::Result<std::vector<warehouse::StoredEvent>> rows_of(std::span<const Listed> asked, Where where) override {
    std::vector<warehouse::StoredEvent> all;
    auto done = in_groups(asked, where,
                          [&](std::span<const Listed> some, Where place) { return add_rows_of(some, place, all); });
    if (!done) return base::fail(std::move(done.error()));
    return all;
  }

 private:
  [[nodiscard]] std::string table() const { return warehouse_->event_table().quoted(); }
  [[nodiscard]] std::size_t asked_max() const {
    const std::string product = warehouse_->product();
    return product == "SQLite" || product == "PostgreSQL" ? kAskedOfLocalMax : kAskedMax;
  }

  template <class Read>
  auto ask(const std::string& sql, std::size_t rows_max, Read read) -> decltype(read(warehouse::Table())) {
    auto answer = ask_plainly(sql, rows_max);
    if (!answer) return base::fail(std::move(answer.error()));
    return read(*answer);
  }

  base::Result<warehouse::Table> ask_plainly(const std::string& sql, std::size_t rows_max) {
    auto answer = warehouse_->query(sql, rows_max);
    if (answer) return answer;
    base::Error& error = answer.error();
    error.where = name_ + (error.where.empty() ? "" : ": " + error.where);
    // The statement is ours, so the table is not what it should be.
    if (error.kind == base::ErrorKind::invalid) error.hint = what_mends(name_);
    if (error.kind == base::ErrorKind::corrupt) error.hint = warehouse::damaged_file_hint(name_);
    return answer;
  }

  // One that stands there hundreds of times must not take its neighbours' room in the answer.
  base::Status add_rows_of(std::span<const Listed> some, Where place, std::vector<warehouse::StoredEvent>& all) {
    auto answer = ask_plainly(rows_sql(table(), some, place), some.size() * kCopiesMax);
    if (!answer) return base::fail(std::move(answer.error()));
    if (answer->cut && some.size() > 1) {
      const std::size_t half = some.size() / 2;
      if (auto done = add_rows_of(some.first(half), place, all); !done) return done;
      return add_rows_of(some.subspan(half), place, all);
    }
    auto told = tell(*answer);
    if (!told) return base::fail(std::move(told.error()));
    std::ranges::move(*told, std::back_inserter(all));
    return {};
  }

  template <class Ask>
  base::Status in_groups(std::span<const Listed> asked, Where where, Ask ask) {
    if (auto known = learn_uniqueness(); !known) return known;
    if (*unique_ || where == Where::anywhere) return in_groups_at(asked, Where::anywhere, ask);
    std::vector<Listed> sorted(asked.begin(), asked.end());
    const auto outside = std::ranges::stable_partition(sorted, [](const Listed& each) { return !each.outside; });
    const auto at_times = std::span<const Listed>(sorted).first(sorted.size() - outside.size());
    if (auto done = in_groups_at(at_times, Where::at_their_time, ask); !done) return done;
    return in_groups_at(std::span<const Listed>(outside), Where::anywhere, ask);
  }
  template <class Ask>
  base::Status in_groups_at(std::span<const Listed> asked, Where where, Ask&& ask) {
    while (!asked.empty()) {
      const auto some = asked.first(std::min(asked.size(), asked_max()));
      if (auto done = ask(some, where); !done) return done;
      asked = asked.subspan(some.size());
    }
    return {};
  }

  base::Result<Walk> cheaper_walk(std::span<const Span> spans) {
    auto much = ask(holds_much_sql(table(), spans), 1, read_number);
    if (!much) return base::fail(std::move(much.error()));
    return much->value_or(0) == 1 ? Walk::whole_table : Walk::as_planned;
  }

  base::Result<std::vector<warehouse::StoredEvent>> tell(const warehouse::Table& answer) {
    warehouse::TableName parts = warehouse_->event_table();
    parts.table = kPartsTable;
    return warehouse::tell_events(*warehouse_, parts.quoted(), answer);
  }

  base::Status learn_uniqueness() {
    if (unique_) return {};
    const std::string sql = unique_sql(warehouse_->product(), warehouse_->event_table());
    if (sql.empty()) {
      unique_ = false;
      return {};
    }
    auto answer = ask_plainly(sql, 1);
    if (!answer) return base::fail(std::move(answer.error()));
    unique_ = !answer->rows.empty();
    return {};
  }

  // Nearly everywhere nobody was ever erased: then no ids need to be asked for. A list that holds something goes on
  // holding it; one that is empty is asked anew, for somebody may be erased while we compare.
  base::Status learn_of_erased() {
    if (any_erased_) return {};
    auto answer = ask_plainly(erased_sql(warehouse_->product(), warehouse_->event_table(), {}), 1);
    if (!answer && answer.error().kind != base::ErrorKind::invalid) return base::fail(std::move(answer.error()));
    any_erased_ = answer && !answer->rows.empty();
    return {};
  }

  const std::string name_;
  const std::unique_ptr<warehouse::Warehouse> warehouse_;
  std::optional<bool> unique_;  // none: not asked yet
  bool any_erased_ = false;     // as far as is known
};

}  // namespace

std::unique_ptr<Side> make_side(std::string name, std::unique_ptr<warehouse::Warehouse> warehouse) {
  return std::make_unique<TableSide>(std::move(name), std::move(warehouse));
}

}  // namespace twinshift::proof
