#include "aws/container.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "aws/credential_json.hpp"
#include "aws/metadata_request.hpp"
#include "aws/plain_text.hpp"
#include "aws/small_file.hpp"

namespace twinshift::aws {
namespace {

using base::ErrorKind;

constexpr std::string_view kEcs = "http://169.254.170.2";
constexpr std::string_view kSource = "container";
constexpr std::string_view kHint = "Check that the task or pod has a role, and its agent's log";

// Of "http://host:port/path" the host, with its brackets where it has some; empty for what is written otherwise.
std::string_view plain_host(std::string_view url) {
  url.remove_prefix(url.find("://") + 3);
  const std::string_view authority = url.substr(0, url.find_first_of("/?#"));
  if (authority.find_first_of("@\\%") != std::string_view::npos) return {};  // not what it looks like
  if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1);
  return authority.substr(0, authority.find(':'));
}

bool is_loopback(std::string_view host) {
  constexpr std::string_view kFirst = "127.";
  const bool numbers = std::all_of(host.begin(), host.end(), [](char c) { return is_digit(c) || c == '.'; });
  return host == "localhost" || host == "[::1]" ||
         (host.starts_with(kFirst) && numbers && std::count(host.begin(), host.end(), '.') == 3);
}

bool may_repeat(const curl::Failure& failure) {
  using Kind = curl::Failure::Kind;
  return failure.kind != Kind::cancelled && failure.kind != Kind::invalid && failure.kind != Kind::too_large &&
         failure.kind != Kind::tls;
}

void pause(std::chrono::milliseconds duration, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any ended;
  std::unique_lock lock(mutex);
  ended.wait_for(lock, stop, duration, [] { return false; });
}

class ContainerFetcher final : public CredentialFetcher {
 public:
  ContainerFetcher(std::string url, const ChainOptions& surroundings)
      : url_(std::move(url)), environment_(surroundings.environment), http_(surroundings.http) {}

  base::Result<Credentials> fetch(std::stop_token stop) override {
    auto request = metadata_request("GET", url_, kContainerTimeout);
    request.headers.push_back({"Accept", "application/json"});
    auto token = authorization();
    if (!token) return base::fail(std::move(token.error()));
    if (!token->empty()) request.headers.push_back({"Authorization", std::move(*token)});
    for (int tries = 1;; ++tries) {
      const auto response = http_->send(request, stop);
      const bool again = response ? response->status >= 500 : may_repeat(response.error());
      if (!again || tries == kContainerTriesMax || stop.stop_requested()) return read(response);
      pause(kContainerPause * tries, stop);
    }
  }

 private:
  // Empty where none is set.
  base::Result<std::string> authorization() const {
    if (const std::string file = environment_("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); !file.empty()) {
      auto token = read_token_file(file);
      if (!token) token.error().kind = ErrorKind::unavailable;
      return token;
    }
    std::string token = environment_("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    if (!has_control_character(token)) return token;
    return base::fail(ErrorKind::invalid,
                      "AWS_CONTAINER_AUTHORIZATION_TOKEN holds a line end or another control character",
                      std::string(kSource), "Set it without");
  }

  base::Result<Credentials> read(const std::expected<curl::Response, curl::Failure>& response) const {
    if (!response) {
      const bool stopping = response.error().kind == curl::Failure::Kind::cancelled;
      return fail("The container credentials endpoint " + said(response.error()),
                  stopping ? ErrorKind::cancelled : ErrorKind::unavailable);
    }
    if (response->status == 200) {
      return read_credential_json(response->body,
                                  {.token_name = "Token", .source = std::string(kSource), .where = where()});
    }
    return fail("The container credentials endpoint answers HTTP " + std::to_string(response->status),
                ErrorKind::unavailable);
  }

  std::unexpected<base::Error> fail(std::string message, ErrorKind kind) const {
    return base::fail(kind, std::move(message), where(), std::string(kHint));
  }

  // Host only: the path behind it is as good as a key in older agents.
  [[nodiscard]] std::string where() const { return std::string(kSource) + ", " + std::string(plain_host(url_)); }

  const std::string url_;
  const Environment environment_;
  const std::shared_ptr<curl::HttpClient> http_;
};

}  // namespace

bool is_container_url(std::string_view url) {
  const bool secure = url.starts_with("https://");
  if (!secure && !url.starts_with("http://")) return false;
  if (std::any_of(url.begin(), url.end(), [](char c) { return c <= 0x20 || c >= 0x7F; })) return false;
  const std::string host = lower(plain_host(url));
  return !host.empty() && (secure || is_loopback(host) || host == "169.254.170.2" || host == "169.254.170.23" ||
                           host == "[fd00:ec2::23]");
}

MaybeFetcher container_fetcher(const ChainOptions& surroundings) {
  const std::string relative = surroundings.environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const std::string full = surroundings.environment("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (relative.empty() && full.empty()) return nullptr;
  // A relative one that does not begin with '/' could carry on the host's name.
  const std::string url = relative.empty() ? full : relative.starts_with('/') ? std::string(kEcs) + relative : "";
  if (is_container_url(url)) return std::make_unique<ContainerFetcher>(url, surroundings);
  return base::fail(ErrorKind::invalid, "The container credentials URI is none that the token may be sent to",
                    relative.empty() ? "AWS_CONTAINER_CREDENTIALS_FULL_URI" : "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                    "Over http only this machine, 169.254.170.2, 169.254.170.23 and [fd00:ec2::23] are asked; the "
                    "relative one begins with '/'");
}

}  // namespace twinshift::aws
