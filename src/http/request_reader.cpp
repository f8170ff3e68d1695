#include "http/request_reader.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include "http/target.hpp"

namespace twinshift::http {
namespace {

namespace bhttp = boost::beast::http;
using Code = boost::beast::error_code;
using View = boost::beast::string_view;

// A body's announced length is taken on trust for this much memory only; the rest is taken as it arrives.
constexpr std::size_t kBodyReserveMax = 16 * 1024;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
std::string lowered(View text) {
  std::string out(text.data(), text.size());
  std::ranges::transform(out, out.begin(), lower);
  return out;
}
bool same_ignoring_case(std::string_view lower_case, View text) {
  return lower_case.size() == text.size() &&
         std::equal(text.begin(), text.end(), lower_case.begin(), [](char a, char b) { return lower(a) == b; });
}

std::string describe(const Code& code) {
  if (code == bhttp::error::bad_version) return "only HTTP/1.0 and HTTP/1.1 are served here";
  if (code == bhttp::error::bad_method) return "its method is malformed";
  if (code == bhttp::error::bad_target) return "its target is malformed";
  if (code == bhttp::error::bad_field || code == bhttp::error::bad_value || code == bhttp::error::bad_obs_fold) {
    return "one of its header lines is malformed";
  }
  if (code == bhttp::error::bad_content_length || code == bhttp::error::multiple_content_length) {
    return "its Content-Length is malformed or contradicts another header";
  }
  if (code == bhttp::error::bad_transfer_encoding) return "its Transfer-Encoding contradicts another header";
  if (code == bhttp::error::bad_chunk || code == bhttp::error::bad_chunk_extension) return "its chunks are malformed";
  if (code == bhttp::error::bad_line_ending) return "its lines do not end with CR LF";
  return "it does not follow HTTP/1.1";
}

// Keeps what a request needs and nothing else: Beast's own containers allocate once a header line.
class Parser final : public bhttp::basic_parser<true> {
 public:
  Parser(const RequestReader::Limits& limits, const std::vector<std::string>& headers_kept, Request& request,
         RequestReader::Fault& fault)
      : limits_(limits), headers_kept_(headers_kept), request_(request), fault_(fault) {
    eager(true);
    header_limit(static_cast<std::uint32_t>(limits.header_bytes_max));
    body_limit(boost::none);  // ours, so that the refusal can say what is allowed
  }

  bool http_1_0 = false;
  bool expects_continue = false;
  bool head_over = false;
  std::string content_encoding;

 private:
  void refuse(Code& code, int status, std::string text, bool body_follows = false) {
    fault_ = {status, std::move(text), body_follows};
    code = bhttp::error::bad_value;
  }
  void refuse_large(Code& code, bool body_follows) {
    refuse(code, 413, "The body is too large: at most " + std::to_string(limits_.body_bytes_max) + " bytes are taken",
           body_follows);
  }

  void on_request_impl(bhttp::verb /*method*/, View method, View target, int version, Code& /*code*/) override {
    request_.method.assign(method.data(), method.size());
    split_target({target.data(), target.size()}, request_.path, request_.query);
    http_1_0 = version == 10;
  }

  void on_response_impl(int /*status*/, View /*reason*/, int /*version*/, Code& /*code*/) override {}

  void on_field_impl(bhttp::field field, View name, View value, Code& code) override {
    if (head_over) return;  // a trailer: checked by the parser, of no use to us
    if (field == bhttp::field::transfer_encoding && !same_ignoring_case("chunked", value)) {
      return refuse(code, 501, "This Transfer-Encoding is not known here: send chunked or a Content-Length");
    }
    if (field == bhttp::field::transfer_encoding && http_1_0) {
      return refuse(code, 400, "Malformed request: HTTP/1.0 has no Transfer-Encoding");
    }
    if (field == bhttp::field::content_encoding) {
      // More than one line is a list of encodings, hence one that is not known.
      content_encoding += content_encoding.empty() ? lowered(value) : "," + lowered(value);
    }
    if (field == bhttp::field::expect && !http_1_0) {
      if (!same_ignoring_case("100-continue", value)) return refuse(code, 417, "Only Expect: 100-continue is known");
      expects_continue = true;
    }
    for (const auto& kept : headers_kept_) {
      if (same_ignoring_case(kept, name)) request_.headers.emplace_back(kept, std::string(value.data(), value.size()));
    }
  }

  void on_header_impl(Code& code) override {
    head_over = true;
    const auto length = content_length();
    if (!length) return;
    if (*length > limits_.body_bytes_max) return refuse_large(code, true);
    request_.body.reserve(std::min<std::size_t>(*length, kBodyReserveMax));
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>& /*length*/, Code& /*code*/) override {}
  std::size_t on_body_impl(View body, Code& /*code*/) override {
    request_.body.append(body.data(), body.size());
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t size, View /*extensions*/, Code& code) override {
    if (size > limits_.body_bytes_max - request_.body.size()) refuse_large(code, false);
  }
  std::size_t on_chunk_body_impl(std::uint64_t /*remain*/, View body, Code& /*code*/) override {
    request_.body.append(body.data(), body.size());
    return body.size();
  }
  void on_finish_impl(Code& /*code*/) override {}

  const RequestReader::Limits& limits_;
  const std::vector<std::string>& headers_kept_;
  Request& request_;
  RequestReader::Fault& fault_;
};

}  // namespace

struct RequestReader::Impl {
  explicit Impl(const Limits& l) : limits(l) { begin(); }

  void begin() {
    limits.headers_kept.refresh(headers_kept, headers_version);
    parser.emplace(limits, *headers_kept, request, fault);
  }

  Progress refused(std::size_t used, int status, std::string text) {
    if (fault.status == 0) fault = {status, std::move(text), false};
    return {Step::refused, used};
  }

  const Limits& limits;
  KeptHeaders::Names headers_kept;
  std::uint64_t headers_version = 0;
  Request request;
  Fault fault;
  std::size_t head_bytes = 0;
  std::optional<Parser> parser;
};

RequestReader::RequestReader(const Limits& limits) : impl_(std::make_unique<Impl>(limits)) {}
RequestReader::~RequestReader() = default;

RequestReader::Progress RequestReader::feed(std::string_view input) {
  Impl& m = *impl_;
  Code code;
  const std::size_t used = m.parser->put(boost::asio::const_buffer(input.data(), input.size()), code);
  if (code == bhttp::error::header_limit) return m.refused(used, 431, "The request's head is too large");
  if (code && code != bhttp::error::need_more) return m.refused(used, 400, "Malformed request: " + describe(code));
  if (m.parser->is_done()) return {Step::complete, used};
  // Beast bounds the request line and the header lines each by itself, and chunk headers and trailers not at all.
  if (!m.parser->head_over) m.head_bytes += used;
  const std::size_t waiting = input.size() - used + (m.parser->head_over ? 0 : m.head_bytes);
  if (waiting > m.limits.header_bytes_max) {
    return m.refused(used, 431, "The request's head, a chunk's head or the trailers are too large");
  }
  return {Step::need_more, used};
}

void RequestReader::reset() {
  impl_->request = Request();
  impl_->fault = Fault();
  impl_->head_bytes = 0;
  impl_->begin();
}

bool RequestReader::head_done() const {
  return impl_->parser->head_over;
}
bool RequestReader::expects_continue() const {
  return impl_->parser->expects_continue;
}
bool RequestReader::http_1_0() const {
  return impl_->parser->http_1_0;
}
bool RequestReader::keep_alive() const {
  return impl_->parser->is_header_done() && impl_->parser->keep_alive();
}
const std::string& RequestReader::content_encoding() const {
  return impl_->parser->content_encoding;
}
const RequestReader::Fault& RequestReader::fault() const {
  return impl_->fault;
}
Request& RequestReader::request() {
  return impl_->request;
}

}  // namespace twinshift::http
