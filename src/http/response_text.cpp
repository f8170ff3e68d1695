#include "http/response_text.hpp"

#include <array>
#include <ctime>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/json_text.hpp"

namespace twinshift::http {
namespace {

void append_header(std::string& out, std::string_view name, std::string_view value) {
  TWINSHIFT_ASSERT(name.find_first_of("\r\n:") == std::string_view::npos);
  TWINSHIFT_ASSERT(value.find_first_of("\r\n") == std::string_view::npos);
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

Response error_response(int status, std::string_view error) {
  Response response;
  response.status = status;
  response.body = base::JsonObject().add("success", false).add("error", error).text();
  return response;
}

void append_response(std::string& out, const Response& response, const AnswerShape& shape, std::string_view date) {
  TWINSHIFT_ASSERT(response.status >= 200 && response.status <= 599);
  constexpr std::size_t kHeadGuess = 256;
  const bool without_body = response.status == 204 || response.status == 304;
  out.reserve(out.size() + kHeadGuess + (shape.head_only ? 0 : response.body.size()));
  out.append("HTTP/1.1 ").append(fmt::format_int(response.status).c_str()).append(" ");
  out.append(reason_phrase(response.status)).append("\r\n");
  append_header(out, "Date", date);
  if (!without_body) {
    append_header(out, "Content-Type", response.content_type);
    if (!response.streams) append_header(out, "Content-Length", fmt::format_int(response.body.size()).c_str());
  }
  if (shape.close) {
    append_header(out, "Connection", "close");
  } else if (shape.http_1_0) {
    append_header(out, "Connection", "keep-alive");
  }
  for (const auto& [name, value] : response.headers) append_header(out, name, value);
  out.append("\r\n");
  if (!shape.head_only && !without_body) out.append(response.body);
}

std::string_view DateText::now() {
  const std::time_t second = std::time(nullptr);
  if (second == second_) return text_;
  // Not strftime: names of days and months must not follow the locale.
  constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm parts{};
  gmtime_r(&second, &parts);
  second_ = second;
  text_ = fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays.at(static_cast<std::size_t>(parts.tm_wday)),
                      parts.tm_mday, kMonths.at(static_cast<std::size_t>(parts.tm_mon)), parts.tm_year + 1900,
                      parts.tm_hour, parts.tm_min, parts.tm_sec);
  return text_;
}

}  // namespace twinshift::http
