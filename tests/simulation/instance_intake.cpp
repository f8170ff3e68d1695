// The way in: a request becomes a message, is made durable, and only then answered; and the receiver, which takes what
// there is room for.
#include <algorithm>
#include <utility>

#include "tests/simulation/acts.hpp"
#include "tests/simulation/instance.hpp"

namespace twinshift::simulation {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kStoreBooksEvery{5'000};
constexpr std::size_t kReceiveRowsMost = 20;
constexpr milliseconds kPollMost{300};  // of a shared queue

std::uint64_t lent_before(const std::vector<delivery::Arrival>& arrivals) {
  return static_cast<std::uint64_t>(std::ranges::count_if(arrivals, [](const auto& each) { return each.attempt > 1; }));
}

}  // namespace

base::WallTime Instance::wall_now() const {
  const auto elapsed = std::chrono::duration_cast<std::chrono::microseconds>(around_.now - kBeginning);
  return kWallBeginning + kHoursBefore + std::chrono::minutes(30) + elapsed + wall_offset;
}

event::EventPtr Instance::make_message(std::int64_t event_key) {
  auto event = std::make_shared<SimEvent>();
  const Content& content = around_.catalogue.of(event_key);
  event->key = event_key;
  event->id = content.id;
  event->event_at = content.event_at;
  event->json = content.json;
  event->message = static_cast<MessageIndex>(around_.messages.size());
  // No two messages of an event at the same time: a row that was read back says by it which one it was.
  event->received_at = wall_now() + std::chrono::microseconds(event->message);
  const auto hour = std::chrono::floor<std::chrono::hours>(event->received_at - kWallBeginning).count();
  around_.messages.push_back({.event = event, .instance = index_, .hour = static_cast<std::size_t>(hour)});
  return event;
}

void Instance::offer(std::int64_t event_key, Reply reply_to) {
  auto reply = std::make_shared<Reply>(std::move(reply_to));
  if (stopping_ || (answers_waiting_ >= kIntakeWaitingMax && !around_.broken(Planted::intake_without_bound))) {
    around_.tally.met(Met::refused_by_intake);
    return (*reply)(503);
  }
  const event::EventPtr event = make_message(event_key);
  around_.trace.note("instance {} takes event {} as message {}", index_, event_key, message_of(*event));
  ++answers_waiting_;
  around_.after(kAnswerWithin, owner(), [this, reply] { answer(reply, 503); });
  if (outside_.shared) {
    send_shared(event, reply);
  } else {
    enqueue(event, reply);
  }
}

void Instance::enqueue(const event::EventPtr& event, const std::shared_ptr<Reply>& reply) {
  const MessageIndex message = message_of(*event);
  auto done = [this, message, reply](base::Status status) {
    if (!status) return answer(reply, 503);
    // By the disk's own word, whatever the file's writer says.
    around_.messages[message].durable = queue.store.is_durable(*around_.messages[message].event);
    taken(message, reply);
    receive_at(around_.now);
  };
  queue.submit(owner(), {.use = SimFile::Use::enqueue, .puts = {event}, .done = std::move(done)});
}

// The request takes effect or not, and its answer comes or not.
void Instance::send_shared(const event::EventPtr& event, const std::shared_ptr<Reply>& reply) {
  const auto sent_in = milliseconds(1) + around_.within(milliseconds(20));
  const bool troubled = !around_.plan.isolation;
  const bool refused = troubled && around_.trouble(0.03);
  const bool unheard = troubled && around_.trouble(0.02);
  if (!refused) {
    around_.after(sent_in, kWorld, [this, event] {
      SimMessage& message = around_.messages[message_of(*event)];
      message.durable = true;
      message.durable_at = around_.now;
      outside_.shared->send(event);
    });
  }
  around_.after(sent_in + milliseconds(1), owner(), [this, message = message_of(*event), reply, refused, unheard] {
    if (refused || unheard) return answer(reply, 503);
    around_.messages[message].counted = true;
    counted_in_memory_.push_back(message);
    taken(message, reply);
  });
}

void Instance::taken(MessageIndex message, const std::shared_ptr<Reply>& reply) {
  SimMessage& taken = around_.messages[message];
  if (!outside_.shared) taken.durable_at = around_.now;
  if (!*reply) {  // 503 was answered meanwhile: the sender comes again
    around_.tally.met(Met::answered_too_late);
    return;
  }
  outside_.acts->answers(message);
  taken.answered = true;
  answer(reply, 200);
}

void Instance::answer(const std::shared_ptr<Reply>& reply, int code) {
  if (!*reply) return;
  --answers_waiting_;
  std::exchange(*reply, nullptr)(code);
}

std::int64_t Instance::received_in(std::size_t hour) const {
  if (!outside_.shared) return queue.store.counters()[hour].received;
  const auto in_memory = std::ranges::count_if(
      counted_in_memory_, [&](MessageIndex message) { return around_.messages[message].hour == hour; });
  return counted_stored_[hour] + in_memory;
}

void Instance::store_books() {
  for (const MessageIndex message : std::exchange(counted_in_memory_, {})) {
    ++counted_stored_[around_.messages[message].hour];
  }
  around_.after(kStoreBooksEvery, owner(), [this] { store_books(); });
}

void Instance::kick_receiver() {
  if (receiving_ || !up() || stopping_) return;
  std::size_t rows = std::min<std::size_t>(machine_->room_rows(), 1 + around_.random.below(kReceiveRowsMost));
  if (around_.broken(Planted::receiver_waits_for_secondary)) {
    for (delivery::LaneIndex lane = 1; lane < lanes(); ++lane) {
      if (machine_->queued_rows(lane) > 0) rows = 0;
    }
  }
  if (rows == 0) return;  // after the machine's next step again
  const auto visible = outside_.shared ? outside_.shared->next_visible() : queue.store.next_visible();
  if (visible && *visible <= lease_now()) {
    receiving_ = true;
    around_.after(around_.within(milliseconds(2)), owner(), [this, rows] { receive(rows); });
  } else if (outside_.shared) {
    receive_at(around_.now + milliseconds(1) + around_.within(kPollMost));  // others send, too
  } else if (visible) {
    receive_at(around_.now + (*visible - lease_now()));
  }
}

void Instance::receive(std::size_t rows) {
  std::vector<delivery::Arrival> arrivals =
      outside_.shared ? outside_.shared->receive(rows) : queue.store.receive(rows, lease_now(), around_.now);
  if (!outside_.shared) around_.tally.met(Met::lent_again, lent_before(arrivals));
  if (queue.store.lent_twice()) around_.violated_now("a message was lent twice while its lease ran");
  if (around_.broken(Planted::acknowledge_before_commit) && around_.chance(0.1)) {
    std::vector<queue::Receipt> receipts;
    for (const delivery::Arrival& arrival : arrivals) receipts.push_back(arrival.receipt);
    acknowledge(delivery::kQueue, receipts);
  }
  around_.after(around_.within(milliseconds(2)), owner(), [this, arrivals = std::move(arrivals)]() mutable {
    if (arrivals.empty()) {
      receiving_ = false;
      return receive_at(around_.now + milliseconds(50));
    }
    around_.trace.note("instance {} receives {}", index_, arrivals.size());
    post(delivery::Received{.arrivals = std::move(arrivals)});
  });
}

void Instance::receive_at(base::SteadyTime at) {
  if (receive_at_ <= at) return;
  receive_at_ = at;
  around_.timeline.plan(at, owner(), [this, at] {
    if (receive_at_ != at) return;
    receive_at_ = base::SteadyTime::max();
    kick_receiver();
  });
}

}  // namespace twinshift::simulation
