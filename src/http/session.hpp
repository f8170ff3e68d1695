// One connection: reads a request, has it handled, writes the answer, and again. Includes Asio: for http/'s own .cpp
// files only.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include "base/clock.hpp"
#include "base/ip_address.hpp"
#include "base/log.hpp"
#include "http/outbox.hpp"
#include "http/request_reader.hpp"
#include "http/response_text.hpp"
#include "http/shared.hpp"
#include "http/tls_stream.hpp"

namespace twinshift::http {

// What the sessions of one io thread share. Touched by that thread only.
class SessionHost {
 public:
  virtual ~SessionHost() = default;
  // The session is over; drops the owner's reference.
  virtual void remove(Session& session) = 0;

  SessionHost(boost::asio::io_context& context, Shared& all) : io(context), shared(all) {}

  boost::asio::io_context& io;
  Shared& shared;
  std::shared_ptr<Outbox> outbox;
  DateText date;
  bool draining = false;
  base::log::Throttle handshakes_told;
  // All sessions read into this one; only what is left over is kept by a session. So an idle connection has no buffer.
  std::array<char, 16 * 1024> read_buffer{};
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  // Takes over the non-blocking socket `fd`, and `peer`'s place in Shared::peers where it `counts`.
  Session(SessionHost& host, int fd, const base::IpAddress& peer, bool counts);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void start();
  // There is no room for this connection: says so and closes.
  void turn_away();
  // The answer to the request under way.
  void answered(Response response);
  // False where there is no handler of this session on the stack: the answer must come through the outbox then.
  bool answered_in_handler(Response& response);
  // A message for the stream that is the answer; null: it was sent already.
  void pushed(std::shared_ptr<const std::string> message);
  // Cuts off whoever is past the deadline.
  void sweep(base::SteadyTime now);
  // Closes an idle connection; one with a request under way closes after its answer.
  void drain();
  void close();

  std::size_t index = 0;  // the owner's

 private:
  enum class State {
    shaking,    // hands, before the first request; with TLS only
    idle,       // between requests; nothing of the next one has come
    head,       // reading a head
    body,       // reading a body
    handling,   // the handler has the request: no deadline of ours
    writing,    // the client takes its answer slowly
    streaming,  // the answer goes on, and all of it that there is has been taken; the client has nothing more to say
    lingering,  // answered and shut down for sending; what still comes is thrown away, so that the client is not reset
    closed,
  };
  using Descriptor = boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;

  [[nodiscard]] bool reading() const { return state_ == State::idle || state_ == State::head || state_ == State::body; }
  // As recv() and send().
  ssize_t receive(char* into, std::size_t size) {
    return tls_ ? tls_->read(into, size) : ::recv(descriptor_.native_handle(), into, size, 0);
  }
  ssize_t transmit(const char* from, std::size_t size) {
    return tls_ ? tls_->write(from, size) : ::send(descriptor_.native_handle(), from, size, MSG_NOSIGNAL);
  }
  void begin_tls();
  void shake();
  void count_failed_handshake();
  void answer_plainly();
  void wait_readable();
  void on_readable();
  void on_end_of_input();
  void advance(std::string_view input);
  std::size_t begin_request(std::string_view input);
  std::optional<std::size_t> take(std::string_view input);
  void keep(std::string_view input, std::size_t used);
  bool account();
  void refuse_for_room();
  void after_progress();
  std::optional<Response> check_head();
  void answer_head(const Response& response);
  void request_complete();
  void dispatch(const Handler& handler, Request request);
  void refuse(std::string_view rest);
  void report(Refusal refusal);
  void write(const Response& response);
  void flush();
  void after_write();
  void go_on_streaming();
  void resume();
  void collect(std::string_view input);
  void discard(std::string_view input);

  SessionHost& host_;
  Descriptor descriptor_;
  std::unique_ptr<TlsStream> tls_;  // null: the port speaks plain HTTP
  const std::shared_ptr<SessionSink> sink_;
  const base::IpAddress peer_;
  RequestReader reader_;
  State state_ = State::idle;
  base::SteadyTime deadline_;
  std::string pending_;  // read, but not yet used; at most read_buffer and header_bytes_max
  std::string out_;      // of the answer being written
  std::size_t written_ = 0;
  std::size_t discarded_ = 0;
  std::size_t accounted_ = 0;  // this session's share of Shared::unfinished_bytes
  AnswerShape shape_;
  bool waiting_readable_ = false;
  bool in_handler_ = false;
  bool continue_sent_ = false;
  bool head_checked_ = false;
  bool counts_;          // in Shared::peers
  bool linger_ = false;  // after the answer: more may be on its way from the client
  bool turned_away_ = false;
  bool streams_ = false;                             // the answer goes on
  std::shared_ptr<const std::string> next_message_;  // of the stream, while another is on its way
  std::optional<Response> answer_;                   // given within the handler
  std::unique_ptr<Refusal> refusal_;                 // told when its body has been collected
};

}  // namespace twinshift::http
