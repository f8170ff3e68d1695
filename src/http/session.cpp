#include "http/session.hpp"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <sys/socket.h>
#include <utility>

#include "base/log.hpp"
#include "http/gzip.hpp"

namespace twinshift::http {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using Wait = asio::posix::descriptor_base;
using Code = boost::system::error_code;

// A client that sends on after we have refused it is listened to for this long and this much beyond the largest body.
constexpr auto kLingerTime = 2s;
constexpr std::size_t kLingerBytesBeyondBody = 256 * 1024;
// Buffers above this are given back between requests, so that idle connections stay small.
constexpr std::size_t kBufferKeptMax = 4 * 1024;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

base::SteadyTime now() {
  return std::chrono::steady_clock::now();
}

void shrink(std::string& text) {
  text.clear();
  if (text.capacity() > kBufferKeptMax) std::string().swap(text);
}

}  // namespace

Session::Session(SessionHost& host, int fd, const base::IpAddress& peer, bool counts)
    : host_(host),
      descriptor_(host.io.get_executor(), fd),
      sink_(std::make_shared<SessionSink>(host.outbox, this)),
      peer_(peer),
      reader_(host.shared.limits),
      deadline_(now() + host.shared.options.keep_alive_idle),
      counts_(counts) {}

Session::~Session() {
  sink_->detach();
}

void Session::start() {
  host_.shared.connections_open.fetch_add(1, std::memory_order_relaxed);
  if (host_.shared.options.tls) begin_tls();
  wait_readable();
}

void Session::turn_away() {
  turned_away_ = true;
  host_.shared.turning_away.fetch_add(1, std::memory_order_relaxed);
  shape_ = {.close = true};
  linger_ = true;
  Response response = error_response(503, "Too many connections: try again later");
  response.headers.emplace_back("Retry-After", "1");
  write(response);
}

void Session::close() {
  if (state_ == State::closed) return;
  state_ = State::closed;
  account();
  sink_->detach();
  if (tls_) tls_->say_end();
  Code ignored;
  descriptor_.close(ignored);
  if (std::exchange(counts_, false)) host_.shared.peers.closed(peer_);
  if (refusal_) report(std::move(*std::exchange(refusal_, nullptr)));
  if (turned_away_) {
    host_.shared.turning_away.fetch_sub(1, std::memory_order_relaxed);
  } else {
    host_.shared.closed_one();
  }
  host_.remove(*this);
}

// --- reading

void Session::wait_readable() {
  if (waiting_readable_) return;
  waiting_readable_ = true;
  descriptor_.async_wait(Wait::wait_read, [self = shared_from_this()](const Code& code) {
    self->waiting_readable_ = false;
    if (code || self->state_ == State::closed) return;
    self->on_readable();
  });
}

void Session::on_readable() {
  if (state_ == State::shaking) return shake();
  if (!reading() && state_ != State::lingering && state_ != State::streaming) return;
  auto& buffer = host_.read_buffer;
  const ssize_t count = receive(buffer.data(), buffer.size());
  if (count < 0) {
    if (errno == EAGAIN || errno == EINTR) return host_.draining && state_ == State::idle ? close() : wait_readable();
    return close();
  }
  if (count == 0) return on_end_of_input();
  const std::string_view fresh(buffer.data(), static_cast<std::size_t>(count));
  if (state_ == State::lingering || state_ == State::streaming) return discard(fresh);
  if (pending_.empty()) return advance(fresh);
  pending_.append(fresh);
  advance(pending_);
}

void Session::on_end_of_input() {
  // A client that has only shut down its sending side can still read why its half request is not served.
  if (state_ != State::head && state_ != State::body) return close();
  shape_ = {.close = true};
  write(error_response(400, "Malformed request: it ended before it was complete"));
}

// Takes requests from `input` until one is under way, more bytes are needed, or the connection is at its end.
void Session::advance(std::string_view input) {
  std::size_t used = 0;
  while (reading() && used < input.size()) {
    const auto step = take(input.substr(used));
    if (!step) break;
    used += *step;
  }
  if (state_ == State::closed) return;
  keep(input, used);
  if (!account()) return refuse_for_room();
  if (!reading()) return;
  if (host_.draining && state_ == State::idle) return drain();
  wait_readable();
}

void Session::keep(std::string_view input, std::size_t used) {
  if (used == input.size()) return shrink(pending_);
  if (input.data() == pending_.data()) {
    pending_.erase(0, used);
  } else {
    pending_.assign(input.substr(used));
  }
}

// Keeps the count of bytes in unfinished requests. False where this session must give its share back.
bool Session::account() {
  std::size_t share = 0;
  if (state_ != State::closed) share = pending_.size() + reader_.request().body.size();
  if (state_ != State::closed && refusal_) share += refusal_->body.size();
  if (share == accounted_) return true;
  auto& total = host_.shared.unfinished_bytes;
  const bool grows = share > accounted_;
  const std::size_t now_held = total.fetch_add(share - accounted_, std::memory_order_relaxed) + share - accounted_;
  accounted_ = share;
  return !grows || !reading() || now_held <= host_.shared.options.unfinished_bytes_max;
}

void Session::refuse_for_room() {
  pending_ = std::string();
  reader_.reset();
  account();
  shape_ = {.close = true};
  linger_ = true;
  Response response = error_response(503, "Too many unfinished requests: try again later");
  response.headers.emplace_back("Retry-After", "1");
  write(response);
}

// Line breaks before a request line are skipped (RFC 9112, 2.2).
std::size_t Session::begin_request(std::string_view input) {
  const std::size_t breaks = std::min(input.find_first_not_of("\r\n"), input.size());
  if (breaks == input.size()) return breaks;
  reader_.reset();
  continue_sent_ = false;
  head_checked_ = false;
  state_ = State::head;
  deadline_ = now() + host_.shared.options.header_timeout;
  return breaks;
}

// The bytes used, or nothing where more are needed to go on.
std::optional<std::size_t> Session::take(std::string_view input) {
  std::size_t used = 0;
  if (state_ == State::idle) {
    used = begin_request(input);
    if (state_ == State::idle) return used;
  }
  const auto progress = reader_.feed(input.substr(used));
  used += progress.used;
  switch (progress.step) {
    case RequestReader::Step::need_more:
      after_progress();
      return used > 0 ? std::optional(used) : std::nullopt;
    case RequestReader::Step::refused:
      refuse(input.substr(used));
      return input.size();
    case RequestReader::Step::complete:
      break;
  }
  request_complete();
  return used;
}

void Session::after_progress() {
  if (state_ != State::head || !reader_.head_done()) return;
  if (const auto refusal = check_head()) return answer_head(*refusal);
  state_ = State::body;
  deadline_ = now() + host_.shared.options.body_timeout;
  if (!reader_.expects_continue() || continue_sent_ || !reader_.request().body.empty()) return;
  continue_sent_ = true;
  // The socket's buffer is empty here: these few bytes go out or the connection is broken.
  const ssize_t sent = transmit(kContinue.data(), kContinue.size());
  if (sent != static_cast<ssize_t>(kContinue.size())) close();
}

// --- handling

void Session::request_complete() {
  const auto refusal = check_head();
  Request request = std::move(reader_.request());
  host_.shared.requests.fetch_add(1, std::memory_order_relaxed);
  shape_ = {.close = !reader_.keep_alive() || host_.draining,
            .http_1_0 = reader_.http_1_0(),
            .head_only = request.method == "HEAD"};
  if (refusal) return write(*refusal);
  auto found = host_.shared.routes.find(request.method, request.path);
  if (auto* response = std::get_if<Response>(&found)) return write(*response);
  if (auto fault = decode_body(reader_.content_encoding(), request.body, host_.shared.options.body_bytes_max)) {
    report({fault->status, std::move(request.path), fault->text, std::move(request.body)});
    return write(error_response(fault->status, fault->text));
  }
  dispatch(*std::get<const Handler*>(found), std::move(request));
}

void Session::dispatch(const Handler& handler, Request request) {
  state_ = State::handling;
  in_handler_ = true;
  try {
    handler(std::move(request), Responder(sink_));
  } catch (const std::exception& error) {  // the responder has answered 500 as it was destroyed
    base::log::error("An HTTP handler failed").add("error", error.what());
  }
  in_handler_ = false;
  if (answer_) write(*std::exchange(answer_, std::nullopt));
}

bool Session::answered_in_handler(Response& response) {
  if (!in_handler_) return false;
  answer_ = std::move(response);
  return true;
}

void Session::answered(Response response) {
  if (state_ != State::handling) return;
  write(response);
  resume();
}

void Session::refuse(std::string_view rest) {
  // Too large, from who may not send at all: nothing of it is kept.
  if (reader_.head_done()) {
    if (const auto refusal = check_head()) return answer_head(*refusal);
  }
  const auto& fault = reader_.fault();
  Request& request = reader_.request();
  shape_ = {.close = true, .http_1_0 = reader_.http_1_0(), .head_only = request.method == "HEAD"};
  linger_ = true;
  if (fault.status == 413 && host_.shared.options.on_refusal) {
    refusal_ = std::make_unique<Refusal>(Refusal{fault.status, request.path, fault.text, std::move(request.body)});
    collect(rest);
  }
  write(error_response(fault.status, fault.text));
}

void Session::report(Refusal refusal) {
  const auto& tell = host_.shared.options.on_refusal;
  if (!tell) return;
  refusal.body.resize(std::min(refusal.body.size(), host_.shared.options.body_bytes_max));
  tell(std::move(refusal));
}

// --- writing

void Session::write(const Response& response) {
  streams_ = response.streams && !host_.draining;
  shape_.close = shape_.close || response.close || response.streams || host_.draining;
  append_response(out_, response, shape_, host_.date.now());
  written_ = 0;
  state_ = State::writing;
  deadline_ = now() + host_.shared.options.write_timeout;
  flush();
}

void Session::flush() {
  while (written_ < out_.size()) {
    const ssize_t sent = transmit(out_.data() + written_, out_.size() - written_);
    if (sent >= 0) {
      written_ += static_cast<std::size_t>(sent);
    } else if (errno == EAGAIN) {
      descriptor_.async_wait(Wait::wait_write, [self = shared_from_this()](const Code& code) {
        if (code || self->state_ != State::writing) return;
        self->flush();
        self->resume();
      });
      return;
    } else if (errno != EINTR) {
      return close();
    }
  }
  after_write();
}

void Session::pushed(std::shared_ptr<const std::string> message) {
  if (message == nullptr || state_ == State::closed) return;
  next_message_ = std::move(message);
  if (state_ == State::streaming) go_on_streaming();
}

void Session::go_on_streaming() {
  if (next_message_ == nullptr) {
    state_ = State::streaming;
    deadline_ = base::SteadyTime::max();
    return wait_readable();
  }
  out_ = *std::exchange(next_message_, nullptr);
  written_ = 0;
  state_ = State::writing;
  deadline_ = now() + host_.shared.options.write_timeout;
  flush();
}

void Session::after_write() {
  shrink(out_);
  if (streams_) return host_.draining ? close() : go_on_streaming();
  if (!shape_.close) {
    state_ = State::idle;
    deadline_ = now() + host_.shared.options.keep_alive_idle;
    return;
  }
  if (!linger_) return close();
  // Closing while the client still sends would reset the connection, and the client might never see the answer.
  if (tls_) tls_->say_end();
  shutdown(descriptor_.native_handle(), SHUT_WR);
  state_ = State::lingering;
  deadline_ = now() + kLingerTime;
  wait_readable();
}

// Goes on after an answer that was written outside advance().
void Session::resume() {
  if (reading()) advance(pending_);
}

void Session::collect(std::string_view input) {
  if (!refusal_) return;
  const Options& options = host_.shared.options;
  if (host_.shared.unfinished_bytes.load(std::memory_order_relaxed) >= options.unfinished_bytes_max) return;
  refusal_->body.append(input.substr(0, options.body_bytes_max - refusal_->body.size()));
  account();
}

void Session::discard(std::string_view input) {
  collect(input);
  discarded_ += input.size();
  if (discarded_ > host_.shared.options.body_bytes_max + kLingerBytesBeyondBody) return close();
  wait_readable();
}

// --- time and end

void Session::sweep(base::SteadyTime at) {
  if (state_ == State::handling || at < deadline_) return;
  if (state_ == State::idle || state_ == State::lingering) return close();
  host_.shared.timeouts.fetch_add(1, std::memory_order_relaxed);
  if (state_ == State::shaking) {
    count_failed_handshake();
    return close();
  }
  if (state_ == State::writing) {
    // What the client does not fetch is not worth the kernel's memory either.
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    setsockopt(descriptor_.native_handle(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    return close();
  }
  shape_ = {.close = true};
  linger_ = true;
  write(error_response(408, "The request took too long to arrive"));
}

void Session::drain() {
  // A request that is already in the socket's buffer is still served.
  if (state_ == State::idle) on_readable();
  if (state_ == State::streaming || state_ == State::shaking) close();
}

}  // namespace twinshift::http
