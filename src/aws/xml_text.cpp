#include "aws/xml_text.hpp"

#include <charconv>
#include <cstdint>
#include <vector>

#include "aws/plain_text.hpp"

namespace twinshift::aws {
namespace {

std::vector<std::string_view> segments(std::string_view path) {
  std::vector<std::string_view> parts;
  for (std::size_t end = 0; (end = path.find('/')) != std::string_view::npos; path.remove_prefix(end + 1)) {
    parts.push_back(path.substr(0, end));
  }
  parts.push_back(path);
  return parts;
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | (code >> 6));
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3F));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

// "#65" or "#x41", without '&' and ';'.
bool append_numbered(std::string& out, std::string_view name) {
  name.remove_prefix(1);
  const int base = name.starts_with('x') ? 16 : 10;
  if (base == 16) name.remove_prefix(1);
  std::uint32_t code = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), code, base);
  if (name.empty() || error != std::errc() || end != name.data() + name.size()) return false;
  if (code == 0 || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return false;
  append_utf8(out, code);
  return true;
}

bool append_entity(std::string& out, std::string_view name) {
  struct Named {
    std::string_view name;
    char value;
  };
  constexpr Named kNamed[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
  if (name.starts_with('#')) return append_numbered(out, name);
  for (const Named& known : kNamed) {
    if (known.name != name) continue;
    out += known.value;
    return true;
  }
  return false;
}

class Reader {
 public:
  Reader(std::string_view xml, std::string_view path) : rest_(xml), path_(segments(path)) {
    if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
  }

  std::optional<std::string> find() {
    while (!done_ && !rest_.empty()) {
      if (!(rest_.front() == '<' ? take_markup() : take_text())) return std::nullopt;
    }
    if (!done_) return std::nullopt;
    return std::move(text_);
  }

 private:
  [[nodiscard]] bool wanted() const { return matched_ == path_.size() && open_.size() == matched_; }

  bool take_text() {
    const std::string_view text = rest_.substr(0, rest_.find('<'));
    rest_.remove_prefix(text.size());
    return !wanted() || append_decoded(text);
  }

  bool append_decoded(std::string_view text) {
    while (!text.empty()) {
      const std::size_t plain = text.find('&');
      text_ += text.substr(0, plain);
      if (plain == std::string_view::npos) return true;
      const std::size_t end = text.find(';', plain);
      if (end == std::string_view::npos || !append_entity(text_, text.substr(plain + 1, end - plain - 1))) return false;
      text.remove_prefix(end + 1);
    }
    return true;
  }

  // Gives what stands between `open` (which the rest begins with) and `close`, and goes past both.
  std::optional<std::string_view> take_between(std::string_view open, std::string_view close) {
    const std::size_t end = rest_.find(close, open.size());
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view inner = rest_.substr(open.size(), end - open.size());
    rest_.remove_prefix(end + close.size());
    return inner;
  }

  bool take_markup() {
    constexpr std::string_view kCdata = "<![CDATA[";
    if (rest_.starts_with("<?")) return take_between("<?", "?>").has_value();
    if (rest_.starts_with("<!--")) return take_between("<!--", "-->").has_value();
    if (rest_.starts_with(kCdata)) {
      const auto text = take_between(kCdata, "]]>");
      if (text && wanted()) text_ += *text;
      return text.has_value();
    }
    if (rest_.starts_with("<!")) return false;  // a document type could define entities without end
    if (rest_.starts_with("</")) return take_end();
    return take_start();
  }

  bool take_end() {
    const auto inner = take_between("</", ">");
    if (!inner || open_.empty() || trimmed(*inner) != open_.back()) return false;
    close();
    return true;
  }

  void close() {
    if (wanted()) done_ = true;
    if (matched_ == open_.size()) --matched_;
    open_.pop_back();
  }

  // The index of the '>' that ends the tag which the rest begins with; quoted values may hold '>'.
  [[nodiscard]] std::size_t end_of_tag() const {
    char quote = 0;
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      const char c = rest_[i];
      if (quote != 0) {
        if (c == quote) quote = 0;
      } else if (c == '"' || c == '\'') {
        quote = c;
      } else if (c == '>') {
        return i;
      }
    }
    return std::string_view::npos;
  }

  bool take_start() {
    const std::size_t end = end_of_tag();
    if (end == std::string_view::npos || open_.size() == kXmlDepthMax) return false;
    std::string_view tag = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    const bool empty = tag.ends_with('/');
    if (empty) tag.remove_suffix(1);
    std::size_t length = 0;
    while (length < tag.size() && !is_blank(tag[length])) ++length;
    const std::string_view name = tag.substr(0, length);
    if (name.empty()) return false;
    if (matched_ == open_.size() && matched_ < path_.size() && path_[matched_] == without_prefix(name)) ++matched_;
    open_.push_back(name);
    if (empty) close();
    return true;
  }

  static std::string_view without_prefix(std::string_view name) {
    const std::size_t colon = name.find(':');
    return colon == std::string_view::npos ? name : name.substr(colon + 1);
  }

  std::string_view rest_;
  const std::vector<std::string_view> path_;
  std::vector<std::string_view> open_;  // at most kXmlDepthMax
  std::size_t matched_ = 0;             // as many of open_, from the root, are path_'s
  std::string text_;
  bool done_ = false;
};

}  // namespace

std::optional<std::string> xml_text(std::string_view xml, std::string_view path) {
  if (xml.size() > kXmlBytesMax) return std::nullopt;
  return Reader(xml, path).find();
}

}  // namespace twinshift::aws
