// Tokens of the webhook: WEBHOOK_TOKENS, WEBHOOK_TOKENS_FILE, WEBHOOK_TOKEN_HEADER. Any thread. No error holds a value.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace twinshift::config {

// Each request is compared with all of them.
inline constexpr std::size_t kTokensMax = 1'000;
inline constexpr std::size_t kTokenBytesMax = 2'000;  // AppsFlyer's
// A shorter one can be guessed; said, not refused.
inline constexpr std::size_t kTokenBytesGood = 16;
inline constexpr std::size_t kHeaderNameBytesMax = 30;  // AppsFlyer's

struct AppToken {
  std::string app_id;  // empty: good for every app
  std::string token;   // without "Bearer " and blanks around it
};

// "app_id=token,token": separated by commas. Empty: none. `invalid` names the entry's position.
base::Result<std::vector<AppToken>> parse_token_list(std::string_view list);
// One a line, '#' begins a comment; empty lines and a byte order mark are passed over. `where`: the file's path.
// `invalid` names the line, and says where there is no token in it at all: an emptied file must not open the door.
base::Result<std::vector<AppToken>> parse_token_lines(std::string_view lines, const std::string& where);

// The credential in a header's value: without blanks around it and without the scheme `Bearer`, in any case.
std::string_view bare_token(std::string_view shown);

// Empty where it may be the token's header: `Authorization` or an X- name; else what is wrong with it.
std::string header_name_fault(std::string_view name);

}  // namespace twinshift::config
