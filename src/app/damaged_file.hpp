// What `twinshift rebuild` does first where its target is a SQLite file that is damaged: the file is kept beside, under
// another name, and a new one with all that can still be read of it takes its place. One thread; while the data folder
// is held, so that no service has the file open.
//
// A run that was cut short is taken up by the next one: the new file stands at <path>.rebuilding-<time> until it is
// whole, and what it is filled from at <path>.damaged-<that time or later>.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "config/settings.hpp"

namespace twinshift::app {

enum class FileState : std::uint8_t {
  none,     // the target is no file
  missing,  // there is none at its place
  sound,
  damaged,
  cut_short  // a run that put a new one in place was killed
};

struct FileLook {
  FileState state = FileState::none;
  std::string path{};
  std::string what{};  // damaged: what SQLite says
};

// Reads the whole file; with `in_use` (a service has it open) it is only looked whether it is there. Errors:
// unavailable (the disk); not_found (no such target).
base::Result<FileLook> look_at_file(const config::Settings& settings, const std::string& target, bool in_use);

struct FileReplaced {
  std::string aside;  // where the damaged one is now
  std::uint64_t rows = 0;
  bool lost = false;  // not all of it could be read
};

// For `damaged` and `cut_short`. Errors: full, unavailable; what can be read is then in the files beside, and the next
// run goes on.
base::Result<FileReplaced> replace_file(const std::string& path, base::WallTime now);

// "the secondary's file /data/secondary.db is damaged (...); --apply keeps it beside, ..."
std::string plan_text(const std::string& target, const FileLook& look);
std::string replaced_text(const std::string& target, const FileLook& look, const FileReplaced& done);
// A member of the JSON answer: "file":{"path":...,"state":"damaged",...}; `done`: what became of it.
std::string file_json(const FileLook& look, const std::optional<FileReplaced>& done);

}  // namespace twinshift::app
