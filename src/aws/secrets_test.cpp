// Nothing secret in any text: every way to credentials meets servers and files that go wrong and quote all they were
// told, and every error and log line is searched for what must not be there.
#include <mutex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aws/container.hpp"
#include "aws/environment_fetcher.hpp"
#include "aws/instance_metadata.hpp"
#include "aws/profile_source.hpp"
#include "aws/redshift_login.hpp"
#include "aws/surroundings_testing.hpp"
#include "aws/web_identity.hpp"
#include "base/json_text.hpp"
#include "base/log.hpp"

namespace twinshift::aws {
namespace {

using testing_files::FixedSource;
using testing_files::kCanary;
using testing_files::ScriptedServer;
using testing_files::SeenRequest;
using testing_files::Surroundings;

std::string as_xml(const std::string& text) {
  std::string safe;
  for (const char c : text) safe += c == '<' || c == '&' ? ' ' : c;
  return "<ErrorResponse><Error><Code>Odd</Code><Message>" + safe + "</Message></Error></ErrorResponse>";
}

std::string as_json(const std::string& text) {
  return base::JsonObject().add("__type", "Odd").add("Code", "Odd").add("message", text).text();
}

// What a server makes of a request's body: `form` picks how it is quoted.
std::string quoted(const SeenRequest& request, int form) {
  const std::string text = request.body + " " + request.header(form < 2 ? "X-Amz-Security-Token" : "Authorization");
  switch (form % 4) {
    case 0:
      return as_xml(text);
    case 1:
      return as_json(text);
    case 2:
      return text;
    default:
      return "<html><body>" + text + "</body></html>";
  }
}

class Secrets : public testing::Test {
 protected:
  Secrets() {
    base::log::set_level(base::log::Level::trace);
    base::log::set_sink([this](std::string_view line) { keep(std::string(line)); });
  }
  ~Secrets() override {
    base::log::set_sink({});
    base::log::set_level(base::log::Level::info);
  }

  void keep(std::string text) {
    const std::lock_guard lock(mutex_);
    texts_.push_back(std::move(text));
  }
  template <class T>
  void keep_error(const base::Result<T>& result) {
    if (!result) {
      keep(result.error().text());
      ++errors_;
    }
  }
  void keep_fetch(const MaybeFetcher& fetcher) {
    keep_error(fetcher);
    if (fetcher && *fetcher) keep_error((*fetcher)->fetch({}));
  }
  void expect_none(std::size_t errors_least) {
    EXPECT_GE(errors_, errors_least);
    for (const std::string& text : texts_) EXPECT_EQ(text.find(kCanary), std::string::npos) << text;
  }

  std::mutex mutex_;
  std::vector<std::string> texts_;
  std::size_t errors_ = 0;
};

void set_up(Surroundings& here) {
  here.variables.set("AWS_WEB_IDENTITY_TOKEN_FILE", here.folder.write("token", "canary-jwt"));
  here.variables.set("AWS_ROLE_ARN", "arn:aws:iam::1:role/r");
  here.variables.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", here.server->url() + "/canary");
  here.variables.set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "canary-agent");
  here.variables.set("AWS_EC2_METADATA_DISABLED", "");
  here.variables.set("AWS_EC2_METADATA_SERVICE_ENDPOINT", here.server->url());
  static_cast<void>(here.folder.write("home/.aws/credentials",
                                      "[base]\naws_access_key_id = AK\naws_secret_access_key = canary\n"
                                      "[role]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = base\n"));
}

RedshiftLoginOptions login(const Surroundings& here, bool serverless) {
  RedshiftLoginOptions out;
  (serverless ? out.workgroup : out.cluster) = "events";
  out.database = "dev";
  out.subject = "secondary Redshift";
  out.region = "us-west-2";
  out.endpoint = here.server->url();
  out.environment = here.variables.environment();
  out.credentials = std::make_shared<FixedSource>("AK");
  out.http = here.http;
  out.clock = &here.clock;
  return out;
}

TEST_F(Secrets, AreInNoTextWhateverAServerSays) {
  for (const int status : {200, 400, 403, 404}) {
    for (int form = 0; form < 4; ++form) {
      Surroundings here(
          [status, form](const SeenRequest& request) { return ScriptedServer::answer(status, quoted(request, form)); });
      set_up(here);
      ChainOptions by_profile = here.options();
      by_profile.profile = "role";
      keep_fetch(web_identity_of_environment(here.options()));
      keep_fetch(container_fetcher(here.options()));
      keep_fetch(instance_metadata_fetcher(here.options()));
      keep_error(make_credential_chain(by_profile)->get());
      keep_error(make_credential_chain(here.options())->get());
      for (const bool serverless : {false, true}) keep_error(RedshiftLogin(login(here, serverless)).get());
    }
  }
  expect_none(std::size_t{4} * 4 * 7);
}

TEST_F(Secrets, AreInNoTextWhereTheMetadataServiceBreaksHalfWay) {
  for (const std::string_view broken : {"/security-credentials/ ", "/security-credentials/web "}) {
    for (int form = 0; form < 4; ++form) {
      Surroundings here([broken, form](const SeenRequest& request) {
        if (request.head.find(broken) != std::string::npos) return ScriptedServer::answer(200, quoted(request, form));
        return ScriptedServer::answer(200, request.head.starts_with("PUT ") ? "canary-key" : "web");
      });
      set_up(here);
      keep_fetch(instance_metadata_fetcher(here.options()));
    }
  }
  expect_none(8);
}

TEST_F(Secrets, AreInNoTextWhereFilesAndVariablesAreWrong) {
  Surroundings here(std::string("HTTP/1.1 500 X\r\n\r\n"));
  for (const std::string_view file :
       {"canary\n", "[base]\ncanary\n", "[base]\naws_secret_access_key = canary\n",
        "[base]\naws_access_key_id = AK\naws_secret_access_key = canary canary\n", "[base\ncanary",
        "[base]\ncredential_process = 'canary\n", "[base]\ncredential_process = false canary\n",
        "[base]\ncredential_process = echo canary\n"}) {
    static_cast<void>(here.folder.write("home/.aws/credentials", file));
    ChainOptions options = here.options();
    options.profile = "base";
    keep_fetch(profile_fetcher(options));
  }
  here.variables.set("AWS_SECRET_ACCESS_KEY", "canary");
  keep_fetch(environment_fetcher(here.variables.environment()));
  here.variables.set("AWS_ACCESS_KEY_ID", "canary\r\n");
  keep_fetch(environment_fetcher(here.variables.environment()));
  expect_none(10);
}

}  // namespace
}  // namespace twinshift::aws
