#include "config/env_file.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

#include "base/descriptor.hpp"
#include "config/text.hpp"

namespace twinshift::config {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  EnvFile run() {
    if (text_.starts_with(kByteOrderMark)) text_.remove_prefix(kByteOrderMark.size());
    while (!text_.empty()) {
      if (file_.entries.size() + file_.faults.size() >= kEnvEntriesMax) {
        fault({}, fmt::format("the file has more than {} entries", kEnvEntriesMax));
        break;
      }
      read_entry();
    }
    return std::move(file_);
  }

 private:
  // One entry, or a line that is none; afterwards text_ begins at the next line.
  void read_entry() {
    const std::string_view line = text_.substr(0, text_.find('\n'));
    const std::string_view content = trimmed(line);
    if (content.empty() || content.front() == '#') return skip(line.size());
    if (line.size() > kEnvLineBytesMax) {
      fault({}, fmt::format("the line is longer than {} bytes", kEnvLineBytesMax));
      return skip(line.size());
    }
    const std::size_t equals = line.find('=');
    const std::string_view name = name_in(line.substr(0, equals));
    if (equals == std::string_view::npos || !is_word(name)) {
      fault({}, "is no NAME=value line");
      return skip(line.size());
    }
    const std::size_t begin = skip_blanks(line, equals + 1);
    const char first = begin < line.size() ? line[begin] : '\0';
    if (first == '"' || first == '\'' || first == '`') return read_quoted(name, begin, first);
    read_plain(name, line.substr(equals + 1));
    skip(line.size());
  }

  static std::string_view name_in(std::string_view before_equals) {
    constexpr std::string_view kExport = "export";
    std::string_view name = trimmed(before_equals);
    if (name.starts_with(kExport) && name.size() > kExport.size() && is_blank(name[kExport.size()])) {
      name = trimmed(name.substr(kExport.size()));
    }
    return name;
  }

  static std::size_t skip_blanks(std::string_view line, std::size_t at) {
    while (at < line.size() && is_blank(line[at])) ++at;
    return at;
  }

  void read_plain(std::string_view name, std::string_view value) {
    std::size_t end = 0;
    while (end < value.size() && !(value[end] == '#' && (end == 0 || is_blank(value[end - 1])))) ++end;
    const std::string_view plain = trimmed(value.substr(0, end));
    if (plain.find('#') != std::string_view::npos) {
      file_.warnings.push_back({line_, std::string(name),
                                "has a # within its value, which is taken as a part of it; put the value in quotes, or "
                                "white space before the # where a comment begins"});
    }
    add(name, std::string(plain));
  }

  void read_quoted(std::string_view name, std::size_t begin, char quote) {
    // The bound keeps a file full of open quotes from being read through for each of them.
    const std::string_view body = text_.substr(begin + 1, kEnvLineBytesMax);
    const std::size_t end = closing(body, quote);
    if (end == std::string_view::npos) {
      fault(name, fmt::format("has a quote that is not closed within {} bytes", kEnvLineBytesMax));
      return skip(text_.substr(0, text_.find('\n')).size());
    }
    const std::size_t after = begin + 1 + end + 1;
    const std::string_view rest = text_.substr(after, text_.substr(after).find('\n'));
    const std::string_view comment = trimmed(rest);
    if (!comment.empty() && comment.front() != '#') {
      fault(name, "has text after its closing quote");
    } else {
      add(name, quote == '"' ? unescaped(body.substr(0, end)) : std::string(body.substr(0, end)));
    }
    skip(after + rest.size());
  }

  static std::size_t closing(std::string_view body, char quote) {
    for (std::size_t i = 0; i < body.size(); ++i) {
      if (body[i] == quote) return i;
      // dotenv knows no \\: a backslash only keeps a double quote from closing.
      if (quote == '"' && body[i] == '\\' && i + 1 < body.size() && body[i + 1] == '"') ++i;
    }
    return std::string_view::npos;
  }

  static std::string unescaped(std::string_view body) {
    std::string value;
    for (std::size_t i = 0; i < body.size(); ++i) {
      const char next = body[i] == '\\' && i + 1 < body.size() ? body[i + 1] : '\0';
      if (next != 'n' && next != 'r' && next != '"') {
        value += body[i];
        continue;
      }
      value += next == 'n' ? '\n' : next == 'r' ? '\r' : '"';
      ++i;
    }
    return value;
  }

  void add(std::string_view name, std::string value) {
    file_.entries.push_back({std::string(name), std::move(value), line_});
  }
  void fault(std::string_view name, std::string text) {
    file_.faults.push_back({line_, std::string(name), std::move(text)});
  }

  // Past `size` bytes and the line break that follows them.
  void skip(std::size_t size) {
    const std::string_view passed = text_.substr(0, size);
    line_ += static_cast<std::size_t>(std::ranges::count(passed, '\n')) + 1;
    text_.remove_prefix(std::min(size + 1, text_.size()));
  }

  std::string_view text_;
  std::size_t line_ = 1;
  EnvFile file_;
};

base::Result<std::string> cannot_read(const std::string& path, int error) {
  return base::fail(base::ErrorKind::unavailable, "cannot read it: " + std::generic_category().message(error), path,
                    "Give this user the right to read it, or remove it");
}

}  // namespace

EnvFile parse_env(std::string_view text) {
  return Reader(text).run();
}

base::Result<std::string> read_env_file(const std::string& path) {
  const base::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::string();
    return cannot_read(path, errno);
  }
  struct stat facts{};
  if (::fstat(file.get(), &facts) != 0) return cannot_read(path, errno);
  if (!S_ISREG(facts.st_mode)) {
    return base::fail(base::ErrorKind::invalid, "is no regular file", path, "Put a file with NAME=value lines there");
  }
  std::string text(kEnvFileBytesMax + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + size, text.size() - size);
    if (got == 0) break;
    if (got < 0 && errno != EINTR) return cannot_read(path, errno);
    if (got > 0) size += static_cast<std::size_t>(got);
  }
  if (size > kEnvFileBytesMax) {
    return base::fail(base::ErrorKind::invalid, fmt::format("is larger than {} bytes", kEnvFileBytesMax), path,
                      "Keep only NAME=value lines in it");
  }
  text.resize(size);
  return text;
}

}  // namespace twinshift::config
