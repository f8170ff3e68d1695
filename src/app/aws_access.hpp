// What it takes to call AWS for one part of the service: connections and credentials of its own, since past the queue
// the targets share nothing. Any thread; making one does no I/O but reading AWS's own configuration files.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "aws/client.hpp"
#include "aws/credential_chain.hpp"
#include "config/settings.hpp"

namespace twinshift::app {

struct AwsAccess {
  std::shared_ptr<curl::HttpClient> http;
  std::shared_ptr<aws::CredentialSource> credentials;
  aws::Environment environment;
  std::string profile;  // whose settings hold; empty: the service's own
  std::string region;
  std::stop_token stop;  // ends waiting for credentials: a stop must not wait for a metadata service that hangs
};

// The AWS_ variables of the environment and of .env; every other name from the environment alone (HOME).
aws::Environment aws_environment(const config::Settings& settings);

// The service's own identity, in `region`; empty: what variables and profile say, else us-east-1.
base::Result<AwsAccess> own_access(const config::Settings& settings, const std::string& region, std::stop_token stop);
// A target's: its profile or role where it has one, else the service's own.
base::Result<AwsAccess> target_access(const config::Settings& settings, const config::TargetSettings& target,
                                      std::stop_token stop);

// `endpoint`: empty for the one that variables or the region give. `subject`: for error texts.
base::Result<std::shared_ptr<aws::Client>> make_client(const AwsAccess& access, const aws::Service& service,
                                                       std::string_view endpoint, std::string subject);

// Where a queue's service is: variables win, then a URL that is not one of AWS's public hosts (an interface endpoint, a
// stand-in), then the region that the URL names.
struct QueuePlace {
  std::string region;    // empty: not in the URL
  std::string endpoint;  // empty: the region's own
};
QueuePlace place_of_queue(std::string_view queue_url);

}  // namespace twinshift::app
