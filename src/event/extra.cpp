#include "event/extra.hpp"

#include "base/json_text.hpp"
#include "event/decimal.hpp"
#include "event/json_check.hpp"
#include "event/row.hpp"

namespace twinshift::event {
namespace {

// Would a JSON database type give this value back unchanged? The event is plain: no NUL, no lone surrogate in it.
bool survives(const Field& field) {
  if (field.kind == ValueKind::number) {
    const std::optional<Number> number = Number::parse(field.raw);
    return number && survives_double(*number);
  }
  if (field.kind == ValueKind::object || field.kind == ValueKind::array) return check_json(field.raw).narrow;
  return true;
}

}  // namespace

void ExtraWriter::keep(const Field& field, bool plain_name) {
  if (!event_.plain) return;  // its parts may be what no database takes; the whole is kept as a text
  if (field.key.starts_with('$') || !survives(field)) {
    whole_ = true;
    return;
  }
  out_ += out_.empty() ? '{' : ',';
  if (plain_name) {
    out_ += '"';
    out_ += field.key;
    out_ += '"';
  } else {
    base::append_json_string(out_, field.key);
  }
  out_ += ':';
  out_ += field.raw;
}

void ExtraWriter::note_absent(std::string_view column) {
  absent_ += absent_.empty() ? "[\"" : ",\"";
  absent_ += column;
  absent_ += '"';
}

void ExtraWriter::finish() {
  if (!absent_.empty()) {
    out_ += out_.empty() ? '{' : ',';
    base::append_json_string(out_, kAbsentColumns);
    out_ += ':';
    out_ += absent_ + ']';
  }
  if (whole_) {
    out_ += out_.empty() ? '{' : ',';
    base::append_json_string(out_, kWholeEvent);
    out_ += ':';
    base::append_json_string(out_, event_.json);
  }
  if (!out_.empty()) out_ += '}';
}

}  // namespace twinshift::event
