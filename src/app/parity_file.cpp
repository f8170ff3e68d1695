#include "app/parity_file.hpp"

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <unistd.h>

namespace twinshift::app {
namespace {

constexpr const char* kName = "parity.txt";
constexpr const char* kFormat = "twinshift parity 1\nequal-at-us %" PRId64 "\nexcept %" PRIu64 "\n";

struct Closer {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Closer>;

base::Status failed(const std::filesystem::path& path) {
  const int code = errno;
  return base::fail(base::ErrorKind::unavailable,
                    std::string("what the audit has proved could not be kept: ") + std::strerror(code), path.string(),
                    "Is the disk full? After a restart parity counts from the next audit");
}

}  // namespace

base::Status keep_parity(const std::filesystem::path& folder, const KeptParity& parity) {
  const std::filesystem::path path = folder / kName;
  const std::filesystem::path beside = path.string() + ".new";
  File file(std::fopen(beside.c_str(), "we"));
  if (!file) return failed(beside);
  const bool written =
      std::fprintf(file.get(), kFormat, parity.equal_at.time_since_epoch().count(), parity.except) > 0 &&
      std::fflush(file.get()) == 0 && ::fsync(::fileno(file.get())) == 0;
  if (!written) return failed(beside);
  file.reset();
  if (std::rename(beside.c_str(), path.c_str()) != 0) return failed(path);
  return {};
}

std::optional<KeptParity> kept_parity(const std::filesystem::path& folder) {
  const File file(std::fopen((folder / kName).c_str(), "re"));
  if (!file) return std::nullopt;
  std::int64_t at = 0;
  std::uint64_t except = 0;
  if (std::fscanf(file.get(), kFormat, &at, &except) != 2 || at <= 0) return std::nullopt;
  return KeptParity{base::WallTime(std::chrono::microseconds(at)), except};
}

}  // namespace twinshift::app
