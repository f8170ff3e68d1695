// A target from outside to inside: endpoint, network, rights of AWS, login, table, rights in the database. Any thread;
// the steps block up to their own limits and change nothing that stays.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "app/doctor_check.hpp"
#include "app/doctor_run.hpp"
#include "config/settings.hpp"
#include "warehouse/schema_access.hpp"

namespace twinshift::app {

// What was read of a target's table, for the comparison of both. A group's thread that was left behind may still write
// it, so it is guarded.
class TableSeen {
 public:
  void keep(const warehouse::SchemaDescription& description) {
    const std::lock_guard lock(mutex_);
    description_ = description;
  }
  [[nodiscard]] std::optional<warehouse::SchemaDescription> get() const {
    const std::lock_guard lock(mutex_);
    return description_;
  }

 private:
  mutable std::mutex mutex_;
  std::optional<warehouse::SchemaDescription> description_;
};

// `settings` and `seen` are kept as long as a step runs. `target`: "primary", "secondary"; it must be configured.
Group target_group(const std::shared_ptr<const config::Settings>& settings, const std::string& target,
                   const std::shared_ptr<TableSeen>& seen);

// What a start would do with this table.
Finding judge_table(const warehouse::SchemaDescription& table, const config::TargetSettings& target, bool schema_apply);

}  // namespace twinshift::app
