// The books for people and programs: a table of hours, a verdict. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/table_text.hpp"
#include "books/keeper.hpp"

namespace twinshift::app {

// The hours that are shown: the newest ones, and of the older ones those that are not closed. Bounded, for they go
// through the control socket as one message.
inline constexpr std::size_t kHoursShown = 24 * 14;
inline constexpr std::size_t kOldHoursShown = 24 * 14;

// "2026-11-26T19:00Z", as the table shows an hour and commands take it.
std::string hour_text(books::Hour hour);
// Nothing where it is no such text.
std::optional<books::Hour> parse_hour(std::string_view text);

// Columns: target, hour, received, landed, duplicate, quarantined, owed, waived, residual, state. Oldest first.
std::string books_as_text(const std::vector<books::TargetBooks>& books, TableFormat format);

// Of any table of the books, in one of the formats.
std::string table_in(const warehouse::Table& table, TableFormat format, const char* empty);

enum class BooksState : std::uint8_t {
  complete,   // nothing is missing as far as it can be said: what is owed is still on its way
  uncounted,  // some target was not counted now; no other lacks events
  missing,    // some target lacks events
};
struct BooksVerdict {
  BooksState state = BooksState::complete;
  std::string text;  // a sentence or more, for people
};
BooksVerdict verdict_of(const std::vector<books::TargetBooks>& books);

// {"missing":0,"surplus":0,"openHours":1,"countedAt":"...","error":"..."}: a target's part in /ready.
std::string books_part(const books::TargetBooks& books);

}  // namespace twinshift::app
