#include "aws/failure_text.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace twinshift::aws {
namespace {

using base::ErrorKind;
using Kind = curl::Failure::Kind;

constexpr std::string_view kNetworkHint =
    "Verify that the VPC endpoint is in the right subnets, that its security group allows port 443 from here, and the "
    "route tables";

// AWS quotes what was asked behind the first quotation mark, and that may be a row.
std::string shown_message(std::string_view message) {
  constexpr std::size_t kShownMax = 300;
  return std::string(message.substr(0, std::min(message.find_first_of("'\"`"), kShownMax)));
}

// A name of the other side's making: whatever answers may send any length.
std::string_view clipped(std::string_view name) {
  constexpr std::size_t kNameShownMax = 256;
  return name.substr(0, kNameShownMax);
}

std::string where_of(const ClientOptions& options, const Call& call) {
  return fmt::format("{}, {}, {}", iam_action_of(options.service, call), options.subject, options.endpoint);
}

base::Error network_error(const ClientOptions& options, const Call& call, const curl::Failure& failure) {
  base::Error error{ErrorKind::unavailable, {}, where_of(options, call), {}};
  switch (failure.kind) {
    case Kind::connect_timeout:
      error.message = "Connection timeout when connecting to " + options.subject;
      error.hint = kNetworkHint;
      break;
    case Kind::cannot_connect:
      error.message = fmt::format("Cannot connect to {}: {}", options.subject, failure.detail);
      error.hint = kNetworkHint;
      break;
    case Kind::cannot_resolve:
      error.message = fmt::format("The host of {} has no address: {}", options.subject, failure.detail);
      error.hint =
          "Check the endpoint's spelling and the region; in a closed network, that the VPC endpoint has private "
          "DNS";
      break;
    case Kind::tls:
      error.message = fmt::format("No secure connection to {}: {}", options.subject, failure.detail);
      error.hint =
          "Check that the endpoint is an HTTPS service of AWS, and this machine's certificates "
          "(ca-certificates, AWS_CA_BUNDLE) and clock";
      break;
    case Kind::timeout:
      error.message = fmt::format("{} did not answer within {} ms", options.subject, call.timeout.count());
      error.hint = "It is tried again; where it stays so, look at the service's health in that region";
      break;
    case Kind::cancelled:
      error.kind = ErrorKind::cancelled;
      error.message = "The call was ended: we are stopping";
      break;
    case Kind::invalid:
      error.kind = ErrorKind::invalid;
      error.message = "The request cannot be made: " + failure.detail;
      error.hint = "Check the endpoint's URL";
      break;
    case Kind::too_large:
    case Kind::broken:
      error.message = fmt::format("{} broke off its answer: {}", options.subject, failure.detail);
      error.hint = "It is tried again; where it stays so, look for a proxy or load balancer on the way";
      break;
  }
  return error;
}

base::Error foreign_error(const ClientOptions& options, const Call& call, const curl::Response& response) {
  const std::string_view type = response.header("content-type");
  return {ErrorKind::unavailable,
          fmt::format("What answers for {} is not the {}: HTTP {}, {}", options.subject, options.service.name,
                      response.status, type.empty() ? "no content type" : clipped(type.substr(0, type.find(';')))),
          where_of(options, call), "Check the endpoint, and whether a proxy or a captive portal answers in its place"};
}

// AWS names who was refused and on what; both are no secrets, and both are what one looks for.
base::Error denied_error(const ClientOptions& options, const Call& call, const ErrorAnswer& answer) {
  const std::string action = iam_action_of(options.service, call);
  std::string message = "User is not authorized to perform: " + action;
  const std::string_view own = answer.message;
  if (const std::size_t user = own.find("arn:"); user != std::string_view::npos) {
    message += fmt::format(" (we are {})", clipped(own.substr(user, own.find(' ', user) - user)));
  }
  return {
      ErrorKind::unavailable, std::move(message), where_of(options, call),
      fmt::format("Allow {} in the IAM policy of the role that this service runs as, and check that the role is the "
                  "one you mean and the resource's ARN is right",
                  action)};
}

base::Error clock_error(const ClientOptions& options, const Call& call, const ErrorAnswer& answer,
                        std::chrono::seconds skew) {
  constexpr std::chrono::minutes kSkewSuspect{4};
  if (std::chrono::abs(skew) >= kSkewSuspect) {
    return {ErrorKind::unavailable,
            fmt::format("AWS refuses our signature ({}): this machine's clock is {} s {}", answer.code,
                        std::chrono::abs(skew).count(), skew.count() > 0 ? "slow" : "fast"),
            where_of(options, call), "Set the clock (NTP)"};
  }
  return {ErrorKind::unavailable, fmt::format("AWS refuses our signature ({})", answer.code), where_of(options, call),
          fmt::format("Check the secret access key, and that the region ({}) is the endpoint's", options.region)};
}

ErrorKind kind_of(Trouble trouble) {
  switch (trouble) {
    case Trouble::throttled:
      return ErrorKind::throttled;
    case Trouble::not_found:
      return ErrorKind::not_found;
    case Trouble::request:
      return ErrorKind::invalid;
    default:
      return ErrorKind::unavailable;
  }
}

base::Error plain_error(const ClientOptions& options, const Call& call, int status, const ErrorAnswer& answer) {
  base::Error error{kind_of(answer.trouble), {}, where_of(options, call), {}};
  const std::string code = answer.code.empty() ? fmt::format("HTTP {}", status) : answer.code;
  const std::string text = shown_message(answer.message);
  error.message = fmt::format("{} answers {}{}{}", options.subject, code, text.empty() ? "" : ": ", text);
  if (answer.trouble == Trouble::throttled) error.hint = "It is slowed down and tried again";
  if (answer.trouble == Trouble::transient)
    error.hint = "It is tried again; look at the service's health in that region";
  if (answer.trouble == Trouble::not_found) {
    error.hint = fmt::format("Check the name, the account and the region ({})", options.region);
  }
  return error;
}

base::Error credentials_error(const ClientOptions& options, const Call& call, const ErrorAnswer& answer) {
  return {ErrorKind::unavailable,
          fmt::format("AWS does not accept the credentials ({}): {}", answer.code,
                      answer.code.starts_with("Expired") ? "they have expired" : "it does not know them"),
          where_of(options, call),
          "Look at where they come from (environment, profile, role); in another partition they are unknown"};
}

}  // namespace

std::string iam_action_of(const Service& service, const Call& call) {
  if (!call.iam_action.empty()) return std::string(call.iam_action);
  return fmt::format("{}:{}", service.signing_name, call.operation);
}

Failure unanswered(const ClientOptions& options, const Call& call, const curl::Failure& failure) {
  Failure out;
  out.error = network_error(options, call, failure);
  out.sent = failure.sent;
  return out;
}

Failure refused(const ClientOptions& options, const Call& call, const curl::Response& response,
                const ErrorAnswer& answer, std::chrono::seconds skew) {
  Failure out;
  out.code = answer.code;
  out.message = answer.message;
  out.http_status = response.status;
  out.request_id = answer.request_id;
  out.sent = answer.trouble == Trouble::transient || answer.trouble == Trouble::foreign;
  switch (answer.trouble) {
    case Trouble::foreign:
      out.error = foreign_error(options, call, response);
      break;
    case Trouble::denied:
      out.error = denied_error(options, call, answer);
      break;
    case Trouble::clock:
      out.error = clock_error(options, call, answer, skew);
      break;
    case Trouble::credentials:
      out.error = credentials_error(options, call, answer);
      break;
    default:
      out.error = plain_error(options, call, response.status, answer);
      break;
  }
  return out;
}

Failure unsigned_call(const ClientOptions& options, const Call& call, base::Error error) {
  Failure out;
  out.error = std::move(error);
  // What is configured wrongly is a person's to mend; the request is not at fault.
  if (out.error.kind != ErrorKind::cancelled) out.error.kind = ErrorKind::unavailable;
  out.error.where = where_of(options, call) + (out.error.where.empty() ? "" : ", " + out.error.where);
  return out;
}

}  // namespace twinshift::aws
