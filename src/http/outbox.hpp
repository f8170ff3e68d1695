// Answers on their way from any thread to a connection's io thread. A group commit answers hundreds of requests at
// once: they are gathered here, and the io thread is woken once for all of them.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "http/server.hpp"

namespace twinshift::http {

class Responder::Sink {
 public:
  virtual ~Sink() = default;
  virtual void send(Response response) = 0;  // once a request, any thread
};

class Session;
class Outbox;

// One a connection: requests on a connection run one after another, and a responder lets go of it when it has answered.
class SessionSink final : public Responder::Sink, public std::enable_shared_from_this<SessionSink> {
 public:
  SessionSink(std::shared_ptr<Outbox> outbox, Session* session) : outbox_(std::move(outbox)), session_(session) {}
  void send(Response response) override;

  // The next two: io thread only. Null once the connection has gone.
  [[nodiscard]] Session* session() const { return session_; }
  void detach() { session_ = nullptr; }

 private:
  const std::shared_ptr<Outbox> outbox_;
  Session* session_;
};

// Holds at most one answer for each open connection, hence Options::connections_max of them.
class Outbox {
 public:
  struct Entry {
    std::shared_ptr<SessionSink> sink;
    Response response;
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
