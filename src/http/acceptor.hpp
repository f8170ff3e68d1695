// Takes connections from a listening socket. Includes Asio: for http/'s own .cpp files only.
#pragma once

#include <functional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/ip_address.hpp"
#include "base/log.hpp"

namespace twinshift::http {

// Used on one io thread.
class Acceptor {
 public:
  // What has connected, and from where; the default address where that is none of IP.
  struct Accepted {
    int fd;
    base::IpAddress peer;
  };
  // `take` gets each new socket: non-blocking, close-on-exec, its own to close.
  Acceptor(boost::asio::io_context& io, int listener_fd, std::function<void(Accepted)> take);
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  void start();
  // Takes what is already waiting, then closes the listening socket.
  void finish();
  void close();

 private:
  enum class Round { all_taken, more, out_of_files, broken };
  void wait();
  Round take_waiting();
  void turn_one_away();
  void back_off();

  boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type> listener_;
  boost::asio::steady_timer timer_;
  const std::function<void(Accepted)> take_;
  base::log::Throttle warned_;
  int reserve_fd_;  // given up for a moment to accept and close a connection when the process is out of files
};

}  // namespace twinshift::http
