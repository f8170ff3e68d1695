// A warehouse in memory with scripted failures. The table is shared with the test, so it outlives the lane that owns
// the warehouse.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "warehouse/warehouse.hpp"

namespace twinshift::tests {

// What the next write does instead of committing.
struct ScriptedWrite {
  base::Error error;
  bool commits = false;  // with kind unknown_outcome: committed all the same
};

// Any thread may call its functions.
class FakeTable {
 public:
  // A script for the next write; without one it commits.
  void script(ScriptedWrite next) {
    const std::lock_guard lock(mutex_);
    script_.push_back(std::move(next));
  }
  // Every call fails so until it is taken away.
  void fail_all(std::optional<base::Error> error) {
    const std::lock_guard lock(mutex_);
    error_ = std::move(error);
  }
  // Calls do not come back while closed: a black hole.
  void hold(bool held) {
    {
      const std::lock_guard lock(mutex_);
      held_ = held;
    }
    opened_.notify_all();
  }
  void reject(std::string json) {
    const std::lock_guard lock(mutex_);
    rejected_.insert(std::move(json));
  }

  // What the database calls every statement.
  void name_statements(std::string name) {
    const std::lock_guard lock(mutex_);
    statement_name_ = std::move(name);
  }
  std::string statement_name() const {
    const std::lock_guard lock(mutex_);
    return statement_name_;
  }

  std::size_t rows() const {
    const std::lock_guard lock(mutex_);
    return rows_.size();
  }
  bool has(const std::string& json) const {
    const std::lock_guard lock(mutex_);
    return rows_.contains(json);
  }
  int writes() const {
    const std::lock_guard lock(mutex_);
    return writes_;
  }
  int markers_asked() const {
    const std::lock_guard lock(mutex_);
    return markers_asked_;
  }

  base::Status call() {
    std::unique_lock lock(mutex_);
    opened_.wait(lock, [&] { return !held_; });
    if (error_) return base::fail(*error_);
    return {};
  }

  base::Result<warehouse::WriteReport> write(const warehouse::Batch& batch) {
    if (base::Status status = call(); !status) return base::fail(std::move(status.error()));
    const std::lock_guard lock(mutex_);
    ++writes_;
    if (script_.empty()) return commit(batch);
    const ScriptedWrite next = std::move(script_.front());
    script_.pop_front();
    if (next.commits) commit(batch);
    return base::fail(next.error);
  }

  base::Result<std::optional<warehouse::Marker>> find_marker(std::string_view id) {
    if (base::Status status = call(); !status) return base::fail(std::move(status.error()));
    const std::lock_guard lock(mutex_);
    ++markers_asked_;
    const auto found = markers_.find(std::string(id));
    if (found == markers_.end()) return std::nullopt;
    return found->second;
  }

 private:
  warehouse::WriteReport commit(const warehouse::Batch& batch) {
    warehouse::WriteReport report;
    report.reasons.resize(batch.events.size());
    warehouse::Marker marker{.batch_id = batch.id, .sent = batch.events.size()};
    for (std::size_t i = 0; i < batch.events.size(); ++i) {
      const std::string& json = batch.events[i]->json;
      if (rejected_.contains(json)) {
        report.outcomes.push_back(warehouse::Outcome::rejected);
        report.reasons[i] = {"event_name", "22001", "value too long"};
        continue;
      }
      const bool fresh = rows_.insert(json).second;
      ++(fresh ? marker.inserted : marker.duplicate);
      report.outcomes.push_back(fresh ? warehouse::Outcome::written : warehouse::Outcome::duplicate);
    }
    report.statement_id = batch.id;
    markers_[batch.id] = marker;
    return report;
  }

  mutable std::mutex mutex_;  // guards all below
  std::condition_variable opened_;
  std::set<std::string> rows_;
  std::set<std::string> rejected_;
  std::map<std::string, warehouse::Marker> markers_;
  std::deque<ScriptedWrite> script_;
  std::optional<base::Error> error_;
  std::string statement_name_;
  bool held_ = false;
  int writes_ = 0;
  int markers_asked_ = 0;
};

class FakeWarehouse final : public warehouse::Warehouse {
 public:
  explicit FakeWarehouse(std::shared_ptr<FakeTable> table) : table_(std::move(table)) {}

  base::Status prepare() override { return table_->call(); }
  base::Result<warehouse::WriteReport> write(const warehouse::Batch& batch) override { return table_->write(batch); }
  base::Result<std::optional<warehouse::Marker>> find_marker(std::string_view id) override {
    return table_->find_marker(id);
  }
  [[nodiscard]] std::string statement_of(std::string_view) const override { return table_->statement_name(); }
  base::Result<warehouse::Table> query(const std::string&, std::size_t) override { return warehouse::Table{}; }
  base::Status ping() override { return table_->call(); }
  [[nodiscard]] std::string product() const override { return "Fake"; }

 private:
  std::shared_ptr<FakeTable> table_;
};

}  // namespace twinshift::tests
