// The writing connection with its statements, and a watch over the file under it. One thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "sqlite/database.hpp"
#include "warehouse/drivers/sqlite/erasures.hpp"
#include "warehouse/drivers/sqlite/row_insert.hpp"
#include "warehouse/drivers/sqlite/sqlite_table.hpp"

namespace twinshift::warehouse {

// Rows of 2.5 KB fill pages of this size well; only a new file takes it.
inline constexpr int kPageBytes = 8192;
// Each warehouse keeps this much of its file in memory: enough for the tops of its indexes.
inline constexpr int kCacheKilobytes = 12 * 1024;
// The log is copied into the file when it has grown to this, by the thread that writes. It grows beyond only while a
// reader holds an old snapshot, and gives back what is beyond when that has ended.
inline constexpr int kWalBytes = 16 * 1024 * 1024;

// Which files stand at the path: those that were opened, others, or none. SQLite would go on writing into a file that
// was moved away or deleted, and a new empty one at a path that held events would hide the loss.
class WatchedFile {
 public:
  explicit WatchedFile(std::string path) : path_(std::move(path)) {}

  // `unavailable` where the path held a file in this process's life and holds none now.
  [[nodiscard]] base::Status check_before_open() const;
  // After opening: these are the ones.
  void remember();
  // Two calls of stat: cheap enough for each batch. The log counts too: a new one would hide what stands in the old.
  [[nodiscard]] bool is_the_opened_one() const;
  [[nodiscard]] bool seen() const { return file_.has_value(); }

 private:
  struct Identity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    bool operator==(const Identity&) const = default;
  };
  static std::optional<Identity> look(const std::string& path);

  std::string path_;
  std::optional<Identity> file_;
  std::optional<Identity> wal_;
};

struct Connection {
  sqlite::Database database;
  TableLayout layout;
  RowInsert insert;
  sqlite::Statement insert_marker;
  sqlite::Statement insert_duplicate;
  Erasures erasures;

  static base::Result<Connection> open(const std::string& path, const std::string& table, sqlite::OpenMode mode,
                                       std::chrono::milliseconds busy_timeout);
  // Before leaving a file that was moved away: everything from its log into the file itself, so that it is whole
  // wherever it is now.
  void leave_file();
};

}  // namespace twinshift::warehouse
