#include "queue/drivers/sqlite/file_format.hpp"

#include <array>
#include <chrono>

#include "base/failpoint.hpp"

namespace twinshift::queue {
namespace {

constexpr std::array<const char*, 2> kSteps = {
    "CREATE TABLE messages("
    "  id INTEGER PRIMARY KEY,"
    "  received_at INTEGER NOT NULL,"
    "  message_id BLOB NOT NULL,"
    "  body BLOB NOT NULL"
    ") STRICT;"
    "CREATE TABLE queue_state("
    "  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),"
    "  last_id INTEGER NOT NULL,"
    "  depth INTEGER NOT NULL"
    ") STRICT;"
    "INSERT INTO queue_state VALUES (1, 0, 0);",
    "CREATE TABLE arrivals("
    "  hour INTEGER PRIMARY KEY,"
    "  received INTEGER NOT NULL,"
    "  again INTEGER NOT NULL,"
    "  settled INTEGER NOT NULL,"
    "  waived INTEGER NOT NULL"
    ") STRICT;"
    "INSERT INTO arrivals SELECT received_at / 3600000000, count(*), 0, 0, 0 FROM messages GROUP BY 1;",
};

}  // namespace

sqlite::FileFormat file_format(std::uint32_t page_bytes) {
  return {.application_id = 0x54537175,  // "TSqu"
          .what = "queue",
          .steps = kSteps,
          .busy_timeout = std::chrono::milliseconds(250),
          .page_bytes = page_bytes,
          .incremental_vacuum = true,
          .newer_cure = "Start the newer twinshift that wrote it, or drain the queue with that one first"};
}

base::Status take_over_format(sqlite::StampedFile& file, const sqlite::FileFormat& format) {
  if (file.version == format.version()) return {};
  auto taken = sqlite::bring_up_to_date(file, format, [] {
    base::failpoint(base::Failpoint::queue_sqlite_format_before_commit);
    return base::Status();
  });
  if (taken) base::failpoint(base::Failpoint::queue_sqlite_format_after_commit);
  return taken;
}

}  // namespace twinshift::queue
