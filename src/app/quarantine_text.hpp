// Records of the quarantine for people and programs. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "quarantine/quarantine.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::app {

// Without the events themselves.
warehouse::Table records_as_table(const std::vector<quarantine::Record>& records);
// One JSON object on one line, the event in it as received but for line ends between its tokens, which become blanks.
// `messages` counts the messages that brought the event; with_arrivals: `arrivals` tells their ids and times, the
// record's own first.
std::string record_as_json(const quarantine::Record& record, bool with_arrivals);

}  // namespace twinshift::app
