#include "app/damaged_file.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "app/driver_table.hpp"
#include "base/json_text.hpp"
#include "base/time_text.hpp"
#include "sqlite/database.hpp"
#include "sqlite/salvage.hpp"

namespace twinshift::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDamaged = ".damaged-";
constexpr const char* kRebuilding = ".rebuilding-";
constexpr const char* kDriver = "sqlite";

// "20261126T190000123Z": sorts by time.
std::string stamp(base::WallTime now) {
  std::string text = base::iso8601_ms(now);
  std::erase_if(text, [](char c) { return c == '-' || c == ':' || c == '.'; });
  return text;
}

// The stamps of the files <path><mark><stamp>, oldest first; not of what belongs to them.
std::vector<std::string> stamps_of(const std::string& path, const char* mark) {
  const std::string begin = fs::path(path).filename().string() + mark;
  const fs::path folder = fs::path(path).has_parent_path() ? fs::path(path).parent_path() : fs::path(".");
  std::vector<std::string> found;
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(begin) && name.ends_with('Z')) found.push_back(name.substr(begin.size()));
  }
  std::ranges::sort(found);
  return found;
}

bool is_there(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// Never gone in between: that it is there says that this was begun.
void empty(const std::string& path) {
  std::error_code ignored;
  for (const char* ending : {"-wal", "-shm", "-journal"}) fs::remove(path + ending, ignored);
  fs::resize_file(path, 0, ignored);
}

const char* name_of(FileState state) {
  switch (state) {
    case FileState::none:
      return "none";
    case FileState::missing:
      return "missing";
    case FileState::sound:
      return "sound";
    case FileState::damaged:
      return "damaged";
    case FileState::cut_short:
      return "cutShort";
  }
  return "none";
}

// What is beside from `first` on, newest first: what two of them have, the newer one tells.
base::Result<sqlite::Salvaged> salvage_all(const std::string& path, const std::string& first, const std::string& into) {
  sqlite::Salvaged sum;
  std::vector<std::string> beside = stamps_of(path, kDamaged);
  std::erase_if(beside, [&](const std::string& each) { return each < first; });
  empty(into);
  for (auto each = beside.rbegin(); each != beside.rend(); ++each) {
    auto done = sqlite::salvage(path + kDamaged + *each, into);
    if (!done) return base::fail(std::move(done.error()));
    sum.rows += done->rows;
    sum.tables += done->tables;
    sum.lost = sum.lost || done->lost;
  }
  return sum;
}

}  // namespace

base::Result<FileLook> look_at_file(const config::Settings& settings, const std::string& target, bool in_use) {
  auto chosen = find_target(settings, target);
  if (!chosen) return base::fail(std::move(chosen.error()));
  if ((*chosen)->driver != kDriver) return FileLook{};
  FileLook look{.path = (*chosen)->path.string()};
  if (in_use) {
    look.state = is_there(look.path) ? FileState::sound : FileState::missing;
    return look;
  }
  if (!stamps_of(look.path, kRebuilding).empty()) {
    look.state = FileState::cut_short;
    return look;
  }
  auto damage = sqlite::damage_of(look.path);
  if (!damage && damage.error().kind != base::ErrorKind::not_found) return base::fail(std::move(damage.error()));
  look.state = !damage ? FileState::missing : *damage ? FileState::damaged : FileState::sound;
  if (damage && *damage) look.what = **damage;
  return look;
}

base::Result<FileReplaced> replace_file(const std::string& path, base::WallTime now) {
  const std::vector<std::string> before = stamps_of(path, kRebuilding);
  const std::string first = before.empty() ? stamp(now) : before.front();
  const std::string fresh = path + kRebuilding + first;
  // The first run has moved the damaged one; what is at its place now has come since, and is kept beside that.
  FileReplaced done{.aside = path + kDamaged + first};
  const std::string aside = is_there(done.aside) ? path + kDamaged + stamp(now) : done.aside;
  // From here on a run that is killed is known.
  if (auto begun = sqlite::Database::open(fresh, sqlite::OpenMode::create); !begun)
    return base::fail(std::move(begun.error()));
  if (is_there(path)) {
    if (auto moved = sqlite::rename_database(path, aside); !moved) return base::fail(std::move(moved.error()));
  }
  auto salvaged = salvage_all(path, first, fresh);
  if (!salvaged) return base::fail(std::move(salvaged.error()));
  if (auto placed = sqlite::rename_database(fresh, path); !placed) return base::fail(std::move(placed.error()));
  done.rows = salvaged->rows;
  done.lost = salvaged->lost;
  return done;
}

std::string plan_text(const std::string& target, const FileLook& look) {
  if (look.state == FileState::missing) {
    return fmt::format("{}: there is no file {}: --apply makes it, and copies all that the other target holds", target,
                       look.path);
  }
  if (look.state == FileState::cut_short) {
    return fmt::format("{}: a rebuild that put a new file in the place of {} was cut short: --apply goes on with it",
                       target, look.path);
  }
  return fmt::format(
      "{}: the file {} is damaged ({}): --apply keeps it beside, takes over what can still be read of it, and fills "
      "the rest from the other target",
      target, look.path, look.what);
}

std::string replaced_text(const std::string& target, const FileLook& look, const FileReplaced& done) {
  return fmt::format(
      "{}: the file {} was damaged, and is kept as {}; {} rows of it could be read, and were taken over{}", target,
      look.path, done.aside, done.rows, done.lost ? "; not all could" : "");
}

std::string file_json(const FileLook& look, const std::optional<FileReplaced>& done) {
  std::string text =
      fmt::format("\"file\":{{\"path\":{},\"state\":\"{}\"", base::json_string(look.path), name_of(look.state));
  if (!look.what.empty()) text += ",\"what\":" + base::json_string(look.what);
  if (done) {
    text += fmt::format(",\"keptAs\":{},\"rowsTakenOver\":{},\"all\":{}", base::json_string(done->aside), done->rows,
                        !done->lost);
  }
  return text + '}';
}

}  // namespace twinshift::app
