#include "base/folder_owner.hpp"

#include <filesystem>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace twinshift::base {
namespace {

std::string folder_of(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  return folder.empty() ? "." : folder.string();
}

std::optional<struct stat> look_at(const std::string& path) {
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) return std::nullopt;
  return found;
}

}  // namespace

void give_to_folders_owner(int descriptor, const std::string& path) {
  if (::geteuid() != 0) return;
  struct stat made{};
  const auto folder = look_at(folder_of(path));
  // Linked elsewhere as well: then it is not what was just made.
  const bool ours = ::fstat(descriptor, &made) == 0 && (S_ISDIR(made.st_mode) || made.st_nlink == 1);
  if (folder && folder->st_uid != 0 && ours) (void)!::fchown(descriptor, folder->st_uid, folder->st_gid);
}

std::string other_owners_hint(const std::string& path) {
  const uid_t us = ::geteuid();
  const std::string folder = folder_of(path);
  auto found = look_at(path);
  if (!found) found = look_at(folder);
  if (!found || us == 0 || found->st_uid == us) return {};
  return "It belongs to user id " + std::to_string(found->st_uid) + ", and this process runs as user id " +
         std::to_string(us) + ": as root, `chown -R " + std::to_string(us) + " " + folder +
         "` gives it back to the service";
}

}  // namespace twinshift::base
