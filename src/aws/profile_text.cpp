#include "aws/profile_text.hpp"

#include <optional>
#include <vector>

#include "aws/plain_text.hpp"

namespace twinshift::aws {
namespace {

struct Line {
  std::string_view text;
  std::size_t number = 0;  // from 1
};

// A comment behind a value: '#' or ';' behind white space. (A secret may hold either, but no white space.)
std::string_view without_comment(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if ((text[i] == '#' || text[i] == ';') && is_blank(text[i - 1])) return text.substr(0, i);
  }
  return text;
}

// The words of a header; one in quotes may hold blanks. Nothing where a quote does not end.
std::optional<std::vector<std::string_view>> words_of(std::string_view header) {
  std::vector<std::string_view> words;
  while (!(header = trimmed(header)).empty()) {
    std::size_t end = 0;
    if (header.front() == '"' || header.front() == '\'') {
      end = header.find(header.front(), 1);
      if (end == std::string_view::npos) return std::nullopt;
      words.push_back(header.substr(1, end - 1));
      header.remove_prefix(end + 1);
      continue;
    }
    while (end < header.size() && !is_blank(header[end])) ++end;
    words.push_back(header.substr(0, end));
    header.remove_prefix(end);
  }
  return words;
}

class Parser {
 public:
  Parser(ProfileFile kind, std::string_view where) : kind_(kind), where_(where) {}

  base::Status take(const Line& line) {
    const std::string_view content = trimmed(line.text);
    if (content.empty() || content.front() == '#' || content.front() == ';') return {};
    if (content.front() == '[') return take_header(content, line.number);
    if (is_blank(line.text.front())) return take_indented(content, line.number);
    return take_setting(content, line.number);
  }

  ProfileText finish() {
    if (prefixed_default_) {
      text_.profiles["default"] = std::move(*prefixed_default_);
    }
    return std::move(text_);
  }

 private:
  [[nodiscard]] std::unexpected<base::Error> refuse(std::string_view what, std::size_t number) const {
    return base::fail(base::ErrorKind::invalid,
                      "Line " + std::to_string(number) + " of an AWS file " + std::string(what), std::string(where_),
                      "Mend that line, or name another file by AWS_CONFIG_FILE or "
                      "AWS_SHARED_CREDENTIALS_FILE");
  }

  base::Status take_header(std::string_view content, std::size_t number) {
    const std::size_t end = content.find(']');
    if (end == std::string_view::npos) return refuse("begins a section but has no ']'", number);
    const auto words = words_of(content.substr(1, end - 1));
    if (!words || words->empty()) return refuse("begins a section that has no name", number);
    section_ = section_of(*words);
    setting_.clear();
    in_section_ = true;
    return {};
  }

  // Null: a section that says nothing to us (another kind, or a name with blanks); its lines are passed over.
  Section* section_of(const std::vector<std::string_view>& words) {
    const std::string name(words.back());
    if (kind_ == ProfileFile::credentials) return words.size() == 1 ? &text_.profiles[name] : nullptr;
    if (words.size() == 1) return name == "default" ? &text_.profiles[name] : nullptr;
    if (words.size() != 2) return nullptr;
    if (words.front() == "services") return &text_.services[name];
    if (words.front() != "profile") return nullptr;
    if (name != "default") return &text_.profiles[name];
    if (!prefixed_default_) prefixed_default_.emplace();
    return &*prefixed_default_;
  }

  base::Status take_setting(std::string_view content, std::size_t number) {
    if (!in_section_) return refuse("stands before the first [section]", number);
    const std::size_t equals = content.find('=');
    if (equals == std::string_view::npos) return refuse("is neither [section] nor name = value", number);
    const std::string name = lower(trimmed(content.substr(0, equals)));
    if (name.empty()) return refuse("has no name before its '='", number);
    setting_ = name;
    if (section_ != nullptr) {
      section_->settings[name] = trimmed(without_comment(content.substr(equals)).substr(1));
    }
    return {};
  }

  // Below `name =` a setting of its own; below `name = value` more of that value.
  base::Status take_indented(std::string_view content, std::size_t number) {
    if (!in_section_ || setting_.empty()) return refuse("is indented, but stands below no setting", number);
    if (section_ == nullptr) return {};
    std::string& above = section_->settings[setting_];
    if (!above.empty()) {
      above += '\n';
      above += content;
      return {};
    }
    const std::size_t equals = content.find('=');
    const std::string name = lower(trimmed(content.substr(0, equals)));
    if (equals == std::string_view::npos || name.empty()) return refuse("is indented and not name = value", number);
    section_->nested[setting_][name] = trimmed(without_comment(content.substr(equals)).substr(1));
    return {};
  }

  const ProfileFile kind_;
  const std::string_view where_;
  ProfileText text_;
  std::optional<Section> prefixed_default_;  // of [profile default]
  Section* section_ = nullptr;               // into text_'s maps, whose elements do not move
  std::string setting_;                      // the last one; empty directly below a header
  bool in_section_ = false;
};

}  // namespace

std::string Section::get(std::string_view name) const {
  const auto found = settings.find(name);
  return found == settings.end() ? std::string() : found->second;
}

base::Result<ProfileText> parse_profile_text(std::string_view text, ProfileFile kind, std::string_view where) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  Parser parser(kind, where);
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.empty()) continue;
    if (auto taken = parser.take({line, number}); !taken) return base::fail(std::move(taken.error()));
  }
  return parser.finish();
}

}  // namespace twinshift::aws
