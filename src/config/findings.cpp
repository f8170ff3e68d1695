#include "config/findings.hpp"

#include <algorithm>
#include <utility>

namespace twinshift::config {
namespace {

constexpr std::string_view kNameLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

// The words of `text` that are written as options are.
bool names_one_of(std::string_view text, const OptionNames& options) {
  std::size_t begin = text.find_first_of(kNameLetters);
  while (begin != std::string_view::npos) {
    const std::size_t end = std::min(text.find_first_not_of(kNameLetters, begin), text.size());
    if (options.contains(text.substr(begin, end - begin))) return true;
    begin = text.find_first_of(kNameLetters, end);
  }
  return false;
}

}  // namespace

void Findings::fault(std::string text, std::initializer_list<std::string_view> also) {
  const auto is_unread = [this](std::string_view name) { return unread.contains(name); };
  if (names_one_of(text, unread) || std::ranges::any_of(also, is_unread)) return;
  faults.push_back(std::move(text));
}

}  // namespace twinshift::config
