// `twinshift books`: received = landed + duplicate + quarantined + owed + waived, counted anew; `books waive`.
#include <cstdio>
#include <utility>

#include "app/books_answer.hpp"
#include "app/books_asked.hpp"
#include "app/books_instances.hpp"
#include "app/books_text.hpp"
#include "app/books_waive.hpp"
#include "app/commands.hpp"
#include "app/exit_code.hpp"

namespace twinshift::app {
namespace {

int explain(const std::string& text) {
  std::fprintf(stderr, "twinshift: books: %s\n", text.c_str());
  return kExitFailed;
}

int show_instances(const config::Settings& settings, TableFormat format) {
  const auto rows = read_instances(settings);
  if (!rows) return explain(rows.error().text());
  const std::string text = table_in(instances_table(*rows), format, "no instance has published its books yet\n");
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kExitOk;
}

int list_waived(const config::Settings& settings, TableFormat format) {
  const auto reply = ask_books(settings, waived_request(format));
  if (!reply) return explain(reply.error().text());
  if (!reply->ok) return explain(reply->text);
  const std::string text = unfolded(reply->text);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kExitOk;
}

int waive(const config::Settings& settings, const WaiveOptions& options) {
  const auto hour = parse_hour(options.hour);
  const auto checked = check_reason(options.reason);
  if (!hour || !checked) {
    explain(checked ? "--hour is an hour as `twinshift books` shows it: 2026-11-26T19:00Z" : checked.error().text());
    return kExitUsage;
  }
  const auto reply =
      ask_books(settings, waive_request({options.target, *hour, options.events, options.reason, options.yes}));
  if (!reply) return explain(reply.error().text());
  if (!reply->ok) return explain(reply->text);
  if (!options.yes) {
    explain(reply->text);
    return kExitUsage;
  }
  std::printf("%s\n", reply->text.c_str());
  return kExitOk;
}

}  // namespace

int run_books_waive(const config::Settings& settings, const WaiveOptions& options) {
  return options.list ? list_waived(settings, options.format) : waive(settings, options);
}

int run_books(const config::Settings& settings, const BooksOptions& options) {
  if (options.instances) return show_instances(settings, options.format);
  const auto reply = ask_books(settings, books_request(options.format));
  if (!reply) return explain(reply.error().text());
  const auto answer = read_books_answer(*reply);
  if (!answer) return explain(answer.error().text());
  std::fwrite(answer->text.data(), 1, answer->text.size(), stdout);
  std::FILE* const verdict = options.format == TableFormat::table ? stdout : stderr;
  std::fwrite(answer->verdict.data(), 1, answer->verdict.size(), verdict);
  switch (answer->state) {
    case BooksState::missing:
      return kExitDifferent;
    case BooksState::uncounted:
      return kExitFailed;
    case BooksState::complete:
      break;
  }
  return kExitOk;
}

}  // namespace twinshift::app
