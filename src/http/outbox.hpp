// Answers on their way from any thread to a connection's io thread. A group commit answers hundreds of requests at
// once: they are gathered here, and the io thread is woken once for all of them.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "http/server.hpp"

namespace twinshift::http {

class Responder::Sink {
 public:
  virtual ~Sink() = default;
  virtual void send(Response response) = 0;      // once a request, any thread
  virtual std::shared_ptr<Stream> stream() = 0;  // of the answer that was sent
};

class Session;
class Outbox;

// One a connection: requests on a connection run one after another, and a responder lets go of it when it has answered.
class SessionSink final : public Responder::Sink, public Stream, public std::enable_shared_from_this<SessionSink> {
 public:
  SessionSink(std::shared_ptr<Outbox> outbox, Session* session) : outbox_(std::move(outbox)), session_(session) {}
  void send(Response response) override;
  std::shared_ptr<Stream> stream() override { return shared_from_this(); }
  void push(std::shared_ptr<const std::string> message) override;
  [[nodiscard]] bool closed() const override { return gone_.load(std::memory_order_relaxed); }

  // The next three: io thread only. Null once the connection has gone.
  [[nodiscard]] Session* session() const { return session_; }
  void detach() {
    session_ = nullptr;
    gone_.store(true, std::memory_order_relaxed);
  }
  // The newest message that was pushed; null: it was taken already.
  std::shared_ptr<const std::string> take_pushed();

 private:
  const std::shared_ptr<Outbox> outbox_;
  Session* session_;
  std::atomic<bool> gone_{false};
  std::mutex mutex_;
  std::shared_ptr<const std::string> pushed_;  // mutex_; while there is one, the io thread has been told
};

// Holds at most one answer for each open connection, and one word that a stream has something new: hence twice
// Options::connections_max of them.
class Outbox {
 public:
  struct Entry {
    std::shared_ptr<SessionSink> sink;
    std::optional<Response> response;  // none: a stream has something new
  };

  // `wake` runs on the sender's thread when the first answer of a burst comes in; never after close().
  explicit Outbox(std::function<void()> wake) : wake_(std::move(wake)) {}

  void put(Entry entry);                    // any thread; dropped once closed
  void take_all(std::vector<Entry>& into);  // io thread; replaces what is in `into`
  void close();

  // So that an answer given within the handler itself needs no detour.
  void set_io_thread(std::thread::id id) { io_thread_ = id; }
  [[nodiscard]] bool on_io_thread() const { return std::this_thread::get_id() == io_thread_; }

 private:
  std::mutex mutex_;
  std::vector<Entry> entries_;  // guarded by mutex_
  bool closed_ = false;         // guarded by mutex_
  const std::function<void()> wake_;
  std::thread::id io_thread_;  // set before the first connection
};

}  // namespace twinshift::http
