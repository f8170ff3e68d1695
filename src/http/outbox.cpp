#include "http/outbox.hpp"

#include <utility>

#include "base/assert.hpp"
#include "http/response_text.hpp"

namespace twinshift::http {

Responder::Responder(std::shared_ptr<Sink> sink) : sink_(std::move(sink)) {}
Responder::Responder(Responder&&) noexcept = default;

Responder& Responder::operator=(Responder&& other) noexcept {
  Responder former(std::move(*this));  // answers 500 where it has not answered
  sink_ = std::move(other.sink_);
  return *this;
}

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

Responder::~Responder() {
  if (sink_) send(error_response(500, "The request was dropped without an answer"));
}

void Responder::send(Response response) {
  if (const auto sink = std::move(sink_)) sink->send(std::move(response));
}

std::shared_ptr<Stream> Responder::stream(Response head) {
  TWINSHIFT_ASSERT(sink_ != nullptr);
  head.streams = true;
  const std::shared_ptr<Sink> sink = sink_;
  send(std::move(head));
  return sink->stream();
}

void Outbox::put(Entry entry) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  entries_.push_back(std::move(entry));
  // Under the lock, so that close() excludes a wake that comes too late.
  if (entries_.size() == 1) wake_();
}

void Outbox::take_all(std::vector<Entry>& into) {
  into.clear();
  const std::lock_guard lock(mutex_);
  entries_.swap(into);
}

void Outbox::close() {
  std::vector<Entry> dropped;
  const std::lock_guard lock(mutex_);
  closed_ = true;
  entries_.swap(dropped);
}

}  // namespace twinshift::http
