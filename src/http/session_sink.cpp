// Of a session: the way of an answer from any thread to its io thread.
#include <utility>

#include "http/session.hpp"

namespace twinshift::http {

void SessionSink::push(std::shared_ptr<const std::string> message) {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(pushed_, std::move(message)) != nullptr) return;
  }
  outbox_->put({shared_from_this(), std::nullopt});
}

std::shared_ptr<const std::string> SessionSink::take_pushed() {
  const std::lock_guard lock(mutex_);
  return std::exchange(pushed_, nullptr);
}

void SessionSink::send(Response response) {
  if (outbox_->on_io_thread() && session_ != nullptr && session_->answered_in_handler(response)) return;
  outbox_->put({shared_from_this(), std::move(response)});
}

}  // namespace twinshift::http
