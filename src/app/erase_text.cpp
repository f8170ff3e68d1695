#include "app/erase_text.hpp"

#include <string_view>

#include <fmt/format.h>

namespace twinshift::app {
namespace {

std::string counted(std::uint64_t number, std::string_view noun) {
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

}  // namespace

std::string look_text(const std::string& field, const ErasureLook& look) {
  std::string text = fmt::format("events with this {}:\n", field);
  for (const ErasureLook::Target& target : look.targets) {
    if (target.trouble) {
      text += fmt::format("  {}: cannot be asked\n", target.name);
      continue;
    }
    text += fmt::format("  {}: {}", target.name, counted(target.rows.size(), "row"));
    text += target.owed == 0 ? "\n" : fmt::format(", {} on the way to it\n", counted(target.owed, "event"));
  }
  text += fmt::format("  queue: {}\n", look.waiting.all_told || !look.waiting.events.empty()
                                           ? counted(look.waiting.events.size(), "message")
                                           : std::string("cannot be looked into"));
  return text + fmt::format("  quarantine: {}\n", counted(look.quarantined.size(), "record"));
}

std::string erased_text(const std::string& field, const ErasureReport& report) {
  std::string text = fmt::format("erased by {}: {} noted\n", field, counted(report.events.size(), "event"));
  for (const auto& [target, rows] : report.rows) {
    text += fmt::format("  {}: {} removed", target, counted(rows, "row"));
    const auto noted = report.noted.find(target);
    if (noted != report.noted.end()) {
      text += fmt::format(", {} noted", counted(noted->second.theirs, "event"));
      if (noted->second.others > 0) text += fmt::format(", and {} of earlier erasures", noted->second.others);
    }
    text += '\n';
  }
  if (report.dropped > 0) text += fmt::format("  quarantine: {} dropped\n", counted(report.dropped, "record"));
  return text;
}

std::string left_text(const ErasureLook& first, const ErasureReport& report) {
  std::string text;
  for (const auto& [where, error] : report.troubles) text += fmt::format("{}: {}\n", where, error.text());
  if (report.goes_on) text += "events with this value keep coming, or a target has missed many: run it again\n";
  if (!first.waiting.all_told) {
    text += "not all that waits in the queue could be looked into: run it again when the queue is empty\n";
  }
  return text;
}

}  // namespace twinshift::app
