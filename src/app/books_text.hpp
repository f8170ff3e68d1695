// The books for people and programs: a table of hours, a verdict. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "app/table_text.hpp"
#include "books/keeper.hpp"

namespace twinshift::app {

// Columns: target, hour, received, landed, duplicate, quarantined, owed, waived, residual, state. Oldest first.
std::string books_as_text(const std::vector<books::TargetBooks>& books, TableFormat format);

// Of any table of the books, in one of the formats.
std::string table_in(const warehouse::Table& table, TableFormat format, const char* empty);

struct BooksVerdict {
  bool missing = false;  // some target lacks events
  std::string text;      // a sentence or more, for people
};
BooksVerdict verdict_of(const std::vector<books::TargetBooks>& books);

// {"missing":0,"surplus":0,"openHours":1,"countedAt":"...","error":"..."}: a target's part in /ready.
std::string books_part(const books::TargetBooks& books);

}  // namespace twinshift::app
