#include "app/event_sender.hpp"

#include <optional>
#include <string_view>
#include <utility>

#include "curl/http_client.hpp"

namespace twinshift::app {
namespace {

using base::ErrorKind;

class PlainSender final : public EventSender {
 public:
  PlainSender(http::Url url, http::ClientHeaders headers) : url_(std::move(url)), headers_(std::move(headers)) {}

  base::Result<int> post(const std::string& body) override {
    if (!client_ || !client_->usable()) {
      auto connected = http::Client::connect(url_.host, url_.port, kSendMax);
      if (!connected) return base::fail(std::move(connected.error()));
      client_.emplace(std::move(*connected));
    }
    auto answer = client_->request("POST", url_.path, body, headers_);
    if (answer) return answer->status;
    client_.reset();
    return base::fail(std::move(answer.error()));
  }

 private:
  const http::Url url_;
  const http::ClientHeaders headers_;
  std::optional<http::Client> client_;
};

// The connections are the client's, which all senders share.
class TlsSender final : public EventSender {
 public:
  TlsSender(std::shared_ptr<curl::HttpClient> client, curl::Request request)
      : client_(std::move(client)), request_(std::move(request)) {}

  base::Result<int> post(const std::string& body) override {
    request_.body = body;
    const auto answer = client_->send(request_);
    if (answer) return answer->status;
    const curl::Failure& failure = answer.error();
    if (failure.kind == curl::Failure::Kind::tls) {
      return base::fail(ErrorKind::invalid, "No secure connection: " + failure.detail, "https",
                        "Name the authority that signed the certificate with --ca FILE, and in --url a host that the "
                        "certificate names");
    }
    return base::fail(failure.sent ? ErrorKind::unknown_outcome : ErrorKind::unavailable, failure.detail, "https",
                      "Check that the service runs and listens there");
  }

 private:
  const std::shared_ptr<curl::HttpClient> client_;
  curl::Request request_;
};

}  // namespace

base::Result<MakeSender> sender_to(const std::string& url, const std::string& ca_file, http::ClientHeaders headers) {
  constexpr std::string_view kSecure = "https://";
  const bool is_secure = url.starts_with(kSecure);
  // The same rules for both, and the same words where one is broken.
  auto parsed = http::parse_url(is_secure ? "http://" + url.substr(kSecure.size()) : url);
  if (!parsed) return base::fail(std::move(parsed.error()));
  if (!is_secure) {
    return [parsed = std::move(*parsed), headers = std::move(headers)] {
      return std::make_unique<PlainSender>(parsed, headers);
    };
  }
  curl::Request request{.url = url, .headers = {}, .body = {}, .connect_timeout = kSendMax, .timeout = kSendMax};
  for (auto& [name, value] : headers) request.headers.push_back({std::move(name), std::move(value)});
  auto client = std::make_shared<curl::HttpClient>(curl::HttpClientOptions{.ca_file = ca_file});
  return [client = std::move(client), request = std::move(request)] {
    return std::make_unique<TlsSender>(client, request);
  };
}

}  // namespace twinshift::app
