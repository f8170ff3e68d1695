// What went wrong outside us: a kind that code decides on, and three texts that a person reads.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace twinshift::base {

// The kinds are what callers decide on: delivery turns a kind into retry, park, reject or stop in exactly one function.
enum class ErrorKind {
  invalid,          // the caller's input is wrong; the same input will always be wrong
  rejected,         // the other side refuses this data for good (a row that does not fit its column)
  conflict,         // the other side is in a state that excludes this (locked, other version, concurrent writer)
  throttled,        // the other side asks us to slow down
  unavailable,      // the other side cannot be used now: worth trying again later
  timed_out,        // it took longer than allowed and left nothing behind: worth trying again, with less at a time
  unknown_outcome,  // sent, but whether it took effect is not known
  full,             // no room: disk, queue or budget
  corrupt,          // stored data is damaged
  not_found,        // what was asked for does not exist
  cancelled,        // we are stopping
  internal,         // our own mistake
};

std::string_view to_string(ErrorKind kind);

// `message` says what happened, `where` the part and the thing (never a secret, never an event's values), `hint` what
// to do next.
struct Error {
  ErrorKind kind = ErrorKind::internal;
  std::string message;
  std::string where;
  std::string hint;

  // "message (where). hint": one line for a log or a terminal.
  [[nodiscard]] std::string text() const;
};

template <class T>
using Result = std::expected<T, Error>;
using Status = std::expected<void, Error>;

inline std::unexpected<Error> fail(ErrorKind kind, std::string message, std::string where, std::string hint = {}) {
  return std::unexpected<Error>(Error{kind, std::move(message), std::move(where), std::move(hint)});
}
inline std::unexpected<Error> fail(Error error) {
  return std::unexpected<Error>(std::move(error));
}

}  // namespace twinshift::base
