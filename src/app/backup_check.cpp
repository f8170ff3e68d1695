#include "app/backup_check.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "sqlite/salvage.hpp"

namespace twinshift::app {
namespace {

namespace fs = std::filesystem;
using base::ErrorKind;

base::Result<std::string> read_list(const fs::path& folder) {
  const fs::path path = folder / kManifestName;
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (file) return std::string(std::istreambuf_iterator<char>(file), {});
  const int why = errno;
  if (why == ENOENT || why == ENOTDIR) {
    return base::fail(ErrorKind::not_found, "this is no complete backup: it has no backup.txt", path.string(),
                      "Name the folder that `--to` was given");
  }
  return base::fail(ErrorKind::unavailable,
                    std::string("the list of what is in the backup cannot be read: ") + std::strerror(why),
                    path.string(), "Run it as a user who may read the backup");
}

// Nothing where the file is sound.
std::string fault_of(const fs::path& folder, const ManifestFile& file) {
  const fs::path path = folder / file.name;
  const auto summed = sha256_of(path);
  if (!summed) return file.name + ": " + summed.error().message;
  if (summed->bytes != file.bytes) {
    return fmt::format("{}: it has {} bytes and had {}", file.name, summed->bytes, file.bytes);
  }
  if (summed->sha256 != file.sha256) return file.name + ": its content has changed since the backup was made";
  if (!file.name.ends_with(".db")) return {};
  const auto damage = sqlite::damage_of(path.string());
  if (!damage) return file.name + ": " + damage.error().message;
  return *damage ? file.name + ": it was damaged when it was copied: " + **damage : std::string();
}

// What the list does not name, and a restore would put back all the same; the list itself is none of them.
void add_strangers(const fs::path& folder, BackupCheck& check) {
  std::set<std::string, std::less<>> named{kManifestName};
  for (const ManifestFile& file : check.manifest.files) named.insert(file.name);
  std::error_code error;
  for (auto at = fs::recursive_directory_iterator(folder, error); !error && at != fs::end(at); at.increment(error)) {
    if (at->is_directory(error)) continue;
    const std::string name = at->path().lexically_relative(folder).string();
    if (!named.contains(name)) check.faults.push_back(name + ": it is not in the list, so it came there afterwards");
  }
  if (error) check.faults.push_back("the folder cannot be read to its end: " + error.message());
}

}  // namespace

base::Result<BackupCheck> check_backup(const fs::path& folder) {
  const auto text = read_list(folder);
  if (!text) return base::fail(text.error());
  auto manifest = parse_manifest(*text);
  if (!manifest) return base::fail(std::move(manifest.error()));
  BackupCheck check{.manifest = std::move(*manifest)};
  for (const ManifestFile& file : check.manifest.files) {
    if (std::string fault = fault_of(folder, file); !fault.empty()) check.faults.push_back(std::move(fault));
  }
  add_strangers(folder, check);
  return check;
}

}  // namespace twinshift::app
