// Reads messages back from the queue's file over a connection of its own, in short transactions: a long one would keep
// the write-ahead log from beginning anew. Any thread; one at a time goes in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "queue/drivers/sqlite/shelf.hpp"
#include "sqlite/database.hpp"

namespace twinshift::queue {

// Of so many messages the oldest is looked for: a millisecond's work, and more than wait while all is well.
inline constexpr std::size_t kOldestAmong = 1'000;

class MessageReader {
 public:
  explicit MessageReader(std::string path) : path_(std::move(path)) {}

  struct Page {
    std::vector<StoredMessage> messages;
    std::int64_t read_to = 0;  // nothing else stands in the file up to here
  };
  // The messages with after < id <= up_to, at most one page of them.
  base::Result<Page> page(std::int64_t after, std::int64_t up_to);

  // One message; nothing where it is gone.
  base::Result<std::optional<StoredMessage>> one(std::int64_t id);

  // When the oldest message came, as far as the first kOldestAmong say: what is replayed has an old time and a new
  // place. Nothing where the queue is empty.
  base::Result<std::optional<base::WallTime>> oldest();

  // All hours of the table `arrivals`, in one read transaction.
  base::Result<std::vector<HourOfArrival>> arrivals();

  // Closes the connection: the next call opens it again. After an I/O error, and at the end.
  void close();

 private:
  struct Connection {
    sqlite::Database database;
    sqlite::Statement page, one, oldest, arrivals;
  };
  base::Status open();

  const std::string path_;
  std::mutex mutex_;
  std::optional<Connection> connection_;
};

}  // namespace twinshift::queue
