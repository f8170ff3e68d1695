// Which table a target's books are counted in, without a host: so that a table that was renamed, or a target that was
// moved to another database, is not taken for the one whose markers were summed up.
//
// Threads: those of the warehouse that is asked.
#pragma once

#include "base/error.hpp"
#include "books/books_file.hpp"
#include "config/settings.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::app {

// Two queries at most. What the server does not let us ask is left empty (CountedTable::is_same()). Errors: those of
// Warehouse::query(), but for `invalid`.
base::Result<books::BooksFile::CountedTable> identify_table(const config::Settings& settings, const std::string& target,
                                                            warehouse::Warehouse& warehouse);

}  // namespace twinshift::app
