// A backlog's folder as it stands at one moment, while its writer goes on: which segments there are and how far each is
// written, and the journal. What recovery (opening.cpp) makes of it is what it would make of a kill -9 then. The files
// are open, so one that is deleted meanwhile can be read to its end. Any thread; one at a time for an object.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/descriptor.hpp"
#include "base/error.hpp"

namespace twinshift::backlog {

struct SegmentSnapshot {
  std::string name;
  base::Descriptor file;    // for reading
  std::uint64_t bytes = 0;  // as far as it counts
};

struct FolderSnapshot {
  std::vector<SegmentSnapshot> segments;
  std::string journal;  // bytes of settled.log; empty where there is none
};

// Of the journal, beside the segments.
inline constexpr const char* kJournalName = "settled.log";

// Files of damage that were kept aside are left out. A folder that is not there holds nothing. Errors: unavailable (a
// file cannot be opened or read), conflict (segments came and went at every try).
base::Result<FolderSnapshot> snapshot_of(const std::string& folder);

}  // namespace twinshift::backlog
