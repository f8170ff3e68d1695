// From refusals to records: those of one event and one target are one record. In memory; one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "quarantine/quarantine.hpp"

namespace twinshift::quarantine {

struct Entry {
  // `id` is the first refusal's number, so it stays while the record stands; `tries` is the sum.
  Record record;
  bool has_json = false;              // `record.json` is the event, and not left out
  std::vector<std::int64_t> numbers;  // of its refusals, ascending
};

class RecordBook {
 public:
  // Events are kept up to `json_bytes_max` together, the others left out.
  explicit RecordBook(std::size_t json_bytes_max) : json_bytes_max_(json_bytes_max) {}

  // A number that was added before changes nothing: a queue may deliver a message twice.
  void add(Record refusal, std::string_view event);

  // By id, `both_sides` set; the book is then empty.
  std::vector<Entry> take();

 private:
  void take_json(Entry& entry, std::string_view event);

  const std::size_t json_bytes_max_;
  std::size_t json_bytes_ = 0;
  std::map<std::pair<std::string, std::string>, Entry> entries_;  // by event and target
};

}  // namespace twinshift::quarantine
