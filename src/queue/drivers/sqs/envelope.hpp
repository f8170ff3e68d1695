// The body of a message in SQS: written, and read whoever wrote it. The format: docs/formats/queue-sqs.md. Any thread;
// no I/O.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "queue/event_queue.hpp"

namespace twinshift::queue::sqs {

// The message attribute that the predecessor sets, and we with it.
inline constexpr std::string_view kSourceName = "Source";
inline constexpr std::string_view kSourceValue = "AppsFlyer";

// One event: {"id":...,"timestamp":...,"data":<the body's bytes>}; where SQS or JSON could not carry the bytes exactly,
// or they are too many, gzip and base64 in another member. What is returned is known to give the message back
// unchanged. Errors: invalid (more than `bytes_max` even so).
base::Result<std::string> write_envelope(const Message& message, std::size_t bytes_max);

// Several envelopes in one text.
std::string write_pack(const std::vector<std::string_view>& envelopes);
// The bytes that write_pack adds: to every pack, and to each envelope.
inline constexpr std::size_t kPackBytes = 22;
inline constexpr std::size_t kPackBytesEach = 1;

// What the encoded events of one message may unfold to, together: the most that HTTP_BODY_BYTES_MAX can be set to, so
// that every event which intake takes is among them. A few bytes of gzip unfold to thousands: without a bound, one
// message of 1 MiB would fill the memory.
inline constexpr std::size_t kUnfoldedBytesMax = 67'108'864;

// What is known about a message from outside its body.
struct Surroundings {
  std::string_view message_id;     // SQS' own
  base::WallTime sent_at{};        // SentTimestamp
  bool is_from_appsflyer = false;  // has the attribute Source = AppsFlyer
};

struct Contents {
  std::vector<Message> events;  // one at least
  bool is_oversized = false;    // unfolded it would be more than kUnfoldedBytesMax, so it was left as it is
};

// Of an envelope, of a pack, or the body as it is.
Contents read_body(std::string body, const Surroundings& around);

}  // namespace twinshift::queue::sqs
