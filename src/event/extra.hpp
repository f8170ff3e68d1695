// `extra`: a JSON object with what the typed columns of a row cannot give back.
#pragma once

#include <string>
#include <string_view>

#include "event/event.hpp"

namespace twinshift::event {

// Fills one `extra` text: keep() each field that must stand there, then finish().
class ExtraWriter {
 public:
  // `out` is emptied; its memory is used again.
  explicit ExtraWriter(const Event& event, std::string& out) : event_(event), out_(out), whole_(!event.plain) {
    out_.clear();
  }

  // `plain_name`: the name needs no escapes (a catalogue name).
  void keep(const Field& field, bool plain_name);

  // The column had to take a filler in place of a missing value.
  void note_absent(std::string_view column);

  // Adds the whole event where its fields alone cannot tell it, and closes the object. Leaves `out` empty where nothing
  // was kept.
  void finish();

 private:
  const Event& event_;
  std::string& out_;
  std::string absent_;
  bool whole_;
};

}  // namespace twinshift::event
