#include "aws/redshift_login.hpp"

#include <utility>

#include "aws/endpoint.hpp"
#include "aws/login_call.hpp"

namespace twinshift::aws {
namespace {

constexpr int kTriesMax = 2;

std::string name_of(const RedshiftLoginOptions& options) {
  return options.workgroup.empty() ? "cluster " + options.cluster : "workgroup " + options.workgroup;
}

std::string where_of(const RedshiftLoginOptions& options, const LoginCall& call) {
  return std::string(call.service.signing_name) + ':' + std::string(call.operation) + ", " + options.subject + ", " +
         name_of(options);
}

base::Error told(Failure failure, const RedshiftLoginOptions& options, const LoginCall& call) {
  base::Error error = std::move(failure.error);
  error.where += ", " + name_of(options);
  const bool denied = failure.code.starts_with("AccessDenied") || failure.code == "UnauthorizedOperation";
  if (denied) {
    error.hint = "Allow " + std::string(call.service.signing_name) + ':' + std::string(call.operation) + " on " +
                 call.resources + " in the IAM policy of the role that this service runs as";
  }
  if (error.kind == base::ErrorKind::not_found) {
    error.kind = base::ErrorKind::unavailable;  // a person mends it; the event is not at fault
    error.hint = "Check the name of the " + name_of(options) + ", the account, and the region (" + options.region + ")";
  }
  return error;
}

}  // namespace

RedshiftLogin::RedshiftLogin(RedshiftLoginOptions options) : options_(std::move(options)) {}

base::Result<Login> RedshiftLogin::get() {
  const std::lock_guard lock(mutex_);
  const base::WallTime wall = options_.clock->now();
  const base::SteadyTime steady = options_.clock->steady();
  if (login_ && login_->expires_at > wall) {
    const bool lately = steady - asked_at_ < kLoginEvery;
    const bool good = login_->expires_at - wall > kLoginLeft;
    if (lately || (good && !refused_)) return *login_;
  }
  asked_at_ = steady;
  auto fetched = fetch();
  if (fetched) {
    login_ = *fetched;
    refused_ = false;
    return fetched;
  }
  if (login_ && !refused_ && login_->expires_at > wall) return *login_;
  return fetched;
}

void RedshiftLogin::refuse() {
  const std::lock_guard lock(mutex_);
  refused_ = true;
}

// Made at the first call, since region and endpoint may need files.
base::Result<Client*> RedshiftLogin::client() {
  if (client_) return client_.get();
  auto call = login_call(options_);
  if (!call) return base::fail(std::move(call.error()));
  auto endpoint =
      endpoint_of(call->service, options_.region, options_.endpoint, options_.environment, options_.profile);
  if (!endpoint) return base::fail(std::move(endpoint.error()));
  ClientOptions made;
  made.service = call->service;
  made.region = options_.region;
  made.endpoint = std::move(*endpoint);
  made.subject = options_.subject;
  made.credentials = options_.credentials;
  made.http = options_.http;
  made.clock = options_.clock;
  client_ = std::make_unique<Client>(std::move(made));
  return client_.get();
}

base::Result<Login> RedshiftLogin::fetch() {
  const auto caller = client();
  if (!caller) return base::fail(caller.error());
  const auto call = login_call(options_);
  if (!call) return base::fail(call.error());
  auto answer = (*caller)->call({.operation = call->operation,
                                 .body = call->body,
                                 .timeout = kLoginTimeout,
                                 .tries_max = kTriesMax,
                                 .stop = options_.stop});
  if (!answer) return base::fail(told(std::move(answer.error()), options_, *call));
  return read_login(*call, answer->body, where_of(options_, *call));
}

}  // namespace twinshift::aws
