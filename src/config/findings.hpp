// What the rules about several options have found. One thread.
#pragma once

#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace twinshift::config {

using OptionNames = std::set<std::string_view>;

struct Findings {
  std::vector<std::string> faults;  // each stops the start
  std::vector<std::string> warnings;
  std::vector<std::string> notes;
  // Options that somebody meant to set and whose value could not be read: they stand at their defaults.
  OptionNames unread = {};

  // `text` names the options that the fault stands on, `also` those that it does not name. Left out where one of them
  // is unread: the fault may come from its default alone, and would be gone once that option is put right.
  void fault(std::string text, std::initializer_list<std::string_view> also = {});
};

}  // namespace twinshift::config
