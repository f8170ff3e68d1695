// Posts events to one URL, http or https. Of one sender, one thread at a time; it blocks up to kSendMax.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "http/client.hpp"

namespace twinshift::app {

inline constexpr std::chrono::seconds kSendMax{10};

class EventSender {
 public:
  virtual ~EventSender() = default;
  // The answer's status. Errors: invalid (no retry mends it: the certificate), else those of http::Client.
  virtual base::Result<int> post(const std::string& body) = 0;
};

using MakeSender = std::function<std::unique_ptr<EventSender>()>;

// `ca_file`: PEM file of the authority that signed an https server's certificate; empty: the system's. Errors: invalid
// (the URL).
base::Result<MakeSender> sender_to(const std::string& url, const std::string& ca_file, http::ClientHeaders headers);

}  // namespace twinshift::app
