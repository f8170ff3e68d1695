// Which events are in the quarantine. It can be read beside a service, so whoever asks reads it.
//
// Threads: one at a time. Calls block for as long as the quarantine takes to be read.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "config/settings.hpp"
#include "proof/questions.hpp"

namespace twinshift::app {

class QuarantineIds {
 public:
  explicit QuarantineIds(const config::Settings& settings) : settings_(settings) {}

  // By the order asked for: does `target`'s quarantine hold it?
  base::Result<std::vector<bool>> holds(const std::string& target, std::span<const proof::Listed> events);

 private:
  const config::Settings settings_;
};

}  // namespace twinshift::app
