#include "pg/sqlstate.hpp"

#include <algorithm>
#include <array>

namespace twinshift::pg {
namespace {

using base::ErrorKind;

struct Rule {
  std::string_view prefix;  // of the SQLSTATE: a whole code or a class
  ErrorKind kind;
  bool shown;  // the message quotes no values of rows
  std::string_view hint;
};

// The first rule whose prefix fits counts. Codes before their class.
constexpr std::array kRules = {
    Rule{"22", ErrorKind::rejected, false, ""},     // data exception
    Rule{"23502", ErrorKind::rejected, false, ""},  // not_null_violation
    Rule{"23514", ErrorKind::rejected, false, ""},  // check_violation
    Rule{"23505", ErrorKind::conflict, false,
         "A UNIQUE or PRIMARY KEY other than that of event_id refuses events: drop it (`twinshift schema --diff`)"},
    Rule{"23", ErrorKind::unavailable, false, "A constraint of the table refuses events: look at it, or drop it"},
    Rule{"40003", ErrorKind::unknown_outcome, true, ""},  // statement_completion_unknown
    Rule{"40", ErrorKind::conflict, true, ""},            // serialization_failure, deadlock_detected
    Rule{"55P03", ErrorKind::conflict, true, ""},         // lock_not_available
    Rule{"55006", ErrorKind::conflict, true, ""},         // object_in_use
    Rule{"53300", ErrorKind::throttled, true, "Too many connections: raise max_connections or close some"},
    Rule{"53100", ErrorKind::unavailable, true, "The server's disk is full: make room there"},
    Rule{"53", ErrorKind::unavailable, true, "The server lacks resources: see its log"},
    Rule{"57014", ErrorKind::timed_out, true, "The statement took longer than the session allows (statement_timeout)"},
    Rule{"57", ErrorKind::unavailable, true, ""},  // operator intervention: shutdown, cannot_connect_now
    Rule{"58", ErrorKind::unavailable, true, "The server met an error of its own: see its log"},
    Rule{"08007", ErrorKind::unknown_outcome, true, ""},  // transaction_resolution_unknown
    Rule{"08", ErrorKind::unavailable, true, ""},
    Rule{"28", ErrorKind::unavailable, true, "Check user and password, and the server's pg_hba.conf"},
    Rule{"3D000", ErrorKind::unavailable, true, "Check the database's name"},
    Rule{"3F000", ErrorKind::unavailable, true, "Create the schema, or correct the table's name"},
    Rule{"42501", ErrorKind::unavailable, true, "Grant the missing right to the user that we log in as"},
    Rule{"42", ErrorKind::unavailable, true,
         "The table is not as it was: `twinshift schema --diff` shows what changed"},
    Rule{"25006", ErrorKind::unavailable, true, "The server is read-only (a standby, perhaps): connect to the primary"},
    Rule{"25", ErrorKind::unavailable, true, ""},
    Rule{"0A", ErrorKind::unavailable, true, ""},
    Rule{"26", ErrorKind::unavailable, true, ""},
    Rule{"34", ErrorKind::unavailable, true, ""},
};

const Rule* find(std::string_view sqlstate) {
  const auto* rule = std::ranges::find_if(kRules, [&](const Rule& each) { return sqlstate.starts_with(each.prefix); });
  return rule == kRules.end() ? nullptr : rule;
}

// Redshift gives XX000 to much; these beginnings are known (developer guide, "Serializable isolation", "Multi-byte
// character load errors", "Data types: SUPER").
constexpr std::array<std::string_view, 2> kConflictTexts = {"1023", "Serializable isolation violation"};
constexpr std::array<std::string_view, 8> kDataTexts = {"String contains invalid or unsupported UTF8 codepoints",
                                                        "Numeric data overflow",
                                                        "Overflow",
                                                        "Value too long for character type",
                                                        "Invalid JSON",
                                                        "Invalid digit",
                                                        "Value exceeds SUPER",
                                                        "String value exceeds the max size"};
constexpr std::array<std::string_view, 2> kThrottleTexts = {"connection limit", "too many active"};

bool begins_with_one_of(std::string_view message, const auto& texts) {
  return std::ranges::any_of(texts, [&](std::string_view text) { return message.starts_with(text); });
}

}  // namespace

ErrorKind kind_of(std::string_view sqlstate, std::string_view message) {
  if (const Rule* rule = find(sqlstate)) return rule->kind;
  if (sqlstate == "XX000") {
    if (begins_with_one_of(message, kConflictTexts)) return ErrorKind::conflict;
    if (begins_with_one_of(message, kDataTexts)) return ErrorKind::rejected;
    if (begins_with_one_of(message, kThrottleTexts)) return ErrorKind::throttled;
  }
  return ErrorKind::unavailable;
}

bool is_shown(std::string_view sqlstate) {
  const Rule* rule = find(sqlstate);
  return rule != nullptr && rule->shown;
}

// duplicate_table, duplicate_column, duplicate_object (the row type of a table made between the server's two looks), or
// a unique key of the server's own catalog: IF NOT EXISTS does not wait for a CREATE that has not committed.
bool says_already_there(std::string_view sqlstate, std::string_view constraint) {
  return sqlstate == "42P07" || sqlstate == "42701" || sqlstate == "42710" ||
         (sqlstate == kUniqueViolation && constraint.starts_with("pg_"));
}

std::string_view hint_of(std::string_view sqlstate) {
  const Rule* rule = find(sqlstate);
  return rule == nullptr ? std::string_view() : rule->hint;
}

}  // namespace twinshift::pg
