// Bytes in, one request out: HTTP/1.x parsing and its limits, without sockets. This header does not know Boost.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "http/kept_headers.hpp"
#include "http/server.hpp"

namespace twinshift::http {

// Used by one connection, on its io thread.
class RequestReader {
 public:
  struct Limits {
    std::size_t header_bytes_max;
    std::size_t body_bytes_max;
    const KeptHeaders& headers_kept;
  };
  enum class Step { need_more, complete, refused };
  struct Progress {
    Step step;
    std::size_t used;  // bytes of the input that are done with; what is left must be fed again, with more behind it
  };
  // Why a request was refused. The place in the stream is lost with it, so the connection must end.
  struct Fault {
    int status = 0;
    std::string text;
    bool body_follows = false;  // too long by its own Content-Length: the body has not been read yet
  };

  // `limits` must outlive the reader.
  explicit RequestReader(const Limits& limits);
  ~RequestReader();
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  // `input` is what was left last time and what came since. After complete or refused: reset() first.
  Progress feed(std::string_view input);
  void reset();

  [[nodiscard]] bool head_done() const;
  // The head asked for "100 Continue" and the body is still to come.
  [[nodiscard]] bool expects_continue() const;
  [[nodiscard]] bool http_1_0() const;
  // Valid once the head is done: the client wants the connection to stay.
  [[nodiscard]] bool keep_alive() const;
  // Lower case; empty where the header was missing.
  [[nodiscard]] const std::string& content_encoding() const;
  [[nodiscard]] const Fault& fault() const;
  // As far as it has been read; may be moved from.
  [[nodiscard]] Request& request();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace twinshift::http
