// A database as it stands at one moment, copied beside its writer: one read transaction from begin() to release(), so
// the writer's log grows by what is written meanwhile and is used again afterwards. Nothing is written to the source,
// and its log is not checkpointed from here. One thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "sqlite/database.hpp"

namespace twinshift::sqlite {

class Snapshot {
 public:
  // Opens the file; nothing is fixed yet. Errors: not_found, unavailable, corrupt.
  static base::Result<Snapshot> open(const std::string& path);

  // Fixes this moment; again: a later one. Reads one page.
  base::Status begin();
  // Of the copy to come.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

  // After each step of at most kStepBytes: so many were written. An error ends the copy.
  using AfterStep = std::function<base::Status(std::uint64_t)>;
  static constexpr std::uint64_t kStepBytes = 1'000'000;
  // Into a new file (0600): whole, without a log, not yet fsync'd. After an error what is there is no copy.
  base::Status copy_to(const std::string& path, const AfterStep& after_step);

  // The writer may use its log again.
  void release() { source_.reset(); }

 private:
  explicit Snapshot(Database source) : source_(std::move(source)) {}
  base::Status copy_pages(Database& copy, const AfterStep& after_step);

  std::optional<Database> source_;
  std::uint64_t page_bytes_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace twinshift::sqlite
