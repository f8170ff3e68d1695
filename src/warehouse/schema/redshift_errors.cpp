#include "warehouse/schema/redshift_errors.hpp"

#include <algorithm>
#include <array>

namespace twinshift::warehouse {
namespace {

using base::ErrorKind;

struct Rule {
  // Small letters. The error's text holds it before any quoted value; behind '^': begins with it.
  std::string_view text;
  std::string_view sqlstate;
  ErrorKind kind;
  // What is shown in place of the server's text, which quotes values; empty: the server's own text names things only.
  std::string_view told;
  std::string_view hint = {};
};

constexpr std::string_view kNotNull = "23502";
constexpr std::string_view kChanged = "The table is not as it was: `twinshift schema --diff` shows what changed";
constexpr std::string_view kGrant = "Grant the missing right to the database user that the Data API logs in as";

// The first rule that fits counts.
constexpr std::array kRules = {
    // Another transaction was in the way.
    Rule{"^1023", "40001", ErrorKind::conflict, "Serializable isolation violation (1023)"},
    Rule{"serializable isolation violation", "40001", ErrorKind::conflict, "Serializable isolation violation (1023)"},
    Rule{"conflict with concurrent transaction", "40001", ErrorKind::conflict, "conflict with concurrent transaction"},
    Rule{"could not serialize access", "40001", ErrorKind::conflict, "conflict with concurrent transaction"},
    Rule{"deadlock detected", "40P01", ErrorKind::conflict, "deadlock detected"},
    Rule{"dropped by concurrent transaction", "40001", ErrorKind::conflict, "the table was dropped meanwhile"},
    // Slower, please.
    Rule{"connection limit", "53300", ErrorKind::throttled, "connection limit exceeded"},
    Rule{"too many connections", "53300", ErrorKind::throttled, "too many connections"},
    Rule{"sorry, too many clients", "53300", ErrorKind::throttled, "too many connections"},
    Rule{"too many active", "53300", ErrorKind::throttled, "too many active statements"},
    // About a row's data.
    Rule{"^value too long for", "22001", ErrorKind::rejected, "value too long for its column"},
    Rule{"^string length exceeds ddl length", "22001", ErrorKind::rejected, "value too long for its column"},
    Rule{"^string value exceeds the max size", "22001", ErrorKind::rejected, "a string exceeds the largest size"},
    Rule{"^value exceeds super", "22001", ErrorKind::rejected, "a value exceeds the largest size of SUPER"},
    Rule{"^numeric data overflow", "22003", ErrorKind::rejected, "numeric data overflow"},
    Rule{"^numeric field overflow", "22003", ErrorKind::rejected, "numeric field overflow"},
    Rule{"^numeric overflow", "22003", ErrorKind::rejected, "numeric overflow"},
    Rule{"^overflow", "22003", ErrorKind::rejected, "numeric overflow"},
    Rule{"^integer out of range", "22003", ErrorKind::rejected, "integer out of range"},
    Rule{"^bigint out of range", "22003", ErrorKind::rejected, "bigint out of range"},
    Rule{"^smallint out of range", "22003", ErrorKind::rejected, "smallint out of range"},
    Rule{"^value \"", "22003", ErrorKind::rejected, "a value is out of range for its type"},
    Rule{"^invalid input syntax for", "22P02", ErrorKind::rejected, "invalid input syntax for its type"},
    Rule{"^invalid digit", "22P02", ErrorKind::rejected, "invalid digit"},
    Rule{"^invalid timestamp", "22007", ErrorKind::rejected, "invalid timestamp"},
    Rule{"^invalid date", "22007", ErrorKind::rejected, "invalid date"},
    Rule{"^date/time field value out of range", "22008", ErrorKind::rejected, "date/time field value out of range"},
    Rule{"^invalid json", "22P02", ErrorKind::rejected, "invalid JSON"},
    Rule{"^json parsing error", "22P02", ErrorKind::rejected, "invalid JSON"},
    Rule{"^invalid byte sequence", "22021", ErrorKind::rejected, "invalid byte sequence"},
    Rule{"^string contains invalid or unsupported utf8", "22021", ErrorKind::rejected, "invalid or unsupported UTF-8"},
    Rule{"^char string contains invalid ascii", "22021", ErrorKind::rejected, "invalid character for CHAR"},
    Rule{"^cannot insert a null value into column", "23502", ErrorKind::rejected, "NULL in a NOT NULL column"},
    Rule{"^null value in column", "23502", ErrorKind::rejected, "NULL in a NOT NULL column"},
    // It took too long, for somebody.
    Rule{"cancelled on user's request", "57014", ErrorKind::timed_out, "the query was cancelled"},
    Rule{"canceled on user's request", "57014", ErrorKind::timed_out, "the query was cancelled"},
    Rule{"canceling statement due to", "57014", ErrorKind::timed_out, "the statement was cancelled"},
    Rule{"aborted by wlm", "57014", ErrorKind::timed_out, "the query was aborted by a monitoring rule (WLM)"},
    Rule{"query aborted", "57014", ErrorKind::timed_out, "the query was aborted"},
    // The target's trouble.
    Rule{"permission denied", "42501", ErrorKind::unavailable, "", kGrant},
    Rule{"must be owner of", "42501", ErrorKind::unavailable, "", kGrant},
    Rule{"password authentication failed", "28P01", ErrorKind::unavailable, "",
         "Check DbUser, or what stands in the secret"},
    Rule{"^database \"", "3D000", ErrorKind::unavailable, "", "Check the database's name"},
    Rule{"^schema \"", "3F000", ErrorKind::unavailable, "", "Create the schema, or correct the table's name"},
    Rule{"^relation \"", "42P01", ErrorKind::unavailable, "", kChanged},
    Rule{"^column \"", "42703", ErrorKind::unavailable, "", kChanged},
    Rule{"^table \"", "42P01", ErrorKind::unavailable, "", kChanged},
    Rule{"disk full", "53100", ErrorKind::unavailable, "disk full", "Make room in the cluster, or resize it"},
    Rule{"out of memory", "53200", ErrorKind::unavailable, "out of memory", "Look at the cluster's load"},
    Rule{"read-only", "25006", ErrorKind::unavailable, "the database is read-only", "Connect to one that takes writes"},
    Rule{"not supported", "0A000", ErrorKind::unavailable, "the server does not support a statement"},
    Rule{"syntax error", "42601", ErrorKind::unavailable, "the server finds a syntax error in a statement of ours"},
    Rule{"does not exist", "42704", ErrorKind::unavailable, "something that is needed does not exist", kChanged},
    Rule{"connection", "08006", ErrorKind::unavailable, "the service lost its connection to the database",
         "It is tried again by itself"},
};

std::string lower(std::string_view text) {
  std::string small(text);
  for (char& c : small) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return small;
}

// Where a value could begin.
std::string_view before_values(std::string_view text) {
  return text.substr(0, text.find_first_of("\"'`("));
}

// `text` is in small letters. A rule with a quotation mark of its own is looked for in all of it, after the others.
bool fits(const Rule& rule, std::string_view text) {
  if (rule.text.starts_with('^')) return text.starts_with(rule.text.substr(1));
  const bool quotes = before_values(rule.text).size() != rule.text.size();
  return (quotes ? text : before_values(text)).find(rule.text) != std::string_view::npos;
}

const Rule* find_rule(std::string_view text) {
  const auto* found = std::ranges::find_if(kRules, [&](const Rule& rule) { return fits(rule, text); });
  return found == kRules.end() ? nullptr : found;
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// `column "x"`, `column x`: taken as far as it looks like a name, so that no value follows.
std::string column_in(std::string_view text) {
  constexpr std::string_view kBefore = "column ";
  const std::size_t at = lower(text).find(kBefore);
  if (at == std::string::npos) return {};
  text.remove_prefix(at + kBefore.size());
  if (text.starts_with('"')) text.remove_prefix(1);
  const auto end = std::ranges::find_if_not(text, is_name_character);
  return {text.begin(), end};
}

RedshiftError error_by(const Rule& rule, const std::string& line) {
  RedshiftError error;
  error.kind = rule.kind;
  error.sqlstate = rule.sqlstate;
  if (rule.sqlstate == kNotNull) error.column = column_in(line);
  error.message = rule.told.empty() ? line : std::string(rule.told);
  if (!error.column.empty()) error.message += ", column " + error.column;
  error.message += " [" + error.sqlstate + "]";
  error.hint = rule.hint;
  return error;
}

}  // namespace

std::string redshift_error_line(std::string_view text) {
  for (const std::string_view before : {"ERROR:", "FATAL:"}) {
    if (const std::size_t at = before_values(text).find(before); at != std::string_view::npos) {
      text.remove_prefix(at + before.size());
    }
  }
  const std::size_t begin = text.find_first_not_of(" \n\t");
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find('\n', begin) - begin));
}

RedshiftError read_redshift_error(std::string_view text) {
  const std::string line = redshift_error_line(text);
  const std::string small = lower(line);
  if (const Rule* rule = find_rule(small)) {
    RedshiftError error = error_by(*rule, line);
    error.already_there = error.kind == ErrorKind::unavailable && small.ends_with("already exists");
    return error;
  }
  return {.kind = ErrorKind::unavailable,
          .sqlstate = {},
          .column = {},
          .message = "the server refused a statement",
          .hint = "It is tried again by itself; `aws redshift-data describe-statement` shows the server's own words"};
}

}  // namespace twinshift::warehouse
