#include "event/json_scan.hpp"

#include <bit>
#include <cstring>
#include <utility>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "event/json_string.hpp"

namespace twinshift::event {
namespace {

// Which of the open containers are objects: one bit a level, the first levels without touching the heap.
class BitStack {
 public:
  void push(bool bit) {
    const std::size_t word = depth_ / 64;
    if (word >= kInlineWords && word - kInlineWords == overflow_.size()) overflow_.push_back(0);
    std::uint64_t& bits = at(word);
    const std::uint64_t mask = std::uint64_t{1} << (depth_ % 64);
    bits = bit ? bits | mask : bits & ~mask;
    ++depth_;
  }
  void pop() { --depth_; }
  bool top() { return (at((depth_ - 1) / 64) >> ((depth_ - 1) % 64) & 1) != 0; }
  std::size_t depth() const { return depth_; }

 private:
  static constexpr std::size_t kInlineWords = 4;
  std::uint64_t& at(std::size_t word) { return word < kInlineWords ? inline_[word] : overflow_[word - kInlineWords]; }

  std::array<std::uint64_t, kInlineWords> inline_{};
  std::vector<std::uint64_t> overflow_;
  std::size_t depth_ = 0;
};

struct StringFacts {
  bool escaped = false;
  bool nul = false;
  bool lone_surrogate = false;
};

class NoSink {
 public:
  void open(ValueKind /*kind*/, std::size_t /*at*/) {}
  void close(std::size_t /*end*/) {}
  void string(std::size_t /*begin*/, std::size_t /*end*/, StringFacts /*facts*/) {}
  void key(std::size_t /*begin*/, std::size_t /*end*/, StringFacts /*facts*/) {}
  void scalar(ValueKind /*kind*/, std::size_t /*begin*/, std::size_t /*end*/) {}
};

class TapeSink {
 public:
  explicit TapeSink(Tape& tape) : tape_(tape) {
    tape_.nodes.clear();
    tape_.too_deep = tape_.nul = tape_.lone_surrogate = false;
  }

  void open(ValueKind kind, std::size_t at) {
    scalar(kind, at, at);
    if (++depth_ > kDepthMax) {
      tape_.too_deep = true;
    } else {
      open_[depth_ - 1] = static_cast<std::uint32_t>(tape_.nodes.size() - 1);
    }
  }
  void close(std::size_t end) {
    if (depth_-- > kDepthMax) return;
    TapeNode& node = tape_.nodes[open_[depth_]];
    node.length = static_cast<std::uint32_t>(end) - node.begin;
    node.next = static_cast<std::uint32_t>(tape_.nodes.size());
  }
  void key(std::size_t begin, std::size_t end, StringFacts facts) {
    note(facts);
    if (depth_ <= kDepthMax) add(ValueKind::text, begin, end, facts.escaped);
  }
  void string(std::size_t begin, std::size_t end, StringFacts facts) {
    note(facts);
    if (depth_ > kDepthMax) return;
    count_one();
    add(ValueKind::text, begin, end, facts.escaped);
  }
  void scalar(ValueKind kind, std::size_t begin, std::size_t end) {
    if (depth_ > kDepthMax) return;
    count_one();
    add(kind, begin, end, false);
  }

 private:
  static constexpr std::size_t kDepthMax = kNestingMax;

  void note(StringFacts facts) {
    tape_.nul |= facts.nul;
    tape_.lone_surrogate |= facts.lone_surrogate;
  }
  void count_one() {
    if (depth_ > 0) ++tape_.nodes[open_[depth_ - 1]].count;
  }
  void add(ValueKind kind, std::size_t begin, std::size_t end, bool escaped) {
    const auto next = static_cast<std::uint32_t>(tape_.nodes.size() + 1);
    tape_.nodes.push_back(
        {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end - begin), next, 0, kind, escaped});
  }

  Tape& tape_;
  std::array<std::uint32_t, kDepthMax> open_{};  // the open containers' nodes
  std::size_t depth_ = 0;
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// The first byte of a string that needs a look: quote, backslash, control character or not ASCII.
const char* skip_plain(const char* at, const char* end) {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i control_max = _mm_set1_epi8(0x1F);
  while (end - at >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i special = _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash));
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, control_max), bytes);
    // A byte's highest bit says "look": set by both comparisons, and by a byte beyond ASCII itself.
    const int look = _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(special, control), bytes));
    if (look != 0) return at + std::countr_zero(static_cast<unsigned>(look));
    at += 16;
  }
#endif
  while (at != end) {
    const auto c = static_cast<unsigned char>(*at);
    if (c == '"' || c == '\\' || c < 0x20 || c >= 0x80) break;
    ++at;
  }
  return at;
}

template <class Sink>
class Scanner {
 public:
  Scanner(std::string_view json, Sink sink)
      : begin_(json.data()), at_(begin_), end_(begin_ + json.size()), sink_(std::move(sink)) {}

  std::optional<ScanError> run() {
    if (!start() || !walk() || !finish()) return error_;
    return std::nullopt;
  }

 private:
  bool start() {
    if (static_cast<std::size_t>(end_ - begin_) > kScanBytesMax) return refuse("the text is too long");
    skip_space();
    if (at_ == end_) return refuse("the text is empty");
    if (*at_ != '{') return refuse("the text is not an object");
    error_.is_object = true;
    open(true);
    return true;
  }

  bool finish() {
    skip_space();
    return at_ == end_ || refuse("there is more text behind the object");
  }

  bool walk() {
    bool first = true;  // nothing read yet in the innermost container
    bool behind_value = false;
    while (levels_.depth() > 0) {
      skip_space();
      if (at_ == end_) return refuse("the text ends inside an object or array");
      if ((first || behind_value) && *at_ == (in_object_ ? '}' : ']')) {
        close();
        first = false;
        behind_value = true;
      } else if (behind_value) {
        if (*at_ != ',') return refuse("a comma or a closing bracket is missing");
        ++at_;
        behind_value = false;
      } else {
        if (in_object_ && !key()) return false;
        if (!value()) return false;
        first = opened_;
        behind_value = !opened_;
      }
    }
    return true;
  }

  bool key() {
    if (*at_ != '"') return refuse("a key is missing");
    const char* const begin = at_ + 1;
    StringFacts facts;
    if (!string(facts)) return false;
    sink_.key(offset(begin), offset(at_ - 1), facts);
    skip_space();
    if (at_ == end_ || *at_ != ':') return refuse("a colon is missing");
    ++at_;
    skip_space();
    return at_ != end_ || refuse("a value is missing");
  }

  bool value() {
    opened_ = false;
    const char* const begin = at_;
    switch (*at_) {
      case '"': {
        StringFacts facts;
        if (!string(facts)) return false;
        sink_.string(offset(begin + 1), offset(at_ - 1), facts);
        return true;
      }
      case '{':
      case '[':
        opened_ = true;
        open(*at_ == '{');
        return true;
      case 't':
        return literal("true", ValueKind::boolean);
      case 'f':
        return literal("false", ValueKind::boolean);
      case 'n':
        return literal("null", ValueKind::null);
      default:
        return number();
    }
  }

  bool literal(std::string_view word, ValueKind kind) {
    if (static_cast<std::size_t>(end_ - at_) < word.size() || std::memcmp(at_, word.data(), word.size()) != 0) {
      return refuse("a value is misspelt");
    }
    sink_.scalar(kind, offset(at_), offset(at_ + word.size()));
    at_ += word.size();
    return true;
  }

  bool number() {
    const char* const begin = at_;
    if (*at_ == '-') ++at_;
    if (at_ == end_ || !is_digit(*at_)) return refuse("a value is missing or misspelt");
    if (*at_ == '0') {
      ++at_;
    } else {
      skip_digits();
    }
    if (at_ != end_ && *at_ == '.') {
      ++at_;
      if (!digits()) return false;
    }
    if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
      ++at_;
      if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
      if (!digits()) return false;
    }
    sink_.scalar(ValueKind::number, offset(begin), offset(at_));
    return true;
  }

  bool digits() {
    if (at_ == end_ || !is_digit(*at_)) return refuse("a digit is missing in a number");
    skip_digits();
    return true;
  }
  void skip_digits() {
    while (at_ != end_ && is_digit(*at_)) ++at_;
  }

  // From the opening quote to behind the closing one.
  bool string(StringFacts& facts) {
    ++at_;
    for (;;) {
      at_ = skip_plain(at_, end_);
      if (at_ == end_) return refuse("the text ends inside a string");
      const auto c = static_cast<unsigned char>(*at_);
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c == '\\') {
        facts.escaped = true;
        if (!escape(facts)) return false;
      } else if (c < 0x20) {
        return refuse("a control character in a string is not escaped");
      } else if (!beyond_ascii()) {
        return false;
      }
    }
  }

  bool beyond_ascii() {
    while (at_ != end_ && static_cast<unsigned char>(*at_) >= 0x80) {
      const std::size_t length = utf8_sequence_length(at_, end_);
      if (length == 0) return refuse("a string is not valid UTF-8");
      at_ += length;
    }
    return true;
  }

  bool escape(StringFacts& facts) {
    if (end_ - at_ < 2) return refuse("the text ends inside a string");
    switch (at_[1]) {
      case '"':
      case '\\':
      case '/':
      case 'b':
      case 'f':
      case 'n':
      case 'r':
      case 't':
        at_ += 2;
        return true;
      case 'u':
        return unicode_escape(facts);
      default:
        return refuse("a string has an unknown escape");
    }
  }

  // Four hex digits behind "\u" at `at`, -1 where they are not there.
  int escaped_unit(const char* at) const { return end_ - at >= 6 && at[0] == '\\' && at[1] == 'u' ? hex4(at + 2) : -1; }

  bool unicode_escape(StringFacts& facts) {
    const int unit = escaped_unit(at_);
    if (unit < 0) return refuse("a \\u escape has not four hex digits");
    at_ += 6;
    if (unit == 0) facts.nul = true;
    if (unit < 0xD800 || unit > 0xDFFF) return true;
    const int second = unit <= 0xDBFF ? escaped_unit(at_) : -1;
    if (second >= 0xDC00 && second <= 0xDFFF) {
      at_ += 6;
    } else {
      facts.lone_surrogate = true;
    }
    return true;
  }

  void open(bool object) {
    sink_.open(object ? ValueKind::object : ValueKind::array, offset(at_));
    levels_.push(object);
    in_object_ = object;
    ++at_;
  }
  void close() {
    ++at_;
    sink_.close(offset(at_));
    levels_.pop();
    in_object_ = levels_.depth() > 0 && levels_.top();
  }

  void skip_space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) ++at_;
  }
  std::size_t offset(const char* at) const { return static_cast<std::size_t>(at - begin_); }
  bool refuse(std::string_view what) {
    error_.what = what;
    error_.at = offset(at_);
    return false;
  }

  const char* const begin_;
  const char* at_;
  const char* const end_;
  Sink sink_;
  BitStack levels_;
  bool in_object_ = false;
  bool opened_ = false;  // the last value was an opening bracket
  ScanError error_;
};

}  // namespace

std::optional<ScanError> scan_object(std::string_view json) {
  return Scanner(json, NoSink()).run();
}

std::optional<ScanError> scan_object(std::string_view json, Tape& tape) {
  return Scanner(json, TapeSink(tape)).run();
}

}  // namespace twinshift::event
