#include "app/process_usage.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <sys/resource.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace twinshift::app {
namespace {

// The fields of /proc/self/stat behind the program's name, which may hold blanks: the first one is number 3.
std::vector<std::string> stat_fields() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream rest(line.substr(name_end + 1));
  return {std::istream_iterator<std::string>(rest), {}};
}

std::optional<double> booted_at() {
  std::ifstream file("/proc/stat");
  std::string word;
  while (file >> word) {
    double seconds = 0;
    if (word == "btime" && file >> seconds) return seconds;
  }
  return std::nullopt;
}

bool none_left(const std::error_code& error) {
  return error == std::errc::too_many_files_open || error == std::errc::too_many_files_open_in_system;
}

// Counting them takes one: where none is left, all that `most` allows are open, and that is when it must be told.
std::optional<std::uint64_t> open_files(std::optional<std::uint64_t> most) {
  std::error_code error;
  std::uint64_t count = 0;
  for (auto each = std::filesystem::directory_iterator("/proc/self/fd", error);
       !error && each != std::filesystem::directory_iterator(); each.increment(error)) {
    ++count;
  }
  if (none_left(error)) return most;
  if (error || count == 0) return std::nullopt;
  return count - 1;  // the folder itself was open
}

void read_stat(ProcessUsage& usage) {
  constexpr std::size_t kFirst = 3;
  constexpr std::size_t kUser = 14 - kFirst;
  constexpr std::size_t kSystem = 15 - kFirst;
  constexpr std::size_t kThreads = 20 - kFirst;
  constexpr std::size_t kStart = 22 - kFirst;
  constexpr std::size_t kVirtual = 23 - kFirst;
  constexpr std::size_t kResident = 24 - kFirst;
  const std::vector<std::string> fields = stat_fields();
  if (fields.size() <= kResident) return;
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  usage.cpu_seconds = (std::stod(fields[kUser]) + std::stod(fields[kSystem])) / ticks;
  usage.threads = std::stoull(fields[kThreads]);
  usage.virtual_bytes = std::stoull(fields[kVirtual]);
  usage.resident_bytes = std::stoull(fields[kResident]) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  if (const auto boot = booted_at()) usage.started_at = *boot + std::stod(fields[kStart]) / ticks;
}

}  // namespace

ProcessUsage process_usage() {
  ProcessUsage usage;
  read_stat(usage);
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) usage.open_files_max = limit.rlim_cur;
  usage.open_files = open_files(usage.open_files_max);
  return usage;
}

}  // namespace twinshift::app
