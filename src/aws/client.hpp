// Calls of one AWS service at one endpoint: signed, retried, errors read. AWS JSON 1.0 and 1.1, and Query with XML.
//
// Threads: every function may be called from any thread; call() blocks its caller. Retries: "standard" mode (AWS SDKs
// and Tools reference, "Retry behavior"): jittered back-off and a token bucket that all calls of a client share.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "aws/credentials.hpp"
#include "aws/failure.hpp"
#include "base/clock.hpp"
#include "curl/http_client.hpp"

namespace twinshift::aws {

enum class Protocol : std::uint8_t { json_1_0, json_1_1, query };

// What is fixed for a service. See services.hpp.
struct Service {
  std::string_view name;           // for people: "SQS", "Redshift Data API"
  std::string_view id;             // of AWS_ENDPOINT_URL_<ID>: "SQS", "REDSHIFT_DATA"
  std::string_view signing_name;   // "sqs", "redshift-data"
  std::string_view host_prefix;    // of <prefix>.<region>.amazonaws.com
  std::string_view target_prefix;  // of X-Amz-Target: "AmazonSQS", "RedshiftData"; query: the API's version
  Protocol protocol = Protocol::json_1_1;
};

struct Call {
  std::string_view operation;  // "SendMessageBatch"
  std::string body;            // JSON; query: the form's parameters behind Action and Version, "A=b&C=d"
  // For one try, the time that the service itself may wait included.
  std::chrono::milliseconds timeout{10'000};
  int tries_max = 3;
  // False: after a try that may have had its effect (timeout, 5xx) the failure is given back with `sent` instead of
  // trying again. Throttles and refused connections are retried anyway.
  bool idempotent = true;
  // The IAM action that a refusal is about, where it is not <signing name>:<operation> (SendMessageBatch is
  // sqs:SendMessage).
  std::string_view iam_action = {};
  std::stop_token stop = {};
};

struct Answer {
  std::string body;
  std::string request_id;
};

struct ClientOptions {
  Service service;
  std::string region;
  std::string endpoint;  // "https://sqs.us-east-1.amazonaws.com"
  std::string subject;   // what it is for, for people: "queue", "primary Redshift", "secondary Redshift"
  std::shared_ptr<CredentialSource> credentials;  // none: unsigned (STS with a web identity)
  std::shared_ptr<curl::HttpClient> http;
  std::chrono::milliseconds connect_timeout{3'000};
  const base::Clock* clock = &base::system_clock();
};

class Client {
 public:
  explicit Client(ClientOptions options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  Outcome<Answer> call(const Call& call);

  [[nodiscard]] const ClientOptions& options() const;
  // Tries sent since the client was made, retries included.
  [[nodiscard]] std::uint64_t requests() const;

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace twinshift::aws
