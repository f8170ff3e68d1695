#include "aws/metadata_request.hpp"

#include <utility>

namespace twinshift::aws {

curl::Request metadata_request(std::string method, std::string url, std::chrono::milliseconds timeout) {
  curl::Request request;
  request.method = std::move(method);
  request.url = std::move(url);
  request.connect_timeout = timeout;
  request.timeout = timeout;
  request.answer_bytes_max = kMetadataBytesMax;
  request.may_use_proxy = false;
  return request;
}

std::string said(const curl::Failure& failure) {
  using Kind = curl::Failure::Kind;
  switch (failure.kind) {
    case Kind::cannot_resolve:
      return "has no address";
    case Kind::cannot_connect:
      return "cannot be connected to";
    case Kind::connect_timeout:
    case Kind::timeout:
      return "does not answer in time";
    case Kind::tls:
      return "gives no secure connection";
    case Kind::broken:
      return "broke off its answer";
    case Kind::too_large:
      return "answers more than it should";
    case Kind::cancelled:
      return "was not waited for: we are stopping";
    case Kind::invalid:
      return "cannot be asked: its URL is none";
  }
  return "does not answer";
}

}  // namespace twinshift::aws
