// What `twinshift doctor` finds: one Check a line, and the list of all kinds of them. Plain values; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace twinshift::app {

enum class CheckState : std::uint8_t {
  ok,
  warn,     // works, but not as it should, or not for long
  fail,     // does not work until it is mended
  skipped,  // could not be asked, or need not be: `what` says why
};
// "ok", "warn", "fail", "skipped"
std::string_view to_string(CheckState state);

// The set-up guide's common issues, by its own titles.
inline constexpr std::string_view kIssueTimeout = "Issue 1: VPC Endpoint Connection Timeout";
inline constexpr std::string_view kIssuePermission = "Issue 2: Permission Denied";
inline constexpr std::string_view kIssueSecondary = "Issue 3: Secondary Insert Fails but Primary Succeeds";

// What a check has found. No text holds a secret or an event's values.
struct Finding {
  CheckState state = CheckState::ok;
  std::string what;        // "refused by 10.0.0.7:5439"
  std::string means;       // what follows from it; warn and fail
  std::string cure;        // the command, setting or policy that mends it; warn and fail
  std::string issue = {};  // the guide's title, where it is one of its three
  bool unknown = false;    // skipped for what it stands on: whether it is well nobody knows
};

Finding good(std::string what);
Finding skipped(std::string why);
// Skipped since something that it stands on has failed, or did not end.
Finding barred(std::string why);
Finding warning(std::string what, std::string means, std::string cure);
Finding failure(std::string what, std::string means, std::string cure);
// From an error: its message and place, and its hint as the cure. `means` and the guide's issue are added where the
// error is a refused right or a connection that timed out.
Finding failure(const base::Error& error, std::string means);

struct Check {
  std::string id;     // one of check_kinds()
  std::string about;  // "machine", "aws", "queue", "primary" ...
  Finding found;
  std::optional<std::chrono::milliseconds> took;  // of those that ran
};

// Every id, in the order of docs/doctor.md, and what it tests.
struct CheckKind {
  std::string_view id;
  std::string_view tests;
};
std::span<const CheckKind> check_kinds();

// The worst of them: fail, warn or ok.
CheckState verdict_of(std::span<const Check> checks);
// The guide's issues that were found, each once, in the guide's order. The third one: the secondary fails, and all
// checks of the primary were done and none failed.
std::vector<std::string_view> issues_of(std::span<const Check> checks);

}  // namespace twinshift::app
