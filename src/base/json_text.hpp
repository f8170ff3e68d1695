// Writing JSON by hand: quoting one string, and a flat object built field by field. Reading JSON is event/'s and the
// tests' business.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace twinshift::base {

// Appends `text` as a JSON string with its quotes. Bytes that are not valid UTF-8 become U+FFFD, so the result is
// always valid JSON.
void append_json_string(std::string& out, std::string_view text);

// The same as a text of its own.
[[nodiscard]] std::string json_string(std::string_view text);

// {"a":1,"b":"x"}: call add() for each field, then text().
class JsonObject {
 public:
  JsonObject& add(std::string_view key, std::string_view value);
  JsonObject& add(std::string_view key, const char* value) { return add(key, std::string_view(value)); }
  JsonObject& add(std::string_view key, const std::string& value) { return add(key, std::string_view(value)); }
  JsonObject& add(std::string_view key, std::int64_t value);
  JsonObject& add(std::string_view key, int value) { return add(key, static_cast<std::int64_t>(value)); }
  JsonObject& add(std::string_view key, std::uint64_t value);
  JsonObject& add(std::string_view key, bool value);
  // `json` must itself be valid JSON.
  JsonObject& add_raw(std::string_view key, std::string_view json);
  [[nodiscard]] std::string text() const { return text_ + '}'; }

 private:
  void key(std::string_view name);
  std::string text_ = "{";
};

}  // namespace twinshift::base
