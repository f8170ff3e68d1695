// A temporary database login for the wire driver, by our AWS identity (Redshift API reference, GetClusterCredentials
// and GetClusterCredentialsWithIAM; Redshift Serverless API reference, GetCredentials). It guards the login only: a
// session that is open outlives it.
//
// Any thread; get() blocks its caller for a call of the control plane (redshift.<region>.amazonaws.com:443, which a
// closed network needs an interface endpoint of its own for), and whoever comes meanwhile.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "aws/client.hpp"
#include "aws/credentials.hpp"
#include "aws/environment.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "curl/http_client.hpp"

namespace twinshift::aws {

inline constexpr std::chrono::seconds kLoginDuration{3'600};  // the most that AWS gives; at least 900
// Renewed when less is left: the longest that a login may take to be used.
inline constexpr std::chrono::minutes kLoginLeft{3};
// However often a login is refused, a new one is asked for at most once in this time.
inline constexpr std::chrono::seconds kLoginEvery{30};
inline constexpr std::chrono::seconds kLoginTimeout{10};  // of one try of two

struct RedshiftLoginOptions {
  // One of the two.
  std::string cluster;
  std::string workgroup;
  std::string database;
  std::string user;  // clusters only; empty: the user that stands for our IAM identity
  std::chrono::seconds duration = kLoginDuration;
  std::string subject;  // for people: "secondary Redshift"
  std::string region;
  std::string endpoint;  // of the control plane; empty: AWS_ENDPOINT_URL_REDSHIFT(_SERVERLESS) and so on
  std::string profile;   // for that, too
  Environment environment;
  std::shared_ptr<CredentialSource> credentials;
  std::shared_ptr<curl::HttpClient> http;
  const base::Clock* clock = &base::system_clock();
  std::stop_token stop = {};
};

// Never logged. `user` as AWS gave it: "IAM:name", "IAMR:role".
struct Login {
  std::string user;
  std::string password;
  base::WallTime expires_at;
};

class RedshiftLogin {
 public:
  explicit RedshiftLogin(RedshiftLoginOptions options);

  // Errors: invalid (what is configured cannot work), unavailable (no answer, no credentials, a right is missing, the
  // cluster is unknown), throttled, cancelled. Texts name action, cluster and the IAM right, and no password.
  base::Result<Login> get();
  // The database did not take it: the next get() asks for another.
  void refuse();

 private:
  base::Result<Client*> client();
  base::Result<Login> fetch();

  const RedshiftLoginOptions options_;
  std::mutex mutex_;  // held while a login is fetched: all who come then need it
  std::unique_ptr<Client> client_;
  std::optional<Login> login_;
  base::SteadyTime asked_at_{};
  bool refused_ = false;
};

}  // namespace twinshift::aws
