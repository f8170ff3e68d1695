// The queue file's format and version: docs/formats/queue-sqlite.md. Any thread; the file's own has the file.
#pragma once

#include <cstdint>

#include "base/error.hpp"
#include "sqlite/stamped_file.hpp"

namespace twinshift::queue {

// `page_bytes`: of a file that is made now.
sqlite::FileFormat file_format(std::uint32_t page_bytes);

// Brings an empty or older file to the present version in one transaction.
base::Status take_over_format(sqlite::StampedFile& file, const sqlite::FileFormat& format);

}  // namespace twinshift::queue
