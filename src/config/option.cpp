#include "config/option.hpp"

#include <algorithm>

#include "config/settings.hpp"

namespace twinshift::config {
namespace {

struct Lists {
  std::vector<Option> options;
  std::vector<Section> sections;
};

Lists make_lists() {
  Lists lists;
#define SECTION(title, about) lists.sections.push_back({title, about});
#define OPTION(kind, name, field, preset, limits, status, text)                                                     \
  lists.options.push_back(                                                                                          \
      {Kind::kind, #name, preset_of<Kind::kind>(preset), limits, Status::status, lists.sections.back().title, text, \
       [](Settings& settings, const Value& value) { settings.field = typed<Kind::kind>(value); }});
#include "config/options.def"
#undef OPTION
#undef SECTION
  return lists;
}

const Lists& lists() {
  static const Lists all = make_lists();
  return all;
}

}  // namespace

const std::vector<Option>& options() {
  return lists().options;
}

const std::vector<Section>& sections() {
  return lists().sections;
}

const Option* find_option(std::string_view name) {
  const auto found = std::ranges::find(options(), name, &Option::name);
  return found == options().end() ? nullptr : &*found;
}

}  // namespace twinshift::config
