#include "queue/drivers/sqlite/shelf.hpp"

#include <algorithm>
#include <utility>

namespace twinshift::queue {

void Shelf::committed(std::span<Incoming> messages, std::int64_t committed_to) {
  // With a gap before the first one, that gap is the file's to fill.
  const bool follows = !behind() && (messages.empty() || messages.front().id == committed_to_ + 1);
  committed_to_ = std::max(committed_to_, committed_to);
  if (!follows) return;
  for (Incoming& incoming : messages) {
    const bool room = messages_.size() < messages_max_ && bytes_ + incoming.message.body.size() <= bytes_max_;
    if (!room) return;
    put(incoming.id, std::move(incoming.message));
    loaded_to_ = incoming.id;
  }
}

void Shelf::loaded(std::vector<StoredMessage> page, std::int64_t read_to) {
  for (StoredMessage& stored : page) put(stored.id, std::move(stored.message));
  loaded_to_ = std::max(loaded_to_, read_to);
}

void Shelf::put(std::int64_t id, Message message) {
  bytes_ += message.body.size();
  messages_.push_back({id, std::move(message)});
}

StoredMessage Shelf::take() {
  StoredMessage next = std::move(messages_.front());
  messages_.pop_front();
  bytes_ -= next.message.body.size();
  return next;
}

}  // namespace twinshift::queue
