// `twinshift backup`: a copy of the data folder as of one moment, beside the running service or while none runs.
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/resource.h>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "app/backup_check.hpp"
#include "app/backup_hold.hpp"
#include "app/backup_sources.hpp"
#include "app/backup_writer.hpp"
#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/open_files.hpp"
#include "app/version.hpp"
#include "base/clock.hpp"
#include "base/time_text.hpp"
#include "sqlite/data_folder.hpp"

namespace twinshift::app {
namespace {

namespace fs = std::filesystem;
using base::ErrorKind;

// A machine that stalls may let a hold run out before all is fixed.
constexpr int kFixTriesMax = 3;
constexpr const char* kTraceFolder = "trace";
constexpr double kMegabyte = 1e6;
// What the service does comes first where both want the processor.
constexpr int kNiceness = 10;

int explain(const base::Error& error) {
  std::fprintf(stderr, "twinshift: backup: %s\n", error.text().c_str());
  return error.kind == ErrorKind::invalid ? kExitUsage : kExitFailed;
}

base::Status check_data_folder(const config::Settings& settings) {
  std::error_code ignored;
  if (fs::is_directory(settings.data_dir, ignored)) return {};
  return base::fail(ErrorKind::invalid, "there is no data folder here", settings.data_dir.string(),
                    "Run it in the folder whose .env the service reads (TWINSHIFT_DATA_DIR)");
}

struct Fixed {
  std::vector<FixedPart> parts;
  base::WallTime at{};
};

// Nothing where the hold ran out.
base::Result<std::optional<Fixed>> fix_in_hold(const config::Settings& settings, const BackupPlan& plan,
                                               std::uint64_t hold) {
  Fixed fixed{.parts = {}, .at = base::system_clock().now()};
  auto parts = fix_parts(plan);
  const auto lasted = ask_to_end_hold(settings, hold);
  if (!parts) return base::fail(std::move(parts.error()));
  if (!lasted) return base::fail(lasted.error());
  if (!*lasted) return std::nullopt;
  fixed.parts = std::move(*parts);
  return fixed;
}

// The lock keeps a service from starting until all is fixed, not while it is copied.
base::Result<Fixed> fix_alone(const config::Settings& settings, const BackupPlan& plan) {
  auto lock = sqlite::DataFolder::open(settings.data_dir);
  if (!lock) {
    base::Error error = std::move(lock.error());
    if (error.kind == ErrorKind::conflict) {
      error.message += ", which cannot be asked: its control socket is not there";
      error.hint = "Try again where it is just starting; else restart it: the start makes control.sock anew";
    }
    return base::fail(std::move(error));
  }
  auto parts = fix_parts(plan);
  if (!parts) return base::fail(std::move(parts.error()));
  return Fixed{.parts = std::move(*parts), .at = base::system_clock().now()};
}

base::Result<Fixed> fix(const config::Settings& settings, const BackupPlan& plan) {
  for (int i = 0; i < kFixTriesMax; ++i) {
    const auto hold = ask_to_hold(settings);
    if (!hold && hold.error().kind == ErrorKind::not_found) return fix_alone(settings, plan);
    if (!hold) return base::fail(hold.error());
    auto fixed = fix_in_hold(settings, plan, *hold);
    if (!fixed) return base::fail(std::move(fixed.error()));
    if (*fixed) return std::move(**fixed);
  }
  return base::fail(ErrorKind::unavailable,
                    fmt::format("the files could not be looked at together within {} ms, {} times",
                                kBackupHoldMax.count(), kFixTriesMax),
                    settings.data_dir.string(), "Look at what keeps its disk busy, then try again");
}

std::uint64_t folder_bytes(const fs::path& folder) {
  std::uint64_t sum = 0;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::uintmax_t bytes = entry.file_size(error);
    if (!error) sum += bytes;
  }
  return sum;
}

void tell(const Manifest& manifest, const fs::path& folder) {
  std::uint64_t bytes = 0;
  for (const ManifestFile& file : manifest.files) bytes += file.bytes;
  for (const std::string& note : manifest.notes) std::printf("note: %s\n", note.c_str());
  std::printf("%s\n", fmt::format("backup of {} complete in {}: {} files, {:.1f} MB", manifest.begun, folder.string(),
                                  manifest.files.size(), static_cast<double>(bytes) / kMegabyte)
                          .c_str());
}

base::Status make_backup(const config::Settings& settings, const BackupOptions& options) {
  if (auto there = check_data_folder(settings); !there) return there;
  auto place = look_at_place(options.to, settings);
  if (!place) return base::fail(std::move(place.error()));
  for (const std::string& left : place->leftovers) {
    std::fprintf(stderr, "twinshift: backup: %s is of a backup that was cut short (or still runs): delete it\n",
                 left.c_str());
  }
  if (auto room = make_room_for_files(); !room) return room;
  const BackupPlan plan = plan_backup(settings);
  auto fixed = fix(settings, plan);
  if (!fixed) return base::fail(std::move(fixed.error()));

  const fs::path trace = settings.data_dir / kTraceFolder;
  std::uint64_t bytes = options.no_trace ? 0 : folder_bytes(trace);
  for (const FixedPart& part : fixed->parts) bytes += part.bytes();
  if (auto room = check_room(*place, bytes); !room) return room;
  const fs::path folder = place->folder;
  BackupWriter writer(std::move(*place), options.megabytes_per_second * kMegabyte);
  if (auto begun = writer.begin(fixed->at); !begun) return begun;
  sort_for_copying(fixed->parts);
  for (FixedPart& part : fixed->parts) {
    if (auto added = writer.add(part); !added) return added;
  }
  if (!options.no_trace) {
    if (auto added = writer.add_folder(trace); !added) return added;
  }
  Manifest manifest{.version = kVersion, .begun = base::iso8601_ms(fixed->at), .notes = plan.notes};
  if (auto finished = writer.finish(manifest); !finished) return finished;
  tell(manifest, folder);
  return {};
}

}  // namespace

int run_backup(const config::Settings& settings, const BackupOptions& options) {
  (void)::setpriority(PRIO_PROCESS, 0, kNiceness);
  if (auto made = make_backup(settings, options); !made) return explain(made.error());
  return kExitOk;
}

int run_backup_check(const std::string& folder) {
  const auto check = check_backup(folder);
  if (!check) return explain(check.error());
  const std::string what = fmt::format("backup of {} by twinshift {}: {} files", check->manifest.begun,
                                       check->manifest.version, check->manifest.files.size());
  if (check->faults.empty()) {
    std::printf("%s, all sound\n", what.c_str());
    return kExitOk;
  }
  for (const std::string& fault : check->faults) std::printf("%s\n", fault.c_str());
  std::fprintf(stderr, "twinshift: backup: %s, %zu damaged (%s). Do not restore it; use another one\n", what.c_str(),
               check->faults.size(), folder.c_str());
  return kExitFailed;
}

}  // namespace twinshift::app
