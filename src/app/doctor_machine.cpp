#include "app/doctor_machine.hpp"

#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <memory>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "app/admin_door.hpp"
#include "app/doctor_certificate.hpp"
#include "app/doctor_port.hpp"
#include "app/open_files.hpp"
#include "base/folder_owner.hpp"
#include "control/socket.hpp"
#include "intake/token_file.hpp"

namespace twinshift::app {
namespace {

namespace fs = std::filesystem;

// No event is older than this program: 2025-01-01.
constexpr std::time_t kTimeMin = 1'735'689'600;

std::string errno_text(int number) {
  return std::generic_category().message(number);
}

std::string megabytes(std::uint64_t bytes) {
  constexpr std::uint64_t kMegabyte = 1'000'000;
  constexpr std::uint64_t kGigabyte = 1'000'000'000;
  if (bytes >= 10 * kGigabyte) return fmt::format("{} GB", bytes / kGigabyte);
  return fmt::format("{} MB", bytes / kMegabyte);
}

// The folder itself, or the nearest above it that is there; as the start would find it.
fs::path nearest_there(const fs::path& folder) {
  std::error_code code;
  fs::path at = fs::absolute(folder, code);
  if (code) at = folder;
  while (!fs::exists(at, code) && at.has_parent_path() && at != at.parent_path()) at = at.parent_path();
  return at;
}

// 0, or why no file can be made there. A file without a name leaves nothing behind, however we end; where the file
// system knows none, one with a name is made and removed at once.
int try_to_write(const fs::path& folder) {
  int file = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file < 0 && errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT) return errno;
  if (file < 0) {
    const std::string name = (folder / fmt::format(".twinshift-doctor-{}", ::getpid())).string();
    file = ::open(name.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (file < 0) return errno;
    ::unlink(name.c_str());
  }
  const bool written = ::write(file, "x", 1) == 1;
  const int why = written ? 0 : errno;
  ::close(file);
  return why;
}

Finding cannot_write(const fs::path& folder, const fs::path& at, int why) {
  const std::string hint = base::other_owners_hint((at / "twinshift.lock").string());
  const bool is_full = why == ENOSPC || why == EDQUOT;
  if (is_full) {
    return failure(fmt::format("{} is full: {}", at.string(), errno_text(why)),
                   "the service cannot start: it keeps accepted events there",
                   "Free space there, or set TWINSHIFT_DATA_DIR to a folder on a larger disk");
  }
  return failure(fmt::format("{} cannot be written: {}", at.string(), errno_text(why)),
                 "the service cannot start: it keeps accepted events there",
                 hint.empty() || why != EACCES
                     ? fmt::format("Let the service's user write {}, or set TWINSHIFT_DATA_DIR to a folder that it may "
                                   "write",
                                   folder.string())
                     : hint);
}

}  // namespace

bool is_served(const fs::path& data_folder) {
  return control::connect_in(data_folder).has_value();
}

Finding check_clock() {
  if (std::time(nullptr) < kTimeMin) {
    return failure("this machine's clock stands before 2025",
                   "AWS refuses signatures, certificates look invalid, and the books go by a wrong hour",
                   "Set the clock: `timedatectl set-ntp true`, or start chrony");
  }
  timex state{};
  if (::adjtimex(&state) < 0) return skipped("the kernel does not say: " + errno_text(errno));
  if ((state.status & STA_UNSYNC) == 0) return good("kept in step (NTP)");
  return warning("the kernel does not know it to be kept in step (STA_UNSYNC)",
                 "a clock that drifts: arrival times and the books' hours go wrong, and beyond 5 minutes AWS refuses "
                 "signatures until they are corrected by its own Date",
                 "Start chrony (with rtcsync) or `timedatectl set-ntp true`; in a virtual machine or a container whose "
                 "host keeps the clock nothing is to be done");
}

Finding check_data_folder(const fs::path& data_folder) {
  const fs::path at = nearest_there(data_folder);
  struct stat found{};
  if (::stat(at.c_str(), &found) != 0) return cannot_write(data_folder, at, errno);
  if (!S_ISDIR(found.st_mode)) return cannot_write(data_folder, at, ENOTDIR);
  if (const int why = try_to_write(at); why != 0) return cannot_write(data_folder, at, why);
  std::error_code code;
  if (!fs::exists(data_folder, code)) {
    return good(fmt::format("{} is not there yet; the start makes it (mode 0700)", data_folder.string()));
  }
  const std::string served = is_served(data_folder) ? ", in use by a running service" : "";
  if ((found.st_mode & 0077U) != 0) {
    return warning(fmt::format("{}: other users may reach into it (mode {:04o}){}", data_folder.string(),
                               found.st_mode & 07777U, served),
                   "it holds events, and the socket by which the service takes orders",
                   "chmod 700 " + data_folder.string());
  }
  if (::geteuid() == 0 && found.st_uid != 0) {
    return good(fmt::format("{} can be written; it is user {}'s{}", data_folder.string(), found.st_uid, served));
  }
  return good(data_folder.string() + " can be written" + served);
}

Finding check_disk(const fs::path& data_folder, std::uint64_t reserve_bytes) {
  constexpr std::uint64_t kNearFactor = 2;
  constexpr std::uint64_t kFilesMin = 1'000;  // segments, databases and their logs
  const fs::path at = nearest_there(data_folder);
  struct statvfs disk{};
  if (::statvfs(at.c_str(), &disk) != 0) return skipped(at.string() + ": " + errno_text(errno));
  const std::uint64_t free = static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
  const std::string what =
      fmt::format("{} free at {}, DISK_RESERVE is {}", megabytes(free), at.string(), megabytes(reserve_bytes));
  if (disk.f_files > 0 && disk.f_favail < kFilesMin) {
    return failure(fmt::format("room for {} more files only at {}", disk.f_favail, at.string()),
                   "the file system is out of inodes: no file can be made however much space is free",
                   "Remove files there, or move TWINSHIFT_DATA_DIR to another disk");
  }
  if (free < reserve_bytes) {
    return failure(what, "below the reserve intake answers 503, and AppsFlyer's events are not taken",
                   "Free space there, move TWINSHIFT_DATA_DIR to a larger disk, or lower DISK_RESERVE");
  }
  if (free < kNearFactor * reserve_bytes) {
    return warning(what, "little more and intake answers 503",
                   "Free space there, or move TWINSHIFT_DATA_DIR to a larger disk");
  }
  return good(what);
}

Finding check_open_files(std::uint64_t connections_max) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return skipped("the kernel does not say: " + errno_text(errno));
  const std::uint64_t needed = connections_max + kOwnFiles;
  // The service raises its own soft limit to the hard one.
  if (limit.rlim_max == RLIM_INFINITY) return good("no limit");
  const std::uint64_t most = limit.rlim_max;
  const std::string what = fmt::format("at most {} (hard limit)", most);
  const std::string cure = fmt::format(
      "Raise it to {} or more: `ulimit -Hn`, LimitNOFILE= of the unit, or ulimits of the container", needed);
  if (most < kOwnFiles) {
    return failure(what, fmt::format("the service alone needs some {}: it would fail to open its own files", kOwnFiles),
                   cure);
  }
  if (most < needed) {
    return warning(what,
                   fmt::format("HTTP_CONNECTIONS_MAX ({}) and our own files need {}: connections beyond that wait",
                               connections_max, needed),
                   cure + "; or lower HTTP_CONNECTIONS_MAX");
  }
  return good(what);
}

Finding check_webhook_door(const config::Settings& settings) {
  if (is_open_to_all(settings)) {
    return warning(fmt::format("HOST={}: neither tokens nor addresses are asked for", settings.host),
                   "anyone who reaches this port can post events",
                   "Set WEBHOOK_TOKENS or WEBHOOK_ALLOW (docs/security-intake.md), or HOST=127.0.0.1");
  }
  if (!settings.webhook_tokens_file.empty()) {
    const auto read = intake::TokenFile(settings.webhook_tokens_file).read_if_changed();
    if (!read) return failure(read.error(), "the service cannot start; one that runs goes on with the tokens it has");
  }
  if (is_loopback(settings.host)) return good(fmt::format("HOST={}: this machine alone reaches it", settings.host));
  const bool tokens = !settings.webhook_tokens.empty() || !settings.webhook_tokens_file.empty();
  if (!tokens) return good("addresses are asked for");
  return good(settings.webhook_allow.empty() ? "tokens are asked for" : "tokens and addresses are asked for");
}

namespace {

// The room in a folder that cannot be written is not asked for: one fault, told once.
std::vector<Step> folder_steps(const config::Settings& settings) {
  const auto fails = std::make_shared<bool>(false);  // of one group: one thread's
  return {{"data-folder",
           [folder = settings.data_dir, fails] {
             Finding found = check_data_folder(folder);
             *fails = found.state == CheckState::fail;
             return found;
           },
           false},
          {"disk",
           [folder = settings.data_dir, reserve = settings.disk_reserve, fails] {
             return *fails ? barred("needs `data-folder`") : check_disk(folder, reserve);
           },
           false}};
}

}  // namespace

Group machine_group(const config::Settings& settings) {
  const auto connections = static_cast<std::uint64_t>(settings.http_connections_max);
  Group group{"machine", {}};
  group.steps.push_back({"clock", &check_clock, false});
  for (Step& step : folder_steps(settings)) group.steps.push_back(std::move(step));
  group.steps.push_back({"open-files", [connections] { return check_open_files(connections); }, false});
  for (Step& step : port_steps(settings)) group.steps.push_back(std::move(step));
  group.steps.push_back({"webhook-door", [settings] { return check_webhook_door(settings); }, false});
  if (!settings.tls_cert_file.empty()) {
    const http::TlsFiles files{settings.tls_cert_file, settings.tls_key_file};
    group.steps.push_back(
        {"certificate", [files] { return check_certificate(files, base::system_clock().now()); }, false});
  }
  return group;
}

}  // namespace twinshift::app
