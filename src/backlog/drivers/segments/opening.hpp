// Reads a backlog's folder at the start: which segments there are, what is settled of them, where the writer goes on.
// One thread.
#pragma once

#include <cstdint>
#include <string>

#include "backlog/drivers/segments/journal.hpp"
#include "backlog/drivers/segments/ledger.hpp"

namespace twinshift::backlog::segments {

struct Opened {
  Position position;
  Journal journal;
  std::uint64_t kept_aside = 0;  // damaged segments of earlier times
};

// Fills `ledger` and changes no file; a folder that is not there holds nothing.
base::Status read_folder(const std::string& folder, const std::string& target, Ledger& ledger);
// Makes the folder where there is none. Fills `ledger`.
base::Result<Opened> open_folder(const std::string& folder, const std::string& target, Ledger& ledger);

}  // namespace twinshift::backlog::segments
