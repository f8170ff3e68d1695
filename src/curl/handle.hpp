// One easy handle with a multi handle of its own, so that a wait can be ended from another thread. One exchange at a
// time; its connections live as long as it does.
#pragma once

#include <curl/curl.h>
#include <expected>
#include <memory>
#include <stop_token>
#include <string>

#include "curl/http_client.hpp"

namespace twinshift::curl {

class Handle {
 public:
  Handle();
  ~Handle();
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  std::expected<Response, Failure> send(const Request& request, const std::string& ca_file,
                                        const std::stop_token& stop);

 private:
  struct ListFree {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };
  struct Receiving;
  void set(const Request& request, const std::string& ca_file, Receiving& receiving);
  void set_body(const Request& request);
  bool set_headers(const Request& request);
  CURLcode run(const std::stop_token& stop, bool& cancelled);
  Failure failure(CURLcode code, bool too_large, bool cancelled);
  static std::size_t take_body(char* data, std::size_t size, std::size_t count, void* receiving);
  static std::size_t take_header(char* data, std::size_t size, std::size_t count, void* receiving);

  CURL* easy_;
  CURLM* multi_;
  std::unique_ptr<curl_slist, ListFree> headers_;
  std::string error_;
};

}  // namespace twinshift::curl
