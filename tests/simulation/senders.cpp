#include "tests/simulation/senders.hpp"

namespace twinshift::simulation {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kAnswerAwaited{3'000};
constexpr milliseconds kAgainMost{8'000};
constexpr int kTriesMost = 10;
constexpr double kRefusedByRow = 0.02;
constexpr std::size_t kRefusedForGoodMax = 2;
constexpr std::size_t kBurstMean = 6;

}  // namespace

void Senders::begin() {
  const std::size_t bursts = around_.plan.events_max / kBurstMean + 1;
  const auto gap = around_.plan.storm / bursts;
  for (std::size_t i = 0; i < bursts; ++i) {
    around_.timeline.plan(kBeginning + gap * i + around_.within(gap), kWorld, [this] { burst(); });
  }
}

void Senders::burst() {
  const std::uint64_t events = 1 + around_.random.below(around_.chance(0.2) ? 40 : 5);
  for (std::uint64_t i = 0; i < events && tries_.size() < around_.plan.events_max; ++i) {
    const std::int64_t key = make_event(true);
    ++open_;
    send(key);
  }
}

void Senders::pulse() {
  ++open_;
  send(make_event(false));
}

std::int64_t Senders::make_event(bool may_be_refused) {
  const auto key = static_cast<std::int64_t>(tries_.size());
  tries_.push_back(0);
  for (std::size_t target = 0; target < outside_.warehouses.size() && may_be_refused; ++target) {
    if (target == 0 && around_.plan.isolation) continue;
    // More of them would be the table's fault (rule 6): then they would have to wait until somebody mends it.
    if (around_.plan.keeps_refusing && outside_.warehouses[target]->refused() >= kRefusedForGoodMax) continue;
    if (around_.chance(kRefusedByRow)) outside_.warehouses[target]->refuse(key);
  }
  return key;
}

void Senders::send(std::int64_t event_key) {
  Instance& instance = *outside_.instances[around_.random.below(outside_.instances.size())];
  ++tries_[static_cast<std::size_t>(event_key)];
  if (!instance.up()) return send_later(event_key);
  const auto was_heard = std::make_shared<bool>(false);
  const auto reply = [this, event_key, was_heard](int code) {
    if (*was_heard || around_.trouble(0.01)) return;  // the connection is gone
    *was_heard = true;
    heard(event_key, code);
  };
  around_.after(around_.within(milliseconds(2)), instance.owner(),
                [&instance, event_key, reply] { instance.offer(event_key, reply); });
  around_.after(kAnswerAwaited, kWorld, [this, event_key, was_heard] {
    if (std::exchange(*was_heard, true)) return;
    send_later(event_key);
  });
}

void Senders::heard(std::int64_t event_key, int code) {
  if (code != 200) return send_later(event_key);
  --open_;
  if (!around_.trouble(0.03)) return;
  ++open_;
  send_later(event_key);
}

void Senders::send_later(std::int64_t event_key) {
  if (tries_[static_cast<std::size_t>(event_key)] >= kTriesMost) {
    --open_;
    return;
  }
  around_.after(milliseconds(200) + around_.within(kAgainMost), kWorld, [this, event_key] { send(event_key); });
}

}  // namespace twinshift::simulation
