// Failures in words: what happened, for whom, where, and what to do next. No header, no body, no key is in them. Any
// thread; no I/O.
#pragma once

#include <chrono>
#include <string>

#include "aws/client.hpp"
#include "aws/error_answer.hpp"
#include "aws/failure.hpp"
#include "curl/http_client.hpp"

namespace twinshift::aws {

// "sqs:SendMessage"
std::string iam_action_of(const Service& service, const Call& call);

// No answer came.
Failure unanswered(const ClientOptions& options, const Call& call, const curl::Failure& failure);

// An answer that is none (HTML, half) or that says no. `skew`: the other side's clock less ours.
Failure refused(const ClientOptions& options, const Call& call, const curl::Response& response,
                const ErrorAnswer& answer, std::chrono::seconds skew);

// There is nobody to sign for us.
Failure unsigned_call(const ClientOptions& options, const Call& call, base::Error error);

}  // namespace twinshift::aws
