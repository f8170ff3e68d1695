// How a command reaches the service that owns the data folder: one request and one reply over the Unix socket
// `<data folder>/control.sock` (0600, in a folder of mode 0700, so its owner alone can ask). Lines of text, ended by an
// empty line; no line holds a line feed.
//
//   request   the verb, then one line an argument, then an empty line
//   reply     "ok" or "error", then one line of text
//
// Several are served at once, so that one that takes a minute holds nobody up.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace twinshift::control {

inline constexpr const char* kSocketName = "control.sock";
inline constexpr std::size_t kRequestBytesMax = 1U << 20U;
// Peers that are served at once. One more is told so, where none has ended within kRoomWait.
inline constexpr std::size_t kHandlersMax = 4;
inline constexpr std::chrono::milliseconds kRoomWait{100};
// A side that has not sent its request, or not taken its reply, within this is cut off.
inline constexpr std::chrono::milliseconds kSilenceMax{5'000};
// How long a command waits for its answer: to read a quarantine that stands in a queue takes minutes where it is full.
inline constexpr std::chrono::milliseconds kAnswerMax{300'000};

struct Request {
  std::string verb;
  std::vector<std::string> arguments;
};
struct Reply {
  bool ok = false;
  std::string text;
};
using Handler = std::function<Reply(const Request&)>;

// The handler runs on kHandlersMax threads, at once: it must be safe for that. A socket file left behind is replaced:
// call it only where the data folder's lock is held.
class Server {
 public:
  static base::Result<std::unique_ptr<Server>> start(const std::filesystem::path& folder, Handler handler);
  // Ends every wait for a peer at once, and waits for handlers that run: whoever gave them ends them first.
  virtual ~Server() = default;
};

// Asks the service that owns `folder`. not_found: none listens there. Any thread. At most kAnswerMax and twice
// kSilenceMax.
base::Result<Reply> ask(const std::filesystem::path& folder, const Request& request);

}  // namespace twinshift::control
