#include "sqlite/set_aside.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <string_view>
#include <system_error>

#include "base/log.hpp"
#include "base/time_text.hpp"

namespace twinshift::sqlite {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMark = ".damaged-";
// The database last: until then a start finds it again.
constexpr std::array<const char*, 3> kEndings{"-wal", "-shm", ""};

// "20261126T190000123Z": sorts by time.
std::string stamp(base::WallTime now) {
  std::string text = base::iso8601_ms(now);
  std::erase_if(text, [](char c) { return c == '-' || c == ':' || c == '.'; });
  return text;
}

// Oldest first; without the -wal and -shm beside them.
std::set<std::string> set_aside_before(const fs::path& path) {
  std::set<std::string> found;
  std::error_code ignored;
  const std::string begin = path.filename().string() + std::string(kMark);
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(begin)) continue;
    found.insert((folder / name.substr(0, name.find('Z', begin.size()) + 1)).string());
  }
  return found;
}

void remove_oldest(const fs::path& path) {
  std::set<std::string> found = set_aside_before(path);
  while (found.size() > kSetAsideMax) {
    std::error_code ignored;
    for (const char* ending : kEndings) fs::remove(*found.begin() + ending, ignored);
    found.erase(found.begin());
  }
}

}  // namespace

base::Status set_aside(const std::string& path, base::WallTime now, const base::Error& why) {
  const std::string aside = path + std::string(kMark) + stamp(now);
  for (const char* ending : kEndings) {
    std::error_code error;
    fs::rename(path + ending, aside + ending, error);
    if (error && error != std::errc::no_such_file_or_directory) {
      return base::fail(base::ErrorKind::unavailable, "a damaged file cannot be set aside: " + error.message(), path,
                        "Move it away yourself, then start again");
    }
  }
  remove_oldest(path);
  base::log::error("A damaged file is set aside: a new one is begun; no accepted event stood in it")
      .add("setAside", aside)
      .add("error", why.text())
      .add("errorKind", base::to_string(why.kind))
      .add("hint", "Look at the disk; delete the file once you have looked at it");
  return {};
}

}  // namespace twinshift::sqlite
