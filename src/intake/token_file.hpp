// WEBHOOK_TOKENS_FILE: tokens from a file that is read again when it changes. One thread at a time; blocks for reading.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "config/token_list.hpp"

namespace twinshift::intake {

class TokenFile {
 public:
  static constexpr std::size_t kBytesMax = 4U << 20U;  // kTokensMax of the longest, with room for comments

  explicit TokenFile(std::filesystem::path path) : path_(std::move(path)) {}
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  // The file's tokens; nothing where it is as it was the last time, whether that was well or not: so an error comes
  // once. Errors name the line and never a value.
  base::Result<std::optional<std::vector<config::AppToken>>> read_if_changed();

 private:
  using Mark = std::array<std::int64_t, 6>;  // what of its status changes with it; all 0: it is not there
  const std::filesystem::path path_;
  std::optional<Mark> seen_;
};

}  // namespace twinshift::intake
