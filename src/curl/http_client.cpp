#include "curl/http_client.hpp"

#include <algorithm>
#include <mutex>

#include "curl/handle.hpp"

namespace twinshift::curl {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::string_view Response::header(std::string_view name) const {
  for (const Header& header : headers) {
    if (std::ranges::equal(header.name, name, {}, lower, lower)) return header.value;
  }
  return {};
}

class HttpClient::Pool {
 public:
  explicit Pool(HttpClientOptions options) : options_(std::move(options)) {}

  std::unique_ptr<Handle> take() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        auto handle = std::move(idle_.back());  // the last one used: its connection is the likeliest to be alive
        idle_.pop_back();
        return handle;
      }
    }
    return std::make_unique<Handle>();
  }

  void give_back(std::unique_ptr<Handle> handle) {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < options_.idle_handles_max) idle_.push_back(std::move(handle));
  }

  [[nodiscard]] const std::string& ca_file() const { return options_.ca_file; }

 private:
  const HttpClientOptions options_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Handle>> idle_;  // guarded by mutex_
};

HttpClient::HttpClient(HttpClientOptions options) : pool_(std::make_unique<Pool>(std::move(options))) {}

HttpClient::~HttpClient() = default;

std::expected<Response, Failure> HttpClient::send(const Request& request, std::stop_token stop) {
  auto handle = pool_->take();
  auto answer = handle->send(request, pool_->ca_file(), stop);
  pool_->give_back(std::move(handle));
  return answer;
}

}  // namespace twinshift::curl
