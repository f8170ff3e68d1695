#include "curl/handle.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace twinshift::curl {
namespace {

// How long one wait lasts at most; a stop or bytes end it earlier.
constexpr int kPollMs = 1'000;

void init_once() {
  static const CURLcode done = curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)done;
}

bool has_line_break(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

Failure::Kind kind_of(CURLcode code, bool connected) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return Failure::Kind::cannot_resolve;
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY:
      return Failure::Kind::cannot_connect;
    case CURLE_OPERATION_TIMEDOUT:
      return connected ? Failure::Kind::timeout : Failure::Kind::connect_timeout;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
      return Failure::Kind::tls;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return Failure::Kind::invalid;
    default:
      return Failure::Kind::broken;
  }
}

}  // namespace

struct Handle::Receiving {
  Response response;
  std::size_t bytes_max;
  bool too_large = false;
};

Handle::Handle() : easy_((init_once(), curl_easy_init())), multi_(curl_multi_init()), error_(CURL_ERROR_SIZE, '\0') {}

Handle::~Handle() {
  curl_easy_cleanup(easy_);
  curl_multi_cleanup(multi_);
}

std::size_t Handle::take_body(char* data, std::size_t size, std::size_t count, void* receiving) {
  auto& into = *static_cast<Receiving*>(receiving);
  const std::size_t bytes = size * count;
  if (into.response.body.size() + bytes > into.bytes_max) {
    into.too_large = true;
    return 0;
  }
  into.response.body.append(data, bytes);
  return bytes;
}

std::size_t Handle::take_header(char* data, std::size_t size, std::size_t count, void* receiving) {
  constexpr std::size_t kHeadersMax = 200;
  auto& headers = static_cast<Receiving*>(receiving)->response.headers;
  std::string_view line(data, size * count);
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) headers.clear();  // of a 100 or of a proxy: the real ones follow
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos && headers.size() < kHeadersMax) {
    std::string_view value = line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    headers.push_back({std::string(line.substr(0, colon)), std::string(value)});
  }
  return size * count;
}

bool Handle::set_headers(const Request& request) {
  headers_.reset();
  curl_slist* list = nullptr;
  for (const Header& header : request.headers) {
    if (has_line_break(header.name) || has_line_break(header.value)) {
      curl_slist_free_all(list);
      return false;
    }
    // "Name;" is how libcurl is told to send an empty value.
    const std::string line = header.value.empty() ? header.name + ';' : header.name + ": " + header.value;
    list = curl_slist_append(list, line.c_str());
  }
  list = curl_slist_append(list, "Expect:");  // a body of 1 MiB need not wait for a 100
  headers_.reset(list);
  return true;
}

void Handle::set_body(const Request& request) {
  if (request.method == "GET") return;
  curl_easy_setopt(easy_, CURLOPT_POST, 1L);
  curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, request.body.data());
  if (request.method != "POST") curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

void Handle::set(const Request& request, const std::string& ca_file, Receiving& receiving) {
  curl_easy_reset(easy_);
  curl_easy_setopt(easy_, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout.count()));
  curl_easy_setopt(easy_, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers_.get());
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &Handle::take_body);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, &receiving);
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &Handle::take_header);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, &receiving);
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, error_.data());
  if (!request.may_use_proxy) curl_easy_setopt(easy_, CURLOPT_PROXY, "");
  if (!ca_file.empty()) curl_easy_setopt(easy_, CURLOPT_CAINFO, ca_file.c_str());
  if (!request.checks_certificate) {
    curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy_, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  set_body(request);
}

CURLcode Handle::run(const std::stop_token& stop, bool& cancelled) {
  curl_multi_add_handle(multi_, easy_);
  CURLcode code = CURLE_OK;
  {
    const std::stop_callback wake(stop, [this] { curl_multi_wakeup(multi_); });
    int running = 1;
    while (running > 0 && !cancelled) {
      if (curl_multi_perform(multi_, &running) != CURLM_OK) code = CURLE_FAILED_INIT;
      if (code != CURLE_OK) break;
      cancelled = running > 0 && stop.stop_requested();
      if (running > 0 && !cancelled) curl_multi_poll(multi_, nullptr, 0, kPollMs, nullptr);
    }
  }
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg == CURLMSG_DONE) code = message->data.result;
  }
  curl_multi_remove_handle(multi_, easy_);
  return code;
}

Failure Handle::failure(CURLcode code, bool too_large, bool cancelled) {
  long request_bytes = 0;
  curl_off_t ready_us = 0;
  curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &request_bytes);
  curl_easy_getinfo(easy_, CURLINFO_PRETRANSFER_TIME_T, &ready_us);
  Failure failure;
  failure.sent = request_bytes > 0;
  failure.kind = kind_of(code, ready_us > 0);
  if (too_large) failure.kind = Failure::Kind::too_large;
  if (cancelled) failure.kind = Failure::Kind::cancelled;
  failure.detail = error_.substr(0, error_.find('\0'));  // libcurl wrote a C string into it
  if (failure.detail.empty()) failure.detail = cancelled ? "we are stopping" : curl_easy_strerror(code);
  return failure;
}

std::expected<Response, Failure> Handle::send(const Request& request, const std::string& ca_file,
                                              const std::stop_token& stop) {
  Receiving receiving{.response = {}, .bytes_max = request.answer_bytes_max};
  std::ranges::fill(error_, '\0');
  if (!set_headers(request)) {
    return std::unexpected(Failure{Failure::Kind::invalid, false, "a header holds a line break"});
  }
  set(request, ca_file, receiving);
  bool cancelled = false;
  const CURLcode code = run(stop, cancelled);
  if (cancelled || code != CURLE_OK) return std::unexpected(failure(code, receiving.too_large, cancelled));
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  receiving.response.status = static_cast<int>(status);
  return std::move(receiving.response);
}

}  // namespace twinshift::curl
