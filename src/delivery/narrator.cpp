#include "delivery/narrator.hpp"

#include <utility>

namespace twinshift::delivery {

namespace log = base::log;

namespace {

std::string_view refusal_text(NoteKind kind) {
  if (kind == NoteKind::quarantined) return " refuses an event for good: it is in the quarantine";
  if (kind == NoteKind::doubted) return " refuses an event: it is kept and tried again later";
  return " refuses so many events that its table must be at fault: all are kept";
}

}  // namespace

Narrator::Narrator(std::vector<Target> targets) : targets_(std::move(targets)), throttles_(targets_.size()) {}

void Narrator::tell(const Note& note, base::SteadyTime now) {
  switch (note.kind) {
    case NoteKind::committed:
    case NoteKind::settled_by_marker:
      return tell_batch(note);
    case NoteKind::failed:
    case NoteKind::probe_failed:
      return tell_failure(note, now);
    case NoteKind::doubted:
    case NoteKind::quarantined:
    case NoteKind::table_refuses:
      return tell_refusal(note, now);
    case NoteKind::park_failed:
    case NoteKind::park_overflow:
      return tell_parking(note, now);
    case NoteKind::breaker_opened:
    case NoteKind::breaker_closed:
    case NoteKind::fetch_failed:
    case NoteKind::quarantine_failed:
    case NoteKind::undecodable:
      return tell_other(note, now);
  }
}

void Narrator::tell_batch(const Note& note) {
  if (note.rows == 0 || !log::enabled(log::Level::info)) return;
  const Target& target = targets_[note.lane];
  log::Line line = log::info("Data successfully inserted into " + target.name + " " + target.product);
  line.add("target", target.name).add("statementId", note.statement_id).add("rows", note.rows);
  if (note.duplicates > 0) line.add("duplicates", note.duplicates);
  if (note.displaced > 0) line.add("valuesInExtra", note.displaced);
  if (note.from_backlog) line.add("fromBacklog", true);
  if (note.kind == NoteKind::settled_by_marker) line.add("settledByMarker", true);
  line.add_ms("durationMs", note.took);
}

void Narrator::tell_failure(const Note& note, base::SteadyTime now) {
  const Target& target = targets_[note.lane];
  const auto count = throttles_[note.lane].failed.pass(note.error->message, now);
  if (!count) return;
  const bool probe = note.kind == NoteKind::probe_failed;
  log::Line line =
      log::error((probe ? "Cannot reach " : "Failed to insert data into ") + target.name + " " + target.product);
  line.add("target", target.name);
  if (!probe) line.add("statementId", note.statement_id).add("rows", note.rows);
  line.add("count", *count).add(*note.error);
}

void Narrator::tell_refusal(const Note& note, base::SteadyTime now) {
  const Target& target = targets_[note.lane];
  // One throttle a kind: "kept and tried again" must not keep back "in the quarantine".
  Throttles& throttles = throttles_[note.lane];
  base::log::Throttle& throttle = note.kind == NoteKind::quarantined     ? throttles.quarantined
                                  : note.kind == NoteKind::table_refuses ? throttles.table
                                                                         : throttles.doubted;
  const auto count = throttle.pass(note.error->message, now);
  if (!count) return;
  log::Line line = log::error(target.name + " " + target.product + std::string(refusal_text(note.kind)));
  line.add("target", target.name).add("count", *count);
  if (note.kind == NoteKind::table_refuses) {
    line.add("rows", note.rows);
  } else {
    line.add("eventId", note.statement_id);
  }
  line.add(*note.error);
  if (note.kind == NoteKind::quarantined) line.add("hint", "`twinshift quarantine list` shows it");
}

void Narrator::tell_parking(const Note& note, base::SteadyTime now) {
  const Target& target = targets_[note.lane];
  const bool overflow = note.kind == NoteKind::park_overflow;
  const auto count = throttles_[note.lane].park.pass(overflow ? "overflow" : note.error->message, now);
  if (!count) return;
  log::Line line =
      log::error(overflow ? "The backlog takes nothing: messages go back to the queue" : "Failed to park events");
  line.add("target", target.name).add("rows", note.rows).add("count", *count);
  if (note.error) line.add(*note.error);
}

void Narrator::tell_other(const Note& note, base::SteadyTime now) {
  // A message of the queue itself belongs to no target.
  const Target& target = targets_[note.lane];
  if (note.kind == NoteKind::breaker_opened) {
    log::warn("Target is left alone for a while: it keeps failing").add("target", target.name);
  } else if (note.kind == NoteKind::breaker_closed) {
    log::info("Target is well again").add("target", target.name);
  } else if (note.kind == NoteKind::quarantine_failed) {
    const auto count = throttles_[note.lane].other.pass(note.error->message, now);
    if (!count) return;
    log::Line line = log::error("Failed to quarantine events: they are kept and come again");
    line.add("target", target.name).add("rows", note.rows).add("count", *count).add(*note.error);
  } else if (note.kind == NoteKind::fetch_failed) {
    const auto count = throttles_[note.lane].other.pass(note.error->message, now);
    if (count)
      log::error("Failed to read the backlog").add("target", target.name).add("count", *count).add(*note.error);
  } else {
    const auto count = throttles_[note.lane].other.pass("undecodable", now);
    if (!count) return;
    log::Line line = log::error("A message holds no event: it stays where it is and is tried again later");
    line.add("from", note.from_backlog ? target.name + " backlog" : std::string("queue"));
    line.add("rows", note.rows).add("count", *count);
  }
}

void Narrator::acknowledge_failed(const base::Error& error, base::SteadyTime now) {
  const auto count = acknowledge_.pass(error.message, now);
  if (count) log::error("Failed to acknowledge messages: they come again").add("count", *count).add(error);
}

}  // namespace twinshift::delivery
