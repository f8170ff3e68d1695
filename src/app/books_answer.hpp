// `twinshift books` through the control socket: what the service answers, and how the command reads it.
#pragma once

#include <string>
#include <string_view>

#include "app/books_text.hpp"
#include "app/rebuilt_markers.hpp"
#include "app/table_text.hpp"
#include "books/books_file.hpp"
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

// Every verb of the books: these, and those of books_waive.hpp and books_rebuilt.hpp.
bool is_books_verb(std::string_view verb);
// In the service, or in a command that has opened the stores itself. Without a keeper (no consumer) it says so. Any
// thread, several at once.
// `markers`: for a target that was rebuilt.
control::Reply answer_books_request(books::Keeper* keeper, books::BooksFile& file, const control::Request& request,
                                    const RebuiltMarkers& markers = {});
// `conflict` where the service refuses, or where it is no such answer (another version of the service).
base::Result<BooksAnswer> read_books_answer(const control::Reply& reply);

// A reply is one line: text with line ends in it, folded for the way.
std::string folded(std::string text);
std::string unfolded(std::string_view text);
// How a format is named in a request's argument, and back; a table where it is none.
std::string name_of(TableFormat format);
TableFormat format_named(std::string_view name);

}  // namespace twinshift::app
