// The thread that looks after the queue in the background: reads its attributes now and then (so that status() waits
// for nobody), gives advice on them once, and keeps an eye on the stock's leases.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "queue/drivers/sqs/calls.hpp"
#include "queue/drivers/sqs/complaints.hpp"
#include "queue/drivers/sqs/queue_facts.hpp"

namespace twinshift::queue::sqs {

struct KeeperOptions {
  Caller caller = {};
  std::string queue_url = {};
  Usage usage;
  std::chrono::milliseconds look_every{10'000};
  std::chrono::milliseconds tick_every{500};
  std::string thread_name = "sqs";
};

class Keeper {
 public:
  struct Facts {
    QueueFacts queue;
    std::optional<QueueFacts> dead_letters;
    // Just before the last look that found nothing waiting to be handed out, nor in the dead-letter queue.
    std::optional<base::WallTime> drained_at{};
  };
  // `tick` runs on the keeper's thread every tick_every; `learned` there, too, after each look.
  Keeper(KeeperOptions options, Complaints& complaints, std::function<void()> tick,
         std::function<void(const QueueFacts&)> learned);
  ~Keeper();
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  // The thread begins with a look. Waits for that one, so that an SQS that answers has its facts known and its advice
  // given when this returns; from one that does not answer, for a moment only: the look goes on behind.
  void start();
  void stop();

  // Any thread. Nothing before the first look that succeeded.
  [[nodiscard]] std::optional<Facts> facts() const;

 private:
  void run(const std::stop_token& stop);
  void look(const std::stop_token& stop);
  [[nodiscard]] static bool is_drained(const Facts& facts);
  std::optional<QueueFacts> read(const std::string& url, const std::stop_token& stop);
  void advise(const Facts& facts);

  const KeeperOptions options_;
  Complaints& complaints_;
  const std::function<void()> tick_;
  const std::function<void(const QueueFacts&)> learned_;
  bool advised_ = false;
  bool dead_letters_denied_ = false;
  mutable std::mutex mutex_;  // guards all below but the thread
  std::condition_variable looked_;
  bool has_looked_ = false;
  std::optional<Facts> facts_;
  std::jthread thread_;
};

}  // namespace twinshift::queue::sqs
