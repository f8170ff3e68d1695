// `twinshift books`: received = landed + duplicate + quarantined + owed + waived, counted anew.
#include <cstdio>
#include <filesystem>
#include <utility>

#include "app/books_answer.hpp"
#include "app/books_instances.hpp"
#include "app/books_parts.hpp"
#include "app/books_text.hpp"
#include "app/commands.hpp"
#include "app/driver_table.hpp"
#include "app/exit_code.hpp"
#include "app/own_stores.hpp"

namespace twinshift::app {
namespace {

using base::ErrorKind;

base::Status open_stores(const config::Settings& settings, OwnStores& stores) {
  std::error_code ignored;
  if (!std::filesystem::exists(settings.data_dir, ignored)) {
    return base::fail(ErrorKind::not_found, "no books are kept here", settings.data_dir.string(),
                      "Run it where the service runs, with its data folder (TWINSHIFT_DATA_DIR)");
  }
  if (auto opened = stores.open_folder(settings); !opened) return opened;
  if (auto opened = stores.open_queue(settings); !opened) return opened;
  if (auto opened = stores.open_quarantine(settings); !opened) return opened;
  const auto secondary = find_target(settings, "secondary");
  return secondary ? stores.open_backlog(settings, **secondary) : base::Status();
}

base::Result<BooksAnswer> count_here(const config::Settings& settings, TableFormat format) {
  OwnStores stores;
  if (auto opened = open_stores(settings, stores); !opened) return base::fail(std::move(opened.error()));
  BooksStores parts{stores.queue.get(), stores.quarantine.get(), {}, stores.books, nullptr, {}};
  if (stores.backlog) parts.backlogs.push_back(stores.backlog.get());
  const auto keeper = make_books_keeper(settings, parts);
  keeper->start();
  return count_books(*keeper, format);
}

base::Result<BooksAnswer> count(const config::Settings& settings, TableFormat format) {
  auto reply = control::ask(settings.data_dir, books_request(format));
  if (reply) return read_books_answer(*reply);
  if (reply.error().kind == ErrorKind::not_found) return count_here(settings, format);
  return base::fail(std::move(reply.error()));
}

int show_instances(const config::Settings& settings, TableFormat format) {
  const auto rows = read_instances(settings);
  if (!rows) {
    std::fprintf(stderr, "twinshift: books: %s\n", rows.error().text().c_str());
    return kExitFailed;
  }
  const std::string text = table_in(instances_table(*rows), format, "no instance has published its books yet\n");
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kExitOk;
}

}  // namespace

int run_books(const config::Settings& settings, const BooksOptions& options) {
  if (options.instances) return show_instances(settings, options.format);
  const auto answer = count(settings, options.format);
  if (!answer) {
    std::fprintf(stderr, "twinshift: books: %s\n", answer.error().text().c_str());
    return kExitFailed;
  }
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
