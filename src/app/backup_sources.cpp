#include "app/backup_sources.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace twinshift::app {
namespace {

namespace fs = std::filesystem;
using base::ErrorKind;
using Kind = BackupPart::Kind;

constexpr const char* kOutside = "outside";

// Where it stands in the data folder; nothing where it does not.
std::optional<std::string> name_inside(const fs::path& folder, const fs::path& path) {
  std::error_code ignored;
  const fs::path relative =
      fs::weakly_canonical(path, ignored).lexically_relative(fs::weakly_canonical(folder, ignored));
  if (relative.empty() || *relative.begin() == "..") return std::nullopt;
  return relative.string();
}

class Planner {
 public:
  explicit Planner(const config::Settings& settings) : settings_(settings) {
    for (const auto& target : {settings.secondary, settings.secondary_off}) {
      if (target) secondary_ = target;
    }
  }

  BackupPlan plan() {
    add(Kind::database, "spool.db");
    if (secondary_) add_backlog(*secondary_);
    add(Kind::database, "quarantine.db");
    add_warehouse(settings_.primary);
    if (secondary_) add_warehouse(*secondary_);
    add_queue();
    for (const char* name : {"books.db", "refused.db"}) add(Kind::database, name);
    for (const char* name : {"parity.txt", "gap.txt"}) add(Kind::text, name);
    if (!settings_.quarantine_queue_url.empty()) note("the quarantine is an SQS queue: it is not in the backup");
    return std::move(plan_);
  }

 private:
  void add(Kind kind, const char* name) { plan_.parts.push_back({kind, name, settings_.data_dir / name}); }
  void note(std::string text) { plan_.notes.push_back(std::move(text)); }

  void add_queue() {
    if (settings_.queue.driver == "sqlite") return add(Kind::database, "queue.db");
    note(
        "the queue is Amazon SQS: what waits there is not in the backup, and what it delivers later is missing from "
        "it");
  }

  void add_backlog(const config::TargetSettings& target) {
    if (!target.backlog_url.empty()) return note("the backlog is an SQS queue: it is not in the backup");
    // An earlier version's first: its events move into the segments.
    add(Kind::database, target.backlog_old_file.filename().c_str());
    add(Kind::segments, target.backlog_folder.filename().c_str());
  }

  void add_warehouse(const config::TargetSettings& target) {
    if (target.driver != "sqlite") {
      return note(fmt::format("{} is {}: it is not in the backup; its own snapshots are", target.name, target.shown));
    }
    auto name = name_inside(settings_.data_dir, target.path);
    if (!name) {
      name = fmt::format("{}/{}.db", kOutside, target.name);
      note(fmt::format("{} stood outside of the data folder: put {} back to {}", target.name, *name,
                       fs::absolute(target.path).string()));
    }
    const auto same = [&](const BackupPart& part) { return part.name == *name; };
    if (std::ranges::any_of(plan_.parts, same)) return;
    plan_.parts.push_back({Kind::database, *name, target.path, true});
  }

  const config::Settings& settings_;
  std::optional<config::TargetSettings> secondary_;
  BackupPlan plan_;
};

// False: there is no such file.
base::Result<bool> is_there(const fs::path& path) {
  struct stat found{};
  if (::stat(path.c_str(), &found) == 0) return true;
  const int why = errno;
  if (why == ENOENT || why == ENOTDIR) return false;
  return base::fail(unreadable_source(path, why));
}

// True: it is there.
base::Result<bool> fix(FixedPart& fixed) {
  const std::string path = fixed.part.path.string();
  if (auto there = is_there(path); !there || !*there) return there;
  if (fixed.part.kind == Kind::database) {
    auto snapshot = sqlite::Snapshot::open(path);
    if (!snapshot && snapshot.error().kind == ErrorKind::not_found) return false;
    if (!snapshot) return base::fail(std::move(snapshot.error()));
    if (auto begun = snapshot->begin(); !begun) return base::fail(std::move(begun.error()));
    fixed.database = std::move(*snapshot);
    return true;
  }
  if (fixed.part.kind == Kind::segments) {
    auto segments = backlog::snapshot_of(path);
    if (!segments) return base::fail(std::move(segments.error()));
    fixed.segments = std::move(*segments);
    return !fixed.segments.segments.empty() || !fixed.segments.journal.empty();
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file && errno != ENOENT) return base::fail(unreadable_source(path, errno));
  fixed.text.assign(std::istreambuf_iterator<char>(file), {});
  return file.good() || !fixed.text.empty();
}

int rank(const FixedPart& fixed) {
  if (fixed.part.is_warehouse) return 2;
  return fixed.part.kind == Kind::segments ? 1 : 0;
}

}  // namespace

base::Error unreadable_source(const fs::path& path, int why) {
  return {ErrorKind::unavailable, std::string("what is to be copied cannot be read: ") + std::strerror(why),
          path.string(), "Run it as the service's user, or as root"};
}

std::uint64_t FixedPart::bytes() const {
  std::uint64_t sum = text.size() + segments.journal.size() + (database ? database->bytes() : 0);
  for (const backlog::SegmentSnapshot& each : segments.segments) sum += each.bytes;
  return sum;
}

BackupPlan plan_backup(const config::Settings& settings) {
  return Planner(settings).plan();
}

base::Result<std::vector<FixedPart>> fix_parts(const BackupPlan& plan) {
  std::vector<FixedPart> parts;
  for (const BackupPart& part : plan.parts) {
    FixedPart fixed{.part = part};
    const auto there = fix(fixed);
    if (!there) return base::fail(there.error());
    if (*there) parts.push_back(std::move(fixed));
  }
  return parts;
}

void sort_for_copying(std::vector<FixedPart>& parts) {
  std::ranges::stable_sort(parts, {}, rank);
}

}  // namespace twinshift::app
