// `twinshift health`: asks the running service over HTTP, for health checks where there is neither a shell nor curl.
#include <chrono>
#include <cstdio>
#include <string>

#include <fmt/format.h>

#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/own_url.hpp"
#include "app/terminal_text.hpp"
#include "curl/http_client.hpp"

namespace twinshift::app {
namespace {

constexpr std::size_t kAnswerBytesMax = 1'048'576;
constexpr std::size_t kAnswerShownMax = 2'000;  // Docker keeps 4,096 bytes of a health check's words

curl::Request request_to(std::string url) {
  curl::Request request;
  request.method = "GET";
  request.url = std::move(url);
  request.connect_timeout = kHealthMax;
  request.timeout = kHealthMax;
  request.answer_bytes_max = kAnswerBytesMax;
  request.may_use_proxy = false;
  // The certificate names the host that senders use, not this address; and nothing secret is sent.
  request.checks_certificate = false;
  return request;
}

int failed(const std::string& why) {
  std::fprintf(stderr, "twinshift: %s\n", why.c_str());
  return kExitFailed;
}

}  // namespace

int run_health(const config::Settings& settings, bool ready) {
  const auto url = own_url(settings, ready ? "/ready" : "/health");
  if (!url) return failed(url.error().text());
  const auto answer = curl::HttpClient().send(request_to(*url));
  if (!answer) {
    return failed(fmt::format("{} does not answer: {}. Check that the service runs, and here with its HOST and PORT",
                              *url, printable(answer.error().detail)));
  }
  const std::string body = printable(shortened(answer->body, kAnswerShownMax));
  if (answer->status != 200) {
    return failed(fmt::format("{} answered {}: {}. `twinshift doctor` and the service's log say more", *url,
                              answer->status, body));
  }
  std::printf("%s\n", body.c_str());
  return kExitOk;
}

}  // namespace twinshift::app
