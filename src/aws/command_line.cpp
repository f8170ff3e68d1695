#include "aws/command_line.hpp"

#include <optional>
#include <utility>

#include "aws/plain_text.hpp"

namespace twinshift::aws {
namespace {

std::unexpected<base::Error> refuse(std::string what) {
  return base::fail(base::ErrorKind::invalid, std::move(what), "credential_process",
                    "Write the program's path and its arguments, those with blanks in quotes");
}

class Splitter {
 public:
  explicit Splitter(std::string_view command) : rest_(command) {}

  // False where a quote does not end.
  bool run() {
    while (!rest_.empty()) {
      const char c = take();
      if (c == '\'' || c == '"') {
        if (!take_quoted(c)) return false;
      } else if (c == '\\') {
        if (rest_.empty()) return false;
        put(take());
      } else if (is_blank(c)) {
        end_word();
      } else {
        put(c);
      }
    }
    end_word();
    return true;
  }
  std::vector<std::string> words() { return std::move(words_); }

 private:
  char take() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  void put(char c) {
    if (!word_) word_.emplace();
    *word_ += c;
  }
  void end_word() {
    if (word_) words_.push_back(*std::exchange(word_, std::nullopt));
  }
  bool take_quoted(char quote) {
    if (!word_) word_.emplace();  // "" is a word, an empty one
    while (!rest_.empty()) {
      char c = take();
      if (c == quote) return true;
      const bool escapes = quote == '"' && c == '\\' && (rest_.starts_with('"') || rest_.starts_with('\\'));
      if (escapes) c = take();
      put(c);
    }
    return false;
  }

  std::string_view rest_;
  std::optional<std::string> word_;
  std::vector<std::string> words_;
};

}  // namespace

base::Result<std::vector<std::string>> split_command(std::string_view command) {
  if (command.find('\0') != std::string_view::npos) return refuse("The command holds a zero byte");
  Splitter splitter(command);
  if (!splitter.run()) return refuse("The command's quotes or backslashes do not end");
  std::vector<std::string> words = splitter.words();
  if (words.empty() || words.front().empty()) return refuse("The command is empty");
  if (words.size() > kCommandWordsMax) return refuse("The command has too many words");
  return words;
}

}  // namespace twinshift::aws
