// One thread with its event loop and its connections. This header does not know Boost.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "http/shared.hpp"

namespace twinshift::http {

class IoThread {
 public:
  IoThread(Shared& shared, const std::string& name);
  ~IoThread();  // stop()
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  // Before start(): this thread accepts from `listener_fd` (which it closes) and deals the connections to `threads`
  // (itself among them) in turn. They must be stopped before any of them is destroyed.
  void accept_from(int listener_fd, std::vector<IoThread*> threads);
  void start();

  // The next two may be called from any thread but this one.
  void drain();  // returns when draining has begun
  void stop();   // closes all connections and joins

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace twinshift::http
