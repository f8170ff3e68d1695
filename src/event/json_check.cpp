#include "event/json_check.hpp"

#include <bitset>
#include <cstddef>
#include <optional>

#include "event/decimal.hpp"
#include "event/event.hpp"

namespace twinshift::event {
namespace {

class Checker {
 public:
  explicit Checker(std::string_view text) : text_(text) {}

  JsonCheck run() {
    JsonCheck check;
    skip_blanks();
    check.first = peek();
    check.valid = walk() && (skip_blanks(), at_ == text_.size());
    check.storable = check.valid && storable_;
    check.narrow = check.valid && narrow_;
    return check;
  }

 private:
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  void skip_blanks() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) {
      ++at_;
    }
  }

  // One turn of the loop stands before a value.
  bool walk() {
    for (;;) {
      skip_blanks();
      const char c = peek();
      if (c == '{' || c == '[') {
        if (!open(c == '{')) return false;
        if (!closed_at_once_) continue;
      } else if (!scalar(c)) {
        return false;
      }
      const std::optional<bool> more = after_value();
      if (!more) return false;
      if (!*more) return true;
    }
  }

  bool open(bool object) {
    if (depth_ == kNestingMax) return false;
    ++at_;
    skip_blanks();
    closed_at_once_ = take(object ? '}' : ']');
    if (closed_at_once_) return true;
    objects_[static_cast<std::size_t>(depth_++)] = object;
    return !object || key();
  }

  bool key() {
    skip_blanks();
    if (!string()) return false;
    skip_blanks();
    return take(':');
  }

  // Closes what ends here. True: a further value follows; false: the outermost value is complete; nothing: not JSON.
  std::optional<bool> after_value() {
    while (depth_ > 0) {
      const bool object = objects_[static_cast<std::size_t>(depth_ - 1)];
      skip_blanks();
      if (take(',')) {
        if (object && !key()) return std::nullopt;
        return true;
      }
      if (!take(object ? '}' : ']')) return std::nullopt;
      --depth_;
    }
    return false;
  }

  bool scalar(char c) {
    if (c == '"') return string();
    if (c == 't') return word("true");
    if (c == 'f') return word("false");
    if (c == 'n') return word("null");
    return number();
  }

  bool word(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) return false;
    at_ += expected.size();
    return true;
  }

  bool string() {
    if (!take('"')) return false;
    while (at_ < text_.size()) {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c < 0x20) return false;
      ++at_;
      if (c == '"') return true;
      if (c == '\\' && !escape()) return false;
    }
    return false;
  }

  bool escape() {
    const char c = peek();
    ++at_;
    if (c != 'u') return std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos && c != '\0';
    const int unit = code_unit();
    if (unit < 0) return false;
    if (unit == 0 || (unit >= 0xDC00 && unit <= 0xDFFF)) storable_ = false;
    if (unit >= 0xD800 && unit <= 0xDBFF) low_surrogate();
    return true;
  }

  // The four hexadecimal digits of a \u escape; -1 where they are not.
  int code_unit() {
    int value = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = peek();
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) return -1;
      value = value * 16 + digit;
    }
    return value;
  }

  // After a high surrogate. What does not follow as its low one is read again as text of its own.
  void low_surrogate() {
    const std::size_t start = at_;
    if (take('\\') && take('u')) {
      const int unit = code_unit();
      if (unit >= 0xDC00 && unit <= 0xDFFF) return;
    }
    at_ = start;
    storable_ = false;
  }

  bool number() {
    const std::size_t start = at_;
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      if (!digits()) return false;
    }
    // A short number has no room for sixteen digits or an exponent above 99.
    if (at_ - start <= 4) return true;
    const std::optional<Number> number = Number::parse(text_.substr(start, at_ - start));
    narrow_ = narrow_ && number && survives_double(*number);
    return true;
  }

  bool digits() {
    const std::size_t start = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    return at_ > start;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::bitset<kNestingMax> objects_;
  int depth_ = 0;
  bool closed_at_once_ = false;
  bool storable_ = true;
  bool narrow_ = true;
};

}  // namespace

JsonCheck check_json(std::string_view text) {
  return Checker(text).run();
}

}  // namespace twinshift::event
