// Is a text that a person typed one statement that only reads? Any thread; no I/O.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace twinshift::warehouse {

// The statement without what follows its end (a semicolon, comments). `invalid` for anything but one SELECT or WITH,
// and for SELECT ... INTO, which makes a table. The Data API knows no read-only transaction, so this is what keeps
// `query` from writing: Redshift's WITH holds no INSERT, UPDATE or DELETE (developer guide, "WITH clause"), and its
// functions cannot write.
base::Result<std::string> reading_statement(std::string_view sql);

}  // namespace twinshift::warehouse
