#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "config/address_list.hpp"
#include "config/resolve.hpp"
#include "config/token_list.hpp"

namespace twinshift::config {
namespace {

constexpr std::size_t kNamespaceMax = 255;

// Amazon CloudWatch user guide, "Concepts: Namespaces"; PutMetricData's pattern forbids the colon in front. CloudWatch
// drops lines whose namespace it does not take, and tells nobody.
std::string_view namespace_fault(std::string_view name) {
  constexpr std::string_view kAllowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_/#: ";
  if (name.find_first_not_of(' ') == std::string_view::npos) return "is empty";
  if (name.size() > kNamespaceMax) return "is longer than 255 characters";
  if (name.find_first_not_of(kAllowed) != std::string_view::npos) {
    return "holds a character that CloudWatch does not take: letters, digits, space and . - _ / # : are taken";
  }
  if (name.starts_with(':')) return "begins with a colon, which CloudWatch does not take";
  if (name.starts_with("AWS/")) return "begins with AWS/, which AWS keeps for its own services";
  return {};
}

// Of a fault, what load() lists: "NAME: what. What to write".
std::string fault_text(const base::Error& error) {
  return fmt::format("{}: {}. {}", error.where, error.message, error.hint);
}

void check_webhook_lists(const Settings& settings, Findings& findings) {
  const auto check = [&](const auto& parsed) {
    if (!parsed) findings.fault(fault_text(parsed.error()));
  };
  check(parse_address_list("WEBHOOK_ALLOW", settings.webhook_allow));
  check(parse_address_list("TRUSTED_PROXIES", settings.trusted_proxies));
  const auto tokens = parse_token_list(settings.webhook_tokens);
  check(tokens);
  const auto is_short = [](const AppToken& entry) { return entry.token.size() < kTokenBytesGood; };
  if (tokens && std::ranges::any_of(*tokens, is_short)) {
    findings.warnings.push_back(
        fmt::format("WEBHOOK_TOKENS has a token of less than {} characters: it can be guessed", kTokenBytesGood));
  }
  if (const std::string fault = header_name_fault(settings.webhook_token_header); !fault.empty()) {
    findings.fault("WEBHOOK_TOKEN_HEADER " + fault);
  }
}

void check_admin(const Settings& settings, Findings& findings) {
  if (!settings.admin_token.empty() && settings.admin_token.size() < kTokenBytesGood) {
    findings.warnings.push_back(
        fmt::format("ADMIN_TOKEN has less than {} characters: it can be guessed", kTokenBytesGood));
  }
  if (!settings.admin_token.empty() && !settings.admin_token_file.empty()) {
    findings.fault("both ADMIN_TOKEN and ADMIN_TOKEN_FILE are set: leave one of them");
  }
  if (!settings.admin_host.empty() && settings.admin_port == 0) {
    findings.warnings.emplace_back("ADMIN_HOST has no effect without ADMIN_PORT: set ADMIN_PORT, or unset ADMIN_HOST");
  }
}

}  // namespace

void check_limits(const Settings& settings, Findings& findings) {
  const auto fault_if = [&](bool wrong, std::string text) {
    if (wrong) findings.fault(std::move(text));
  };
  const auto warn_if = [&](bool doubtful, std::string text) {
    if (doubtful) findings.warnings.push_back(std::move(text));
  };
  fault_if(settings.queue_inbox_bytes_max < settings.http_body_bytes_max,
           "QUEUE_INBOX_BYTES_MAX is less than HTTP_BODY_BYTES_MAX: the largest event could never be taken");
  fault_if(settings.lane_bytes_max < settings.batch_bytes_max,
           "LANE_BYTES_MAX is less than BATCH_BYTES_MAX: a full batch could never be gathered");
  fault_if(settings.lane_rows_max < settings.batch_rows_max,
           "LANE_ROWS_MAX is less than BATCH_ROWS_MAX: a full batch could never be gathered");
  fault_if(settings.http_header_timeout > settings.http_keep_alive_idle,
           "HTTP_HEADER_TIMEOUT is longer than HTTP_KEEP_ALIVE_IDLE: an idle connection would end before a slow one");
  fault_if(settings.tls_cert_file.empty() != settings.tls_key_file.empty(),
           "only one of TLS_CERT_FILE and TLS_KEY_FILE is set: HTTPS needs both, or neither for plain HTTP");
  const std::string_view name_fault = namespace_fault(settings.metrics_namespace);
  fault_if(!name_fault.empty(), fmt::format("METRICS_NAMESPACE {}", name_fault));
  check_webhook_lists(settings, findings);
  check_admin(settings, findings);
  warn_if(settings.intake_timeout >= std::chrono::seconds(2),
          "INTAKE_TIMEOUT is 2 s or more: AppsFlyer will have given up by then");
  warn_if(settings.shutdown_timeout >= std::chrono::seconds(30),
          "SHUTDOWN_TIMEOUT is 30 s or more: ECS and Kubernetes kill after 30 s by default");
  warn_if(settings.queue_lease_timeout < 2 * settings.park_after,
          "QUEUE_LEASE_TIMEOUT is less than twice PARK_AFTER: messages may come again while they are being settled");
  warn_if(settings.aws_access_key_id.empty() != settings.aws_secret_access_key.empty(),
          "only one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set: static credentials need both");
}

}  // namespace twinshift::config
