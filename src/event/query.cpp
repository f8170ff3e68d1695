#include <algorithm>

#include <fmt/format.h>

#include "base/json_text.hpp"
#include "event/event.hpp"
#include "event/json_string.hpp"

namespace twinshift::event {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// '+' is a blank; "%41" is 'A'; a percent sign without two hex digits stays.
void decode_percent(std::string_view text, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high >= 0 && low >= 0) {
        out += static_cast<char>(high * 16 + low);
        i += 2;
        continue;
      }
    }
    out += text[i] == '+' ? ' ' : text[i];
  }
}

}  // namespace

base::Result<std::string> object_from_query(std::string_view query) {
  std::string json = "{";
  json.reserve(query.size() * 2 + 2);
  std::string decoded;
  for (std::size_t begin = 0; begin < query.size();) {
    const std::size_t end = std::min(query.find('&', begin), query.size());
    const std::string_view pair = query.substr(begin, end - begin);
    const std::size_t pair_at = begin;
    begin = end + 1;
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    if (json.size() > 1) json += ',';
    for (const bool is_key : {true, false}) {
      const std::string_view part = is_key                             ? pair.substr(0, equals)
                                    : equals == std::string_view::npos ? std::string_view{}
                                                                       : pair.substr(equals + 1);
      decode_percent(part, decoded);
      if (!is_utf8(decoded)) {
        // The message alone is what the sender is told.
        return base::fail(
            base::ErrorKind::invalid,
            fmt::format("The pair at byte {} of the query string is not UTF-8 once decoded: send percent-encoded UTF-8",
                        pair_at),
            "query string");
      }
      base::append_json_string(json, decoded);
      if (is_key) json += ':';
    }
  }
  json += '}';
  return json;
}

}  // namespace twinshift::event
