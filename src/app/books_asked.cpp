#include "app/books_asked.hpp"

#include <filesystem>
#include <utility>

#include "app/books_answer.hpp"
#include "app/books_parts.hpp"
#include "app/books_waive.hpp"
#include "app/driver_table.hpp"
#include "app/own_stores.hpp"

namespace twinshift::app {
namespace {

using base::ErrorKind;

base::Status open_folder(const config::Settings& settings, OwnStores& stores) {
  std::error_code ignored;
  if (!std::filesystem::exists(settings.data_dir, ignored)) {
    return base::fail(ErrorKind::not_found, "no books are kept here", settings.data_dir.string(),
                      "Run it where the service runs, with its data folder (TWINSHIFT_DATA_DIR)");
  }
  return stores.open_folder(settings);
}

base::Status open_stores(const config::Settings& settings, OwnStores& stores) {
  if (auto opened = stores.open_queue(settings); !opened) return opened;
  if (auto opened = stores.open_quarantine(settings); !opened) return opened;
  const auto secondary = find_target(settings, "secondary");
  return secondary ? stores.open_backlog_to_count(settings, **secondary) : base::Status();
}

base::Result<control::Reply> answer_here(const config::Settings& settings, const control::Request& request) {
  OwnStores stores;
  if (auto opened = open_folder(settings, stores); !opened) return base::fail(std::move(opened.error()));
  if (request.verb == kWaivedVerb) return answer_waived(*stores.books, request);
  if (auto opened = open_stores(settings, stores); !opened) return base::fail(std::move(opened.error()));
  BooksStores parts{stores.queue.get(), stores.quarantine.get(), {}, stores.books, nullptr, {}};
  if (stores.backlog) parts.backlogs.push_back(stores.backlog.get());
  const auto keeper = make_books_keeper(settings, parts);
  keeper->start();
  return answer_books_request(keeper.get(), *stores.books, request, markers_by_hand(settings));
}

}  // namespace

base::Result<control::Reply> ask_books(const config::Settings& settings, const control::Request& request) {
  auto reply = control::ask(settings.data_dir, request);
  if (!reply && reply.error().kind == ErrorKind::not_found) return answer_here(settings, request);
  return reply;
}

}  // namespace twinshift::app
