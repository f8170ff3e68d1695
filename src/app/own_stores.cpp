#include "app/own_stores.hpp"

#include <utility>

#include "app/backlog_store.hpp"
#include "app/books_parts.hpp"
#include "app/driver_table.hpp"

namespace twinshift::app {
namespace {

template <class Place, class Opened>
base::Status put_into(Place& place, base::Result<Opened> opened) {
  if (!opened) return base::fail(std::move(opened.error()));
  place = std::move(*opened);
  return {};
}

// Who asks for them found no control socket: where the folder is locked all the same, that is what is wrong.
base::Error unreachable_service(base::Error error) {
  if (error.kind != base::ErrorKind::conflict) return error;
  error.message += ", which cannot be asked: its control socket is not there";
  error.hint = "Try again where it is just starting; else restart it: the start makes control.sock anew";
  return error;
}

}  // namespace

OwnStores::~OwnStores() {
  if (queue) queue->close();
  if (backlog) backlog->close();
  if (quarantine) quarantine->close();
}

base::Status OwnStores::open_folder(const config::Settings& settings) {
  if (auto opened = put_into(folder, sqlite::DataFolder::open(settings.data_dir)); !opened)
    return base::fail(unreachable_service(std::move(opened.error())));
  return put_into(books, open_books_file(settings));
}

base::Status OwnStores::open_quarantine(const config::Settings& settings) {
  return put_into(quarantine, app::open_quarantine(settings));
}

base::Status OwnStores::open_queue(const config::Settings& settings) {
  return put_into(queue, app::open_queue(settings));
}

base::Status OwnStores::open_backlog(const config::Settings& settings, const config::TargetSettings& target) {
  return put_into(backlog, app::open_backlog(settings, target));
}

base::Status OwnStores::open_backlog_to_count(const config::Settings& settings, const config::TargetSettings& target) {
  return put_into(backlog, app::open_backlog_to_count(settings, target));
}

}  // namespace twinshift::app
