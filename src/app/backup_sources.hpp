// What a backup copies, and in which order it is fixed.
//
// An event only moves on: queue -> primary, secondary, backlog, quarantine; backlog -> secondary, quarantine. What
// moves back (replay, repair, rebuild, erase) is a command, and they are held off for this moment (backup_hold.hpp).
// So:
//
//   1. From before the first to after the last, the queue deletes nothing.
//   2. Stores are fixed along the way: the backlog, then the quarantine, then the warehouses. What leaves one of them
//      meanwhile is met in it, and perhaps again behind it.
//   3. The queue comes last. What was accepted before stands in it still, or had left it before the first store was
//      fixed, and so is met there. And it has counted as received whatever the warehouses count as landed: the books
//      close.
//   4. books.db after both: what it has taken over of old markers are markers that the warehouses' copies hold, too.
//
// So the copy is what a kill -9 could have left: an event that stands in several of them is delivered once more,
// recognised by its event_id, and counted as no duplicate, for the same message brought it. Once fixed, all goes on;
// the copying may take its time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "backlog/drivers/segments/folder_snapshot.hpp"
#include "base/error.hpp"
#include "config/settings.hpp"
#include "sqlite/snapshot.hpp"

namespace twinshift::app {

struct BackupPart {
  enum class Kind { database, segments, text } kind = Kind::database;
  std::string name;            // in the backup: relative
  std::filesystem::path path;  // what is copied
  // Large, and copied last: what else is fixed is let go of sooner.
  bool is_warehouse = false;
};

struct BackupPlan {
  std::vector<BackupPart> parts;   // in the order in which they are fixed
  std::vector<std::string> notes;  // what is not in it; what has to be known of it
};
// No I/O but to look where paths lead.
BackupPlan plan_backup(const config::Settings& settings);

// What this user may not read, or the disk does not give (`why`: errno). It is never left out: a copy without it would
// pass for whole.
base::Error unreadable_source(const std::filesystem::path& path, int why);

// One of them, fixed.
struct FixedPart {
  BackupPart part;
  std::optional<sqlite::Snapshot> database{};
  backlog::FolderSnapshot segments{};
  std::string text{};
  [[nodiscard]] std::uint64_t bytes() const;
};

// All of them, in order, as they stand now; what is not there is left out. One thread. Errors name the file.
base::Result<std::vector<FixedPart>> fix_parts(const BackupPlan& plan);
// In the order in which they are best copied.
void sort_for_copying(std::vector<FixedPart>& parts);

}  // namespace twinshift::app
