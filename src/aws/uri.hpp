// The parts of a URL, and percent encoding as SigV4 wants it (RFC 3986). Any thread.
#pragma once

#include <string>
#include <string_view>

namespace twinshift::aws {

struct UrlParts {
  std::string_view host;   // with its port where that is not the scheme's own
  std::string_view path;   // as it stands; "/" where there is none
  std::string_view query;  // behind '?'; empty where there is none
};
// Views into `url`.
UrlParts split_url(std::string_view url);

// Everything but the unreserved characters, and '/' where `keep_slash`.
std::string percent_encode(std::string_view text, bool keep_slash = false);
std::string percent_decode(std::string_view text);

// "a=b&c=d", encoded: the body of a Query call. Begins with '&' where `form` is not empty.
void add_form_field(std::string& form, std::string_view name, std::string_view value);

}  // namespace twinshift::aws
