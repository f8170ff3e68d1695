#include "config/token_list.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "config/text.hpp"

namespace twinshift::config {
namespace {

constexpr std::string_view kBearer = "bearer";
constexpr std::string_view kHint =
    "Write app_id=token, or token alone; letters, digits, space, tab, - _ . as AppsFlyer "
    "takes them (base64's + / = it does not)";

bool is_token_character(char c) {
  return is_word_character(c) || c == '-' || c == '.' || c == ' ' || c == '\t';
}
bool is_app_character(char c) {
  return is_word_character(c) || c == '-' || c == '.';
}

// What is wrong with it; empty: nothing.
std::string_view fault_of(const AppToken& entry) {
  if (entry.token.empty()) return "has no token";
  if (entry.token.size() > kTokenBytesMax) return "is longer than the 2,000 characters that AppsFlyer takes";
  if (!std::ranges::all_of(entry.token, is_token_character)) return "has a character that no token of AppsFlyer's has";
  if (!std::ranges::all_of(entry.app_id, is_app_character)) return "has a character that no app id has";
  return {};
}

base::Result<AppToken> parse_entry(std::string_view text, std::string_view what, std::size_t number,
                                   const std::string& where) {
  const auto wrong = [&](std::string_view fault) {
    return base::fail(base::ErrorKind::invalid, fmt::format("{} {} {}", what, number, fault), where,
                      std::string(kHint));
  };
  AppToken entry;
  if (const auto sign = text.find('='); sign != std::string_view::npos) {
    entry.app_id = trimmed(text.substr(0, sign));
    if (entry.app_id.empty()) return wrong("has no app id before its =");
    text.remove_prefix(sign + 1);
  }
  entry.token = bare_token(text);
  if (const auto fault = fault_of(entry); !fault.empty()) return wrong(fault);
  return entry;
}

std::unexpected<base::Error> too_many(const std::string& where) {
  return base::fail(base::ErrorKind::invalid, fmt::format("there are more than {} tokens", kTokensMax), where,
                    "Remove those that are no longer in use");
}

}  // namespace

base::Result<std::vector<AppToken>> parse_token_list(std::string_view list) {
  const std::string where = "WEBHOOK_TOKENS";
  std::vector<AppToken> out;
  if (trimmed(list).empty()) return out;
  std::size_t number = 0;
  for (const std::string_view part : split(list, ',')) {
    auto entry = parse_entry(part, "entry", ++number, where);
    if (!entry) return base::fail(std::move(entry.error()));
    out.push_back(std::move(*entry));
    if (out.size() > kTokensMax) return too_many(where);
  }
  return out;
}

base::Result<std::vector<AppToken>> parse_token_lines(std::string_view lines, const std::string& where) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";  // editors of Windows put it there
  if (lines.starts_with(kByteOrderMark)) lines.remove_prefix(kByteOrderMark.size());
  std::vector<AppToken> out;
  std::size_t number = 0;
  for (const std::string_view part : split(lines, '\n')) {
    ++number;
    const std::string_view line = trimmed(part.substr(0, part.find('#')));
    if (line.empty()) continue;
    auto entry = parse_entry(line, "line", number, where);
    if (!entry) return base::fail(std::move(entry.error()));
    out.push_back(std::move(*entry));
    if (out.size() > kTokensMax) return too_many(where);
  }
  if (out.empty()) {
    return base::fail(base::ErrorKind::invalid, "there is no token in the file", where,
                      "Write one a line, or unset WEBHOOK_TOKENS_FILE");
  }
  return out;
}

std::string_view bare_token(std::string_view shown) {
  shown = trimmed(shown);
  if (shown.size() <= kBearer.size() || !is_blank(shown[kBearer.size()])) return shown;
  if (lower(shown.substr(0, kBearer.size())) != kBearer) return shown;
  return trimmed(shown.substr(kBearer.size()));
}

std::string header_name_fault(std::string_view name) {
  const std::string low = lower(name);
  if (low == "authorization") return {};
  if (!low.starts_with("x-") || low.size() == 2) return "must be Authorization or a name that begins with X-";
  if (name.size() > kHeaderNameBytesMax) return fmt::format("is longer than {} characters", kHeaderNameBytesMax);
  // Of RFC 9110's token what a header name of AppsFlyer's can have: no sign that another server on the way drops.
  const auto fits = [](char c) { return is_word_character(c) || c == '-'; };
  if (!std::ranges::all_of(name, fits)) return "may hold letters, digits, - and _ only";
  if (low == "x-forwarded-for") return "cannot be the header that load balancers write addresses into";
  return {};
}

}  // namespace twinshift::config
