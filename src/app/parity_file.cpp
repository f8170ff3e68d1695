#include "app/parity_file.hpp"

#include <array>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <unistd.h>

#include <fmt/format.h>

#include "base/fnv1a.hpp"

namespace twinshift::app {
namespace {

constexpr const char* kName = "parity.txt";
constexpr const char* kWritten = "twinshift parity 1\npair %16s\nequal-at-us %" PRId64 "\nup-to-us %" PRId64
                                 "\nothers-oldest-us %" PRId64 "\nexcept %" PRIu64 "\n";
constexpr const char* kRead = "twinshift parity 1\npair %16[0-9a-f]\nequal-at-us %" SCNd64 "\nup-to-us %" SCNd64
                              "\nothers-oldest-us %" SCNd64 "\nexcept %" SCNu64 "\n";
constexpr int kFields = 5;

base::WallTime time_of(std::int64_t microseconds) {
  return base::WallTime(std::chrono::microseconds(microseconds));
}

std::int64_t number_of(base::WallTime time) {
  return time.time_since_epoch().count();
}

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
      std::fprintf(file.get(), kWritten, parity.pair.c_str(), number_of(parity.equal_at), number_of(parity.up_to),
                   number_of(parity.others_oldest.value_or(base::WallTime{})), parity.except) > 0 &&
      std::fflush(file.get()) == 0 && ::fsync(::fileno(file.get())) == 0;
  if (!written) return failed(beside);
  file.reset();
  if (std::rename(beside.c_str(), path.c_str()) != 0) return failed(path);
  return {};
}

std::string pair_of(const config::Settings& settings) {
  // A change is to be seen, nobody attacks it.
  std::uint64_t hash = base::kFnv1aBegin;
  const auto add = [&hash](const std::string& text) { hash = base::fnv1a(text + '\n', hash); };
  add(settings.primary.shown);
  add(settings.primary.table);
  if (settings.secondary) add(settings.secondary->shown);
  if (settings.secondary) add(settings.secondary->table);
  return fmt::format("{:016x}", hash);
}

std::optional<KeptParity> kept_parity(const std::filesystem::path& folder, const std::string& pair,
                                      base::WallTime now) {
  const File file(std::fopen((folder / kName).c_str(), "re"));
  if (!file) return std::nullopt;
  std::array<char, 17> digits{};
  std::int64_t equal_at = 0;
  std::int64_t up_to = 0;
  std::int64_t others = 0;
  std::uint64_t except = 0;
  if (std::fscanf(file.get(), kRead, digits.data(), &equal_at, &up_to, &others, &except) != kFields) {
    return std::nullopt;
  }
  if (pair != digits.data() || equal_at <= 0 || up_to <= 0 || up_to > equal_at || time_of(equal_at) > now) {
    return std::nullopt;
  }
  KeptParity kept{.pair = pair, .equal_at = time_of(equal_at), .up_to = time_of(up_to), .except = except};
  if (others != 0) kept.others_oldest = time_of(others);
  return kept;
}

}  // namespace twinshift::app
