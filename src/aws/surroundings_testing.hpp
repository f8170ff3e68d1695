// For tests of the ways to credentials: files, variables, a clock that stands still, and one server that plays STS,
// container agent, metadata service or control plane by a function.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/credential_chain.hpp"
#include "aws/credential_fetcher.hpp"
#include "aws/files_testing.hpp"
#include "curl/scripted_server_testing.hpp"
#include "tests/support/manual_clock.hpp"

namespace twinshift::aws::testing_files {

using curl::ScriptedServer;
using curl::SeenRequest;

// What must never show in a text: each secret in these tests holds it.
inline constexpr std::string_view kCanary = "canary";

inline std::string sts_answer(std::string_view operation, std::string_view id, std::string_view end) {
  const std::string name(operation);
  return "<" + name + "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><" + name +
         "Result><Credentials><AccessKeyId>" + std::string(id) +
         "</AccessKeyId><SecretAccessKey>canary-secret</SecretAccessKey><SessionToken>canary-token</SessionToken>"
         "<Expiration>" +
         std::string(end) + "</Expiration></Credentials></" + name + "Result></" + name + "Response>";
}

inline std::string sts_error(std::string_view code, std::string_view message) {
  return "<ErrorResponse><Error><Type>Sender</Type><Code>" + std::string(code) + "</Code><Message>" +
         std::string(message) + "</Message></Error><RequestId>r-1</RequestId></ErrorResponse>";
}

inline std::string json_answer(std::string_view id, std::string_view end = "2024-01-01T18:00:00Z") {
  return R"({"Code":"Success","AccessKeyId":")" + std::string(id) +
         R"(","SecretAccessKey":"canary-secret","Token":"canary-token","Expiration":")" + std::string(end) + "\"}";
}

struct Surroundings {
  explicit Surroundings(ScriptedServer::Script script) : server(std::make_unique<ScriptedServer>(std::move(script))) {
    variables.set("HOME", folder.path("home"));
    variables.set("AWS_REGION", "eu-west-1");
    variables.set("AWS_ENDPOINT_URL_STS", server->url());
    variables.set("AWS_EC2_METADATA_DISABLED", "true");
  }
  // The same answer to all.
  explicit Surroundings(std::string answer)
      : Surroundings([answer = std::move(answer)](const SeenRequest&) { return answer; }) {}

  [[nodiscard]] ChainOptions options() const {
    ChainOptions out;
    out.environment = variables.environment();
    out.http = http;
    out.clock = &clock;
    return out;
  }
  // Of the last request.
  [[nodiscard]] SeenRequest last() { return server->seen().back(); }
  // For who adds members that the script uses: the server ends before they do.
  void stop() { server.reset(); }

  Folder folder;
  Variables variables{};
  tests::ManualClock clock;  // 2024-01-01 12:00 UTC
  std::shared_ptr<curl::HttpClient> http = std::make_shared<curl::HttpClient>();
  std::unique_ptr<ScriptedServer> server;
};

// The key's id, or the error's text; a fetcher that is none says so.
inline std::string told(const base::Result<Credentials>& got) {
  return got ? got->access_key_id : "error: " + got.error().text();
}
inline std::string told(const MaybeFetcher& fetcher) {
  if (!fetcher) return "error: " + fetcher.error().text();
  return *fetcher ? told((*fetcher)->fetch({})) : "not configured";
}

class FixedSource final : public CredentialSource {
 public:
  explicit FixedSource(std::string id) : id_(std::move(id)) {}
  base::Result<Credentials> get() override {
    return Credentials{.access_key_id = id_,
                       .secret_access_key = "canary-base-secret",
                       .session_token = "canary-base-token",
                       .expires_at = std::nullopt,
                       .source = "test"};
  }
  void refuse(const Credentials& /*credentials*/) override { ++refusals; }
  std::atomic<int> refusals{0};

 private:
  const std::string id_;
};

}  // namespace twinshift::aws::testing_files
