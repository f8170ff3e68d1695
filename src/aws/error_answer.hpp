// An answer that says no: its code and text out of JSON, XML or headers, and what class of trouble that is. Any
// thread; no I/O.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "aws/client.hpp"
#include "base/clock.hpp"
#include "curl/http_client.hpp"

namespace twinshift::aws {

// What to do about it.
enum class Trouble : std::uint8_t {
  transient,    // 5xx, RequestTimeout: try again
  throttled,    // slow down
  credentials,  // expired or unknown: fetch new ones, try once more
  clock,        // perhaps: our clock and theirs differ; set ours by their Date and try once more
  denied,       // a right is missing
  not_found,    // queue, statement, cluster
  request,      // the request itself
  foreign,      // no AWS service answered: HTML, half an answer
};

struct ErrorAnswer {
  Trouble trouble = Trouble::foreign;
  std::string code;     // without namespace; the older SQS names are replaced by today's
  std::string message;  // AWS's own
  std::string request_id;
};

ErrorAnswer read_error(const curl::Response& response, Protocol protocol);

std::string request_id_of(const curl::Response& response);

// Does a 2xx have the shape of an answer of this protocol? A proxy's page has not.
bool looks_like_answer(const curl::Response& response, Protocol protocol);

// RFC 9110, section 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT".
std::optional<base::WallTime> parse_http_date(std::string_view text);

// x-amz-retry-after, milliseconds.
std::optional<std::chrono::milliseconds> retry_wish(const curl::Response& response);

}  // namespace twinshift::aws
