// `twinshift books waive`: a person who has looked into a loss signs it off, and the books count it as waived. What the
// service answers, and what the command asks, by the control socket. Pure but for the counting and books.db.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "app/table_text.hpp"
#include "base/error.hpp"
#include "books/books_file.hpp"
#include "books/keeper.hpp"
#include "control/control.hpp"

namespace twinshift::app {

inline constexpr const char* kWaiveVerb = "books waive";
inline constexpr const char* kWaivedVerb = "books waived";
inline constexpr std::size_t kReasonBytesMax = 500;

struct WaiveOrder {
  std::string target;
  books::Hour hour{};
  std::uint64_t events = 0;
  std::string reason{};
  bool yes = false;  // else it is only told what would be done
};

// invalid: too long, not UTF-8, or with control characters (it goes into lists and the log).
base::Status check_reason(std::string_view reason);

control::Request waive_request(const WaiveOrder& order);
// Counts twice, so that a residual is confirmed; refuses more than is missing of that hour; durable when it replies.
// Takes up to three times kCountMax where a target does not answer. In its turn (Turns); a command beside the service's
// files is told where another has signed off since it counted.
control::Reply answer_waive(books::Keeper& keeper, books::BooksFile& file, const control::Request& request);

// What was signed off: target, hour, events, reason, signed_at; oldest first.
control::Request waived_request(TableFormat format);
control::Reply answer_waived(books::BooksFile& file, const control::Request& request);

}  // namespace twinshift::app
