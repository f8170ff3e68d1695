// What the service owes, through the control socket: what it answers, and how a command asks it. docs/verify.md
#pragma once

#include <chrono>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "control/control.hpp"
#include "proof/debts.hpp"
#include "proof/store_debts.hpp"

namespace twinshift::app {

inline constexpr const char* kOwedVerb = "owed";          // digests
inline constexpr const char* kOwesVerb = "owes";          // ids
inline constexpr const char* kInstanceVerb = "instance";  // the service's name among several
// Ids in one request: some 550 KB of control::kRequestBytesMax.
inline constexpr std::size_t kOwesIdsMax = 16'384;
// Windows in one answer, which is as long at most.
inline constexpr std::size_t kOwedWindowsMax = 10'000;

control::Request owed_request(const std::string& target, const proof::Span& span, std::chrono::seconds window);
control::Request owes_request(const std::string& target, std::span<const std::string> ids);

bool is_about_debts(const control::Request& request);
// In the service, for both verbs. Any thread, several at once: nothing is written, nothing is lent.
control::Reply answer_debts(const proof::StoreDebts::Parts& stores, const control::Request& request,
                            const std::stop_token& stop = {});

// `conflict` where the service refuses, or where it is no such answer (another version of the service).
base::Result<proof::Digests> read_owed_answer(const control::Reply& reply);
base::Result<std::vector<proof::Owing>> read_owes_answer(const control::Reply& reply, std::size_t ids);

}  // namespace twinshift::app
