#include "queue/drivers/sqlite/message_reader.hpp"

#include <utility>

#include "queue/drivers/sqlite/arrival_counts.hpp"

namespace twinshift::queue {
namespace {

// One page of messages: what a short read transaction brings into memory.
constexpr std::size_t kPageMessagesMax = 1024;
constexpr std::size_t kPageBytesMax = 4'000'000;
constexpr std::chrono::milliseconds kBusyTimeout{2000};

StoredMessage stored_from(const sqlite::Statement& row) {
  StoredMessage stored;
  stored.id = row.integer(0);
  stored.message.received_at = base::WallTime(std::chrono::microseconds(row.integer(1)));
  stored.message.message_id = row.text(2);
  stored.message.body = row.text(3);
  return stored;
}

// Ends the read transaction however the function is left.
struct ResetAtEnd {
  sqlite::Statement& statement;
  ~ResetAtEnd() { statement.reset(); }
};

}  // namespace

base::Status MessageReader::open() {
  if (connection_) return {};
  auto database = sqlite::Database::open(path_, sqlite::OpenMode::read_only);
  if (!database) return base::fail(std::move(database.error()));
  database->set_busy_timeout(kBusyTimeout);
  auto page =
      database->prepare("SELECT id, received_at, message_id, body FROM messages WHERE id > ? AND id <= ? ORDER BY id");
  if (!page) return base::fail(std::move(page.error()));
  auto one = database->prepare("SELECT id, received_at, message_id, body FROM messages WHERE id = ?");
  if (!one) return base::fail(std::move(one.error()));
  auto oldest = database->prepare("SELECT min(received_at) FROM (SELECT received_at FROM messages ORDER BY id LIMIT " +
                                  std::to_string(kOldestAmong) + ")");
  if (!oldest) return base::fail(std::move(oldest.error()));
  auto arrivals = database->prepare(kReadArrivals);
  if (!arrivals) return base::fail(std::move(arrivals.error()));
  connection_.emplace(std::move(*database), std::move(*page), std::move(*one), std::move(*oldest),
                      std::move(*arrivals));
  return {};
}

base::Result<MessageReader::Page> MessageReader::page(std::int64_t after, std::int64_t up_to) {
  const std::lock_guard lock(mutex_);
  if (auto opened = open(); !opened) return base::fail(std::move(opened.error()));
  sqlite::Statement& statement = connection_->page;
  const ResetAtEnd end{statement};
  statement.bind(1, after);
  statement.bind(2, up_to);
  Page page;
  std::size_t bytes = 0;
  while (page.messages.size() < kPageMessagesMax && bytes < kPageBytesMax) {
    auto row = statement.step();
    if (!row) return base::fail(std::move(row.error()));
    if (!*row) {
      page.read_to = up_to;
      return page;
    }
    page.messages.push_back(stored_from(statement));
    bytes += page.messages.back().message.body.size();
  }
  page.read_to = page.messages.back().id;
  return page;
}

base::Result<std::optional<StoredMessage>> MessageReader::one(std::int64_t id) {
  const std::lock_guard lock(mutex_);
  if (auto opened = open(); !opened) return base::fail(std::move(opened.error()));
  sqlite::Statement& statement = connection_->one;
  const ResetAtEnd end{statement};
  statement.bind(1, id);
  auto row = statement.step();
  if (!row) return base::fail(std::move(row.error()));
  if (!*row) return std::optional<StoredMessage>();
  return std::optional(stored_from(statement));
}

base::Result<std::optional<base::WallTime>> MessageReader::oldest() {
  const std::lock_guard lock(mutex_);
  if (auto opened = open(); !opened) return base::fail(std::move(opened.error()));
  sqlite::Statement& statement = connection_->oldest;
  const ResetAtEnd end{statement};
  auto row = statement.step();
  if (!row) return base::fail(std::move(row.error()));
  if (!*row || statement.is_null(0)) return std::optional<base::WallTime>();
  return std::optional(base::WallTime(std::chrono::microseconds(statement.integer(0))));
}

base::Result<std::vector<HourOfArrival>> MessageReader::arrivals() {
  const std::lock_guard lock(mutex_);
  if (auto opened = open(); !opened) return base::fail(std::move(opened.error()));
  const ResetAtEnd end{connection_->arrivals};
  return read_arrivals(connection_->arrivals);
}

void MessageReader::close() {
  const std::lock_guard lock(mutex_);
  connection_.reset();
}

}  // namespace twinshift::queue
