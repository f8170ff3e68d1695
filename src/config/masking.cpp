#include "config/masking.hpp"

#include <algorithm>
#include <array>

#include "config/text.hpp"

namespace twinshift::config {
namespace {

constexpr std::string_view kSchemeEnd = "://";

bool is_harmless(std::string_view parameter) {
  constexpr std::array<std::string_view, 14> kHarmless{
      "sslmode",          "host",    "hostaddr", "port",       "dbname",      "user",     "connect_timeout",
      "application_name", "options", "region",   "keepalives", "sslrootcert", "passfile", "target_session_attrs"};
  return std::ranges::find(kHarmless, parameter) != kHarmless.end();
}

std::string masked_parameters(std::string_view parameters) {
  std::string shown;
  for (const std::string_view part : split(parameters, '&')) {
    if (!shown.empty()) shown += '&';
    const std::size_t equals = part.find('=');
    const bool named = equals != std::string_view::npos;
    if (named && is_harmless(lower(part.substr(0, equals))) && part.find('@') == std::string_view::npos) {
      shown += part;
    } else if (named && is_word(part.substr(0, equals))) {
      shown += part.substr(0, equals + 1);
      shown += kMask;
    } else {
      shown += kMask;
    }
  }
  return shown;
}

// Of what stands before the last '@'. A password may hold '/', '@', '?' or '#' where somebody forgot to encode it.
std::string masked_user(std::string_view scheme, std::string_view user_info) {
  const std::size_t colon = user_info.find(':');
  if (colon != std::string_view::npos) return std::string(user_info.substr(0, colon + 1)) + std::string(kMask);
  // A name alone is a database user; before a web host it is a token.
  return scheme.starts_with("http") ? std::string(kMask) : std::string(user_info);
}

}  // namespace

std::string masked_url(std::string_view url) {
  const std::size_t scheme_end = url.find(kSchemeEnd);
  if (scheme_end == std::string_view::npos) return std::string(url);
  const std::string_view scheme = url.substr(0, scheme_end);
  std::string shown(url.substr(0, scheme_end + kSchemeEnd.size()));
  std::string_view rest = url.substr(shown.size());

  // A '?' begins the parameters where no user info can reach beyond it.
  const std::size_t question = rest.find('?');
  const std::size_t at = rest.rfind('@');
  const bool at_in_user = at != std::string_view::npos &&
                          (scheme.starts_with("http") || rest.substr(0, at).find(':') != std::string_view::npos);
  if (at != std::string_view::npos && (question == std::string_view::npos || at < question)) {
    shown += masked_user(scheme, rest.substr(0, at)) + "@";
    rest = rest.substr(at + 1);
  } else if (at_in_user) {
    // "user:pass?word@host" or "host:5432/db?password=a@b": cannot be told apart, so all of it goes.
    return shown + std::string(kMask);
  }
  const std::size_t begin = rest.find_first_of("?#");
  if (begin == std::string_view::npos) return shown + std::string(rest);
  return shown + std::string(rest.substr(0, begin)) + "?" + masked_parameters(rest.substr(begin + 1));
}

}  // namespace twinshift::config
