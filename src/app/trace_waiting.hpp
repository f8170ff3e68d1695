// Whether an event still waits in the queue or is owed to a target, as the process that owns the files knows it, and
// how `twinshift trace` asks it through the control socket. docs/trace.md
#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "app/trace_report.hpp"
#include "base/error.hpp"
#include "control/control.hpp"
#include "proof/store_debts.hpp"

namespace twinshift::app {

inline constexpr const char* kWaitsVerb = "waits";
// A queue of millions is gone through for so long; the same for each backlog.
inline constexpr std::chrono::milliseconds kWaitingLookMax{10'000};

struct WaitingQuestion {
  std::string text{};                 // a message id or an appsflyer_id; empty: the events alone
  std::vector<std::string> events{};  // by their ids; at most kTraceEventsMax
};
struct WaitingAnswer {
  std::vector<WaitingMessage> queued{};  // at most kTraceEventsMax
  bool more = false;
  std::vector<std::pair<std::string, std::string>> owed{};  // target, event
  std::vector<std::string> cannot_tell{};                   // "queue", or a target for its backlog
};

// When a look ends that has not come to its end: each store is given so long, and `stop` ends all at once.
struct WaitingLimits {
  std::chrono::milliseconds look_max = kWaitingLookMax;
  std::stop_token stop{};
};
// Goes through what waits. No queue: nothing waits in one. Any thread; nothing is lent.
WaitingAnswer look_for_waiting(const proof::StoreDebts::Parts& stores, const WaitingQuestion& question,
                               const WaitingLimits& limits = {});

control::Request waits_request(const WaitingQuestion& question);
// In the service.
control::Reply answer_waits(const proof::StoreDebts::Parts& stores, const control::Request& request,
                            std::stop_token stop = {});
// `conflict` where the service refuses, or where it is no such answer (another version of the service).
base::Result<WaitingAnswer> read_waits_answer(const control::Reply& reply);

}  // namespace twinshift::app
