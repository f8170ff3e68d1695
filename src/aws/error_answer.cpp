#include "aws/error_answer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include <simdjson.h>

namespace twinshift::aws {
namespace {

// It goes into texts; what is longer is no code of AWS's.
constexpr std::size_t kCodeLengthMax = 128;

using Names = std::initializer_list<std::string_view>;

bool is_one_of(std::string_view code, Names names) {
  return std::ranges::find(names, code) != names.end();
}

// Sources: botocore's retries/standard.py; the services' API references; measured answers.
Trouble trouble_of(std::string_view code, int status) {
  if (is_one_of(code, {"Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled",
                       "RequestThrottledException", "TooManyRequestsException", "RequestLimitExceeded",
                       "BandwidthLimitExceeded", "LimitExceededException", "SlowDown", "PriorRequestNotComplete",
                       "KmsThrottled", "ActiveStatementsExceededException", "ActiveSessionsExceededException",
                       "ActiveWaitingRequestsExceededException", "OverLimit"})) {
    return Trouble::throttled;
  }
  if (is_one_of(code, {"ExpiredToken", "ExpiredTokenException", "UnrecognizedClientException", "InvalidClientTokenId",
                       "InvalidAccessKeyId", "TokenRefreshRequired"})) {
    return Trouble::credentials;
  }
  if (is_one_of(code, {"InvalidSignatureException", "SignatureDoesNotMatch", "RequestExpired", "RequestTimeTooSkewed",
                       "RequestInTheFuture", "AuthFailure"})) {
    return Trouble::clock;
  }
  if (is_one_of(code, {"AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation",
                       "NotAuthorized", "OptInRequired", "MissingAuthenticationToken",
                       "MissingAuthenticationTokenException", "KmsAccessDenied"})) {
    return Trouble::denied;
  }
  if (is_one_of(code, {"QueueDoesNotExist", "ResourceNotFoundException", "ClusterNotFound", "ClusterNotFoundFault"})) {
    return Trouble::not_found;
  }
  const bool transient =
      status >= 500 || is_one_of(code, {"RequestTimeout", "RequestTimeoutException", "InternalServerException",
                                        "InternalFailure", "ServiceUnavailable", "IDPCommunicationError"});
  return transient ? Trouble::transient : Trouble::request;
}

// "com.amazonaws.sqs#QueueDoesNotExist", "ThrottlingException:http://..." and the Query names of SQS.
std::string bare_code(std::string_view code) {
  if (const std::size_t hash = code.rfind('#'); hash != std::string_view::npos) code = code.substr(hash + 1);
  code = code.substr(0, code.find_first_of(":;"));
  if (const std::size_t dot = code.rfind('.'); dot != std::string_view::npos) code = code.substr(dot + 1);
  if (code == "NonExistentQueue") return "QueueDoesNotExist";
  return std::string(code.substr(0, kCodeLengthMax));
}

std::string text_of(simdjson::dom::object object, std::string_view name) {
  std::string_view text;
  return object[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

bool read_json(const curl::Response& response, ErrorAnswer& answer) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(simdjson::padded_string(response.body)).get(object) != simdjson::SUCCESS) return false;
  answer.code = bare_code(text_of(object, "__type"));
  if (answer.code.empty()) answer.code = bare_code(text_of(object, "code"));
  answer.message = text_of(object, "message");
  if (answer.message.empty()) answer.message = text_of(object, "Message");
  return true;
}

// The text between the first <name> and </name>; entities stay as they are: this is for people and for codes.
std::string element(std::string_view xml, std::string_view name) {
  const std::string open = '<' + std::string(name) + '>';
  const std::size_t begin = xml.find(open);
  if (begin == std::string_view::npos) return {};
  const std::size_t end = xml.find('<', begin + open.size());
  return std::string(xml.substr(begin + open.size(), end - begin - open.size()));
}

void read_xml(const curl::Response& response, ErrorAnswer& answer) {
  answer.code = bare_code(element(response.body, "Code"));
  answer.message = element(response.body, "Message");
  answer.request_id = element(response.body, "RequestId");
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

}  // namespace

std::string request_id_of(const curl::Response& response) {
  const std::string_view id = response.header("x-amzn-requestid");
  return std::string(id.empty() ? response.header("x-amz-request-id") : id);
}

ErrorAnswer read_error(const curl::Response& response, Protocol protocol) {
  ErrorAnswer answer;
  if (protocol == Protocol::query || !read_json(response, answer)) read_xml(response, answer);
  const std::string_view header = response.header("x-amzn-errortype");
  if (answer.code.empty() && !header.empty()) answer.code = bare_code(header);
  if (answer.request_id.empty()) answer.request_id = request_id_of(response);
  if (!answer.code.empty() || response.status >= 500) answer.trouble = trouble_of(answer.code, response.status);
  return answer;
}

bool looks_like_answer(const curl::Response& response, Protocol protocol) {
  const std::string_view body = trimmed(response.body);
  if (protocol != Protocol::query) return body.empty() || (body.starts_with('{') && body.ends_with('}'));
  return body.starts_with('<') && body.find("Response") != std::string_view::npos &&
         body.find("<html") == std::string_view::npos && body.ends_with('>');
}

std::optional<std::chrono::milliseconds> retry_wish(const curl::Response& response) {
  const std::string_view text = response.header("x-amz-retry-after");
  std::int64_t wish = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), wish);
  if (text.empty() || fault != std::errc() || wish < 0) return std::nullopt;
  return std::chrono::milliseconds(wish);
}

std::optional<base::WallTime> parse_http_date(std::string_view text) {
  constexpr std::size_t kLength = 29;
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != kLength || !text.ends_with(" GMT")) return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t digits) {
    int value = -1;
    const auto [end, fault] = std::from_chars(text.data() + at, text.data() + at + digits, value);
    return fault == std::errc() && end == text.data() + at + digits ? value : -1;
  };
  const std::size_t month = kMonths.find(text.substr(8, 3));
  const std::chrono::year_month_day date(std::chrono::year(number(12, 4)),
                                         std::chrono::month(static_cast<unsigned>(month / 3 + 1)),
                                         std::chrono::day(static_cast<unsigned>(number(5, 2))));
  if (month == std::string_view::npos || !date.ok()) return std::nullopt;
  const int hours = number(17, 2);
  const int minutes = number(20, 2);
  const int seconds = number(23, 2);
  if (hours < 0 || minutes < 0 || seconds < 0) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(hours) + std::chrono::minutes(minutes) +
         std::chrono::seconds(seconds);
}

}  // namespace twinshift::aws
