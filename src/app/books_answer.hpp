// `twinshift books` through the control socket: what the service answers, and how the command reads it.
#pragma once

#include <string>

#include "app/books_text.hpp"
#include "app/table_text.hpp"
#include "books/keeper.hpp"
#include "control/control.hpp"

namespace twinshift::app {

inline constexpr const char* kBooksVerb = "books";
// How long a command waits until every target has been counted anew. Below control::kAnswerMax.
inline constexpr std::chrono::seconds kCountMax{60};

struct BooksAnswer {
  BooksState state = BooksState::complete;
  std::string text;     // in the format that was asked for
  std::string verdict;  // for people
};

BooksAnswer count_books(books::Keeper& keeper, TableFormat format);

control::Request books_request(TableFormat format);
// In the service. Any thread, several at once: the Keeper is made for that, and nothing is written.
control::Reply answer_books(books::Keeper& keeper, const control::Request& request);
// `conflict` where the service refuses, or where it is no such answer (another version of the service).
base::Result<BooksAnswer> read_books_answer(const control::Reply& reply);

}  // namespace twinshift::app
