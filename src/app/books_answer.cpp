#include "app/books_answer.hpp"

#include <algorithm>
#include <utility>

#include "app/books_rebuilt.hpp"
#include "app/books_text.hpp"
#include "app/books_waive.hpp"

namespace twinshift::app {
namespace {

// A reply is one line: these two take the place of line feeds, and stand between its parts.
constexpr char kLineEnd = '\x1e';
constexpr char kPartEnd = '\x1f';

std::string word_of(BooksState state) {
  return state == BooksState::missing ? "missing" : state == BooksState::uncounted ? "uncounted" : "complete";
}

BooksState state_of(std::string_view word) {
  return word == "missing" ? BooksState::missing : word == "complete" ? BooksState::complete : BooksState::uncounted;
}

TableFormat format_of(const control::Request& request) {
  return format_named(request.arguments.empty() ? "table" : request.arguments.front());
}

control::Reply answer_books(books::Keeper& keeper, const control::Request& request) {
  const BooksAnswer answer = count_books(keeper, format_of(request));
  return {true, word_of(answer.state) + kPartEnd + folded(answer.text) + kPartEnd + folded(answer.verdict)};
}

control::Reply no_books() {
  return {false, "its consumer is disabled (ENABLE_SQS_CONSUMER=false): it lands nothing, and keeps no books"};
}

}  // namespace

std::string folded(std::string text) {
  std::ranges::replace(text, '\n', kLineEnd);
  return text;
}

std::string unfolded(std::string_view text) {
  std::string out(text);
  std::ranges::replace(out, kLineEnd, '\n');
  return out;
}

std::string name_of(TableFormat format) {
  return format == TableFormat::json ? "json" : format == TableFormat::csv ? "csv" : "table";
}

TableFormat format_named(std::string_view name) {
  return name == "json" ? TableFormat::json : name == "csv" ? TableFormat::csv : TableFormat::table;
}

BooksAnswer count_books(books::Keeper& keeper, TableFormat format) {
  auto books = keeper.count_now(kCountMax);
  // What a command moves against the order of counting (a replay) is in neither place for a moment.
  if (verdict_of(books).state == BooksState::missing) books = keeper.count_now(kCountMax);
  BooksVerdict verdict = verdict_of(books);
  return {verdict.state, books_as_text(books, format), std::move(verdict.text)};
}

control::Request books_request(TableFormat format) {
  return {kBooksVerb, {name_of(format)}};
}

bool is_books_verb(std::string_view verb) {
  return verb == kBooksVerb || verb == kWaiveVerb || verb == kWaivedVerb || verb == kRebuiltVerb;
}

control::Reply answer_books_request(books::Keeper* keeper, books::BooksFile& file, const control::Request& request,
                                    const RebuiltMarkers& markers) {
  if (request.verb == kWaivedVerb) return answer_waived(file, request);
  if (keeper == nullptr) return no_books();
  if (request.verb == kWaiveVerb) return answer_waive(*keeper, file, request);
  if (request.verb == kRebuiltVerb) return answer_rebuilt(*keeper, request, markers);
  return answer_books(*keeper, request);
}

base::Result<BooksAnswer> read_books_answer(const control::Reply& reply) {
  if (!reply.ok) return base::fail(base::ErrorKind::conflict, reply.text, "the running service");
  const std::size_t first = reply.text.find(kPartEnd);
  const std::size_t second = first == std::string::npos ? first : reply.text.find(kPartEnd, first + 1);
  if (second == std::string::npos) {
    return base::fail(base::ErrorKind::conflict, "the answer was not understood", "the running service",
                      "Is it another version of twinshift?");
  }
  const std::string_view text = reply.text;
  return BooksAnswer{state_of(text.substr(0, first)), unfolded(text.substr(first + 1, second - first - 1)),
                     unfolded(text.substr(second + 1))};
}

}  // namespace twinshift::app
