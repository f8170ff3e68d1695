#include "warehouse/drivers/redshift_data/reading_statement.hpp"

#include <algorithm>

#include "warehouse/table_name.hpp"

namespace twinshift::warehouse {
namespace {

std::unexpected<base::Error> refuse(std::string message) {
  return base::fail(base::ErrorKind::invalid, std::move(message), "query", "Give one SELECT; it is only read");
}

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// Walks over the tokens that matter: words, and single characters that are no blank, comment or quoted text.
class Scanner {
 public:
  explicit Scanner(std::string_view sql) : sql_(sql) {}

  // The next word (small letters) or character; empty at the end.
  std::string next() {
    skip_blanks();
    begin_ = at_;
    if (at_ >= sql_.size()) return {};
    const char c = sql_[at_];
    if (c == '\'' || c == '"') return quoted(c);
    if (!is_word_character(c)) return std::string(1, sql_[at_++]);
    while (at_ < sql_.size() && is_word_character(sql_[at_])) ++at_;
    return lower_name(sql_.substr(begin_, at_ - begin_));
  }
  // Where the last token begins.
  [[nodiscard]] std::size_t begin() const { return begin_; }
  // A quote or a comment without an end.
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  void skip_blanks() {
    for (;;) {
      at_ = std::min(sql_.find_first_not_of(" \t\r\n\f\v", at_), sql_.size());
      const std::string_view rest = sql_.substr(at_);
      if (rest.starts_with("--")) {
        at_ = std::min(sql_.find('\n', at_), sql_.size());
      } else if (rest.starts_with("/*")) {
        skip_comment();
      } else {
        return;
      }
    }
  }

  // They nest.
  void skip_comment() {
    int depth = 0;
    while (at_ < sql_.size()) {
      const std::string_view rest = sql_.substr(at_);
      const int step = rest.starts_with("/*") ? 1 : rest.starts_with("*/") ? -1 : 0;
      depth += step;
      at_ += step == 0 ? 1 : 2;
      if (depth == 0) return;
    }
    broken_ = true;
  }

  std::string quoted(char quote) {
    for (++at_; at_ < sql_.size(); ++at_) {
      if (sql_[at_] == '\\' && quote == '\'') {
        ++at_;
      } else if (sql_[at_] == quote) {
        ++at_;
        return std::string(1, quote);
      }
    }
    broken_ = true;
    at_ = sql_.size();
    return std::string(1, quote);
  }

  std::string_view sql_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;
  bool broken_ = false;
};

}  // namespace

base::Result<std::string> reading_statement(std::string_view sql) {
  if (sql.find('\0') != std::string_view::npos) return refuse("the statement holds a NUL");
  Scanner scanner(sql);
  std::string token = scanner.next();
  while (token == "(") token = scanner.next();
  if (token != "select" && token != "with") return refuse("the statement does not begin with SELECT or WITH");
  for (token = scanner.next(); !token.empty() && token != ";"; token = scanner.next()) {
    if (token == "into") return refuse("SELECT INTO makes a table");
    // Its text would be read in another way than here.
    if (token == "$") return refuse("the statement holds a dollar sign outside quotes");
  }
  const std::size_t end = scanner.begin();
  if (token == ";" && !scanner.next().empty()) return refuse("the statement is more than one");
  if (scanner.broken()) return refuse("a quotation mark or a comment in the statement has no end");
  return std::string(sql.substr(0, end));
}

}  // namespace twinshift::warehouse
