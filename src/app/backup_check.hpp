// `twinshift backup --check DIR`: is a copy what it was when it was made? Every file by its size and sum, every
// database by SQLite's own look through all of it. Changes nothing, needs no configuration and no service. One thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "app/backup_manifest.hpp"
#include "base/error.hpp"

namespace twinshift::app {

struct BackupCheck {
  Manifest manifest;
  std::vector<std::string> faults{};  // a line each; none: it is sound
};
// Errors: those of reading backup.txt.
base::Result<BackupCheck> check_backup(const std::filesystem::path& folder);

}  // namespace twinshift::app
