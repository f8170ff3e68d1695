#include "app/doctor_check.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace twinshift::app {
namespace {

constexpr std::array kKinds = {
    CheckKind{"configuration", "the settings: whether they can be read together, and what they warn of"},
    CheckKind{"clock", "whether the kernel knows this machine's clock to be kept in step (NTP)"},
    CheckKind{"data-folder", "whether the data folder can be made and written, and whom it belongs to"},
    CheckKind{"disk", "free space on the data folder's disk, beside DISK_RESERVE"},
    CheckKind{"open-files", "how many files and sockets this process may have open"},
    CheckKind{"port", "whether the service could listen at HOST and PORT, or does"},
    CheckKind{"admin-port", "the same of ADMIN_HOST and ADMIN_PORT"},
    CheckKind{"webhook-door", "whether anyone who reaches the port can post events"},
    CheckKind{"certificate", "the certificate and key of TLS: readable, a pair, and for how long"},
    CheckKind{"credentials", "whether AWS credentials are found, and where"},
    CheckKind{"identity", "whether AWS takes them, and who we are (sts:GetCallerIdentity)"},
    CheckKind{"aws-clock", "this machine's clock beside the Date that AWS answers with"},
    CheckKind{"queue", "whether the queue is there and answers"},
    CheckKind{"queue-settings", "its attributes: visibility time-out, message size, delay, FIFO limits"},
    CheckKind{"queue-retention", "how long it keeps messages"},
    CheckKind{"dlq",
              "its dead-letter queue: there, with enough receives and retention; none behind backlog and quarantine"},
    CheckKind{"dlq-depth", "whether messages wait in the dead-letter queue"},
    CheckKind{"queue-rights", "whether we may send, receive, delete and extend"},
    CheckKind{"endpoint", "how the target is reached, and whether endpoint and region agree"},
    CheckKind{"resolve", "whether the host's name has an address"},
    CheckKind{"connect", "whether the port takes a connection"},
    CheckKind{"tls", "whether the host answers, and by TLS where TLS is asked for"},
    CheckKind{"aws-rights", "whether our AWS identity may do what the target needs"},
    CheckKind{"login", "whether the database lets us in, and as whom"},
    CheckKind{"isolation", "the isolation level of a Redshift database"},
    CheckKind{"table", "the event table: there, a table, of the right shape"},
    CheckKind{"rights", "whether we may create, insert and make temporary tables; tried, and rolled back"},
    CheckKind{"separate", "whether the two targets are two tables"},
    CheckKind{"parity", "whether the two tables have the same shape"},
};

bool is_denial(std::string_view message) {
  return message.find("not authorized to perform") != std::string_view::npos;
}
bool is_timeout(std::string_view message) {
  return message.find("onnection timeout") != std::string_view::npos;
}

bool fails(std::span<const Check> checks, std::string_view about) {
  return std::ranges::any_of(
      checks, [&](const Check& each) { return each.about == about && each.found.state == CheckState::fail; });
}
bool is_well(std::span<const Check> checks, std::string_view about) {
  const auto is_about = [&](const Check& each) { return each.about == about; };
  return std::ranges::any_of(checks, is_about) && !fails(checks, about) &&
         std::ranges::none_of(checks, [&](const Check& each) { return is_about(each) && each.found.unknown; });
}

}  // namespace

std::string_view to_string(CheckState state) {
  switch (state) {
    case CheckState::ok:
      return "ok";
    case CheckState::warn:
      return "warn";
    case CheckState::fail:
      return "fail";
    case CheckState::skipped:
      break;
  }
  return "skipped";
}

Finding good(std::string what) {
  return {CheckState::ok, std::move(what), {}, {}};
}

Finding skipped(std::string why) {
  return {CheckState::skipped, std::move(why), {}, {}};
}

Finding barred(std::string why) {
  Finding found = skipped(std::move(why));
  found.unknown = true;
  return found;
}

Finding warning(std::string what, std::string means, std::string cure) {
  return {CheckState::warn, std::move(what), std::move(means), std::move(cure)};
}

Finding failure(std::string what, std::string means, std::string cure) {
  return {CheckState::fail, std::move(what), std::move(means), std::move(cure)};
}

Finding failure(const base::Error& error, std::string means) {
  Finding found = failure(error.message + (error.where.empty() ? "" : " (" + error.where + ")"), std::move(means),
                          error.hint.empty() ? "Look at the log of `twinshift serve`" : error.hint);
  if (is_denial(error.message)) found.issue = kIssuePermission;
  if (is_timeout(error.message)) found.issue = kIssueTimeout;
  return found;
}

std::span<const CheckKind> check_kinds() {
  return kKinds;
}

CheckState verdict_of(std::span<const Check> checks) {
  CheckState worst = CheckState::ok;
  for (const Check& each : checks) {
    if (each.found.state == CheckState::fail) return CheckState::fail;
    if (each.found.state == CheckState::warn) worst = CheckState::warn;
  }
  return worst;
}

std::vector<std::string_view> issues_of(std::span<const Check> checks) {
  std::vector<std::string_view> found;
  for (const std::string_view issue : {kIssueTimeout, kIssuePermission}) {
    if (std::ranges::any_of(checks, [&](const Check& each) { return each.found.issue == issue; })) {
      found.push_back(issue);
    }
  }
  // Only where both were asked: with --target secondary, or where AWS takes no credentials, nothing is known of the
  // primary.
  if (fails(checks, "secondary") && is_well(checks, "primary")) found.push_back(kIssueSecondary);
  return found;
}

}  // namespace twinshift::app
