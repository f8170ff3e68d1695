#include "app/admin_token.hpp"

#include <utility>

#include "aws/small_file.hpp"
#include "base/log.hpp"
#include "config/token_list.hpp"

namespace twinshift::app {

base::Result<config::Settings> with_admin_token(config::Settings settings) {
  if (settings.admin_token_file.empty()) return settings;
  auto token = aws::read_token_file(settings.admin_token_file);
  if (!token) {
    base::Error error = std::move(token.error());
    error.where = "ADMIN_TOKEN_FILE=" + settings.admin_token_file;
    error.hint = "Name a file that the service's user can read, with the token and nothing else";
    return base::fail(std::move(error));
  }
  if (token->size() < config::kTokenBytesGood) {
    base::log::warn("The token in ADMIN_TOKEN_FILE is short: it can be guessed")
        .add("charactersGood", static_cast<std::int64_t>(config::kTokenBytesGood));
  }
  settings.admin_token = std::move(*token);
  return settings;
}

}  // namespace twinshift::app
