// Any bytes as an AWS file and as an AWS answer. A file that is taken, told again from what was read, reads the same;
// an answer built from the bytes gives the text that stands at each of its paths.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "aws/command_line.hpp"
#include "aws/iso_time.hpp"
#include "aws/profile_text.hpp"
#include "aws/xml_text.hpp"

namespace {

using namespace twinshift::aws;
using namespace std::string_literals;
using namespace std::string_view_literals;

// As many bytes become tokens and elements: each path is looked for in the whole answer.
constexpr std::size_t kBuiltBytesMax = 200;

[[noreturn]] void fail(const char* what, std::string_view text) {
  std::fprintf(stderr, "%s\n%.*s\n", what, static_cast<int>(text.size()), text.data());
  std::abort();
}

std::string spelled(const std::string& name) {
  if (name.find_first_of(" \t\r\f\v") == std::string::npos && !name.empty() && name[0] != '"' && name[0] != '\'') {
    return name;
  }
  const char quote = name.find('"') == std::string::npos ? '"' : '\'';
  return quote + name + quote;
}

void tell(std::string& out, const Section& section) {
  for (const auto& [name, settings] : section.nested) {
    out += name + "=\n";
    for (const auto& [inner, value] : settings) out += " " + inner + "=" + value + "\n";
  }
  for (const auto& [name, value] : section.settings) {
    out += name + "=";
    for (const char c : value) out += c == '\n' ? "\n "s : std::string(1, c);
    out += "\n";
  }
}

std::string told_again(const ProfileText& text, ProfileFile kind) {
  std::string out;
  const std::string prefix = kind == ProfileFile::config ? "profile " : "";
  for (const auto& [name, section] : text.profiles) tell(out += "[" + prefix + spelled(name) + "]\n", section);
  for (const auto& [name, section] : text.services) tell(out += "[services " + spelled(name) + "]\n", section);
  return out;
}

bool same(const Sections& one, const Sections& other) {
  if (one.size() != other.size()) return false;
  for (const auto& [name, section] : one) {
    const auto found = other.find(name);
    if (found == other.end() || found->second.settings != section.settings) return false;
    if (found->second.nested != section.nested) return false;
  }
  return true;
}

void check_file(std::string_view text) {
  for (const ProfileFile kind : {ProfileFile::config, ProfileFile::credentials}) {
    const auto first = parse_profile_text(text, kind, "file");
    if (!first) continue;
    const std::string again = told_again(*first, kind);
    const auto second = parse_profile_text(again, kind, "again");
    if (!second) fail("what was read is refused when told again", again);
    if (!same(first->profiles, second->profiles) || !same(first->services, second->services)) {
      fail("what was read reads otherwise when told again", again);
    }
  }
}

// Tokens that make a file, picked by the bytes.
std::string file_of(std::string_view bytes) {
  constexpr std::string_view kTokens[] = {"[default]\n", "[profile ", "]",    "a",    "b",    " = ",       "=",
                                          "\n",          "\n  ",      " # x", ";",    "\"",   "services ", "s3 =\n",
                                          "'",           "[",         "\t",   "\r\n", "\0"sv, "region"};
  std::string out;
  for (const char c : bytes) out += kTokens[static_cast<unsigned char>(c) % std::size(kTokens)];
  return out;
}

// Elements that the bytes open, fill and close; `texts`: the first text at each path.
struct Built {
  std::string xml = "<r>";
  std::map<std::string, std::string> texts;
};

Built xml_of(std::string_view bytes) {
  Built out;
  struct Open {
    std::string name, path, text;
  };
  std::vector<Open> open{{"r", "r", ""}};
  const auto close = [&] {
    out.xml += "</" + open.back().name + ">";
    out.texts.try_emplace(open.back().path, open.back().text);
    open.pop_back();
  };
  for (const char c : bytes) {
    const unsigned pick = static_cast<unsigned char>(c);
    if (pick % 4 == 0 && open.size() < kXmlDepthMax) {
      const std::string name(1, static_cast<char>('a' + pick / 4 % 3));
      open.push_back({name, open.back().path + "/" + name, ""});
      out.xml += "<" + name + (pick % 8 == 0 ? " x='>/'>" : ">");
    } else if (pick % 4 == 1 && open.size() > 1) {
      close();
    } else if (pick % 4 == 2) {
      out.xml += "&#" + std::to_string(pick % 127 + 1) + ";<!-- <a> --><?p <b> ?>";
      open.back().text += static_cast<char>(pick % 127 + 1);
    } else {
      out.xml += pick > 128 ? "<![CDATA[<&]]>" : "t&lt;";
      open.back().text += pick > 128 ? "<&" : "t<";
    }
  }
  while (!open.empty()) close();
  return out;
}

void check_answer(std::string_view bytes) {
  const Built built = xml_of(bytes);
  for (const auto& [path, text] : built.texts) {
    const auto read = xml_text(built.xml, path);
    if (!read || *read != text) fail(("another text at " + path).c_str(), built.xml);
  }
  if (xml_text(built.xml, "r/none")) fail("a text where there is none", built.xml);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string_view first = bytes.substr(0, kBuiltBytesMax);
  check_file(bytes);
  check_file(file_of(first));
  check_answer(first);
  static_cast<void>(xml_text(bytes, "a/b"));
  static_cast<void>(split_command(bytes));
  static_cast<void>(iso_time(bytes));
  return 0;
}
