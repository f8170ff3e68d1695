#include "app/backup_manifest.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "base/descriptor.hpp"
#include "base/sha256.hpp"

namespace twinshift::app {
namespace {

using base::ErrorKind;

constexpr std::string_view kHead = "twinshift backup 1\n";
constexpr std::string_view kAnyHead = "twinshift backup ";
constexpr std::string_view kSum = "sum ";
constexpr std::size_t kHexDigits = 64;
constexpr std::size_t kReadBytes = 1'000'000;

std::unexpected<base::Error> damaged(const char* what) {
  return base::fail(ErrorKind::corrupt, std::string("the list of what is in the backup ") + what, kManifestName,
                    "Use another backup: this one is cut short or was changed");
}

// The word up to the next space, taken off `line`.
std::string_view take_word(std::string_view& line) {
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(line.size(), word.size() + 1));
  return word;
}

// A name that leads out of the backup is none of ours.
bool is_inside(std::string_view name) {
  const std::filesystem::path path(name);
  return !path.empty() && path.is_relative() && std::ranges::find(path, "..") == path.end();
}

std::optional<ManifestFile> parse_file(std::string_view line) {
  ManifestFile file;
  const std::string_view bytes = take_word(line);
  const auto [rest, fault] = std::from_chars(bytes.data(), bytes.data() + bytes.size(), file.bytes);
  file.sha256 = take_word(line);
  file.name = line;
  const bool good = fault == std::errc() && rest == bytes.data() + bytes.size() && file.sha256.size() == kHexDigits &&
                    is_inside(file.name);
  return good ? std::optional(std::move(file)) : std::nullopt;
}

bool take_line(std::string_view line, Manifest& manifest) {
  const std::string_view word = take_word(line);
  if (word == "version") manifest.version = line;
  if (word == "begun") manifest.begun = line;
  if (word == "note") manifest.notes.emplace_back(line);
  if (word != "file") return true;  // of what a later version adds nothing is lost by this one
  auto file = parse_file(line);
  if (file) manifest.files.push_back(std::move(*file));
  return file.has_value();
}

}  // namespace

std::string text_of(const Manifest& manifest) {
  std::string text(kHead);
  text += fmt::format("version {}\nbegun {}\n", manifest.version, manifest.begun);
  for (const std::string& note : manifest.notes) text += fmt::format("note {}\n", note);
  for (const ManifestFile& file : manifest.files) {
    text += fmt::format("file {} {} {}\n", file.bytes, file.sha256, file.name);
  }
  return text + std::string(kSum) + base::to_hex(base::sha256(text)) + '\n';
}

base::Result<Manifest> parse_manifest(std::string_view text) {
  if (!text.starts_with(kHead)) {
    if (!text.starts_with(kAnyHead)) return damaged("is none");
    return base::fail(ErrorKind::conflict, "the backup has a later format", kManifestName,
                      "Check and restore it with the newer twinshift that made it");
  }
  if (!text.ends_with('\n')) return damaged("is cut short");
  const std::size_t last = text.rfind('\n', text.size() - 2) + 1;
  const std::string_view sum = text.substr(last);
  if (!sum.starts_with(kSum) ||
      sum.substr(kSum.size(), sum.size() - kSum.size() - 1) != base::to_hex(base::sha256(text.substr(0, last))))
    return damaged("does not have its own sum");
  Manifest manifest;
  std::string_view lines = text.substr(kHead.size(), last - kHead.size());
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    if (!take_line(lines.substr(0, end), manifest)) return damaged("names a file in no known way");
    lines.remove_prefix(end + 1);
  }
  return manifest;
}

base::Result<Summed> sha256_of(const std::filesystem::path& path,
                               const std::function<base::Status(std::uint64_t)>& after_step) {
  const base::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const auto fault = [&](int why) {
    return base::fail(why == ENOENT ? ErrorKind::not_found : ErrorKind::unavailable,
                      std::string("a file of the backup cannot be read: ") + std::strerror(why), path.string(),
                      "Look at the disk that the backup is on");
  };
  if (file.get() < 0) return fault(errno);
  Summed summed;
  base::Sha256 sum;
  std::string bytes(kReadBytes, '\0');
  for (;;) {
    const ssize_t got = ::read(file.get(), bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fault(errno);
    if (got == 0) break;
    sum.add(std::string_view(bytes).substr(0, static_cast<std::size_t>(got)));
    summed.bytes += static_cast<std::uint64_t>(got);
    if (!after_step) continue;
    if (auto go_on = after_step(static_cast<std::uint64_t>(got)); !go_on) return base::fail(std::move(go_on.error()));
  }
  summed.sha256 = base::to_hex(sum.finish());
  return summed;
}

}  // namespace twinshift::app
