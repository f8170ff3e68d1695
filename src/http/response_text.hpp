// Answers as text, ready to be sent in one write.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/server.hpp"

namespace twinshift::http {

std::string_view reason_phrase(int status);

// {"success":false,"error":"..."}
Response error_response(int status, std::string_view error);

struct AnswerShape {
  bool close = false;      // say "Connection: close"
  bool http_1_0 = false;   // otherwise HTTP/1.0 is told that the connection stays
  bool head_only = false;  // the answer to HEAD: the body's length without the body
};

// Appends the whole message. Header values are ours: a line break in one is a mistake of ours and asserts.
void append_response(std::string& out, const Response& response, const AnswerShape& shape, std::string_view date);

// "Sun, 06 Nov 1994 08:49:37 GMT", made once a second. One object a thread.
class DateText {
 public:
  std::string_view now();

 private:
  std::int64_t second_ = -1;
  std::string text_;
};

}  // namespace twinshift::http
