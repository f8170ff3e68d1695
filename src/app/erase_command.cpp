// `twinshift erase`: removes a person's events from both targets, the queue, the backlog and the quarantine.
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "app/commands.hpp"
#include "app/driver_table.hpp"
#include "app/erase_text.hpp"
#include "app/eraser.hpp"
#include "app/exit_code.hpp"
#include "app/person_table.hpp"

namespace twinshift::app {
namespace {

int explain(const base::Error& error, int code) {
  std::fprintf(stderr, "twinshift: erase: %s\n", error.text().c_str());
  return code;
}

// A target that is switched off is one, too: its table holds their rows all the same.
base::Status add_tables(const config::Settings& settings, std::vector<std::unique_ptr<PersonTable>>& tables,
                        Eraser::Parts& parts) {
  for (const char* const name : {"primary", "secondary"}) {
    if (!find_target(settings, name)) continue;
    auto opened = open_for_reading(settings, name);
    if (!opened) return base::fail(std::move(opened.error()));
    tables.push_back(std::make_unique<PersonTable>(name, std::move(*opened)));
    PersonTable* const table = tables.back().get();
    parts.targets[name] = {.find = [table](const Person& person) { return table->find(person); },
                           .noted = [table](const auto& events) { return table->noted(events); },
                           .erased = [table](const auto& after) { return table->erased(after); }};
  }
  return {};
}

// Run in another folder it would find nothing, say so as if that were all, and leave an empty data folder behind.
base::Status check_folder(const config::Settings& settings) {
  std::error_code ignored;
  if (std::filesystem::is_directory(settings.data_dir, ignored)) return {};
  return base::fail(base::ErrorKind::not_found, "nothing was changed: there is no data folder here",
                    settings.data_dir.string(),
                    "Run it in the folder whose .env the service reads (TWINSHIFT_DATA_DIR); where no service ever ran "
                    "with these settings, make that folder first");
}

// Without --yes.
int tell(const Person& person, const ErasureLook& look) {
  std::printf("%s", look_text(person.field, look).c_str());
  ErasureReport unseen;
  for (const ErasureLook::Target& target : look.targets) {
    if (target.trouble) unseen.troubles.emplace(target.name, *target.trouble);
  }
  if (const std::string left = left_text(look, unseen); !left.empty()) {
    std::fprintf(stderr, "twinshift: erase: nothing was changed, and not all could be seen\n%s", left.c_str());
    return kExitUsage;
  }
  if (look.is_empty()) return kExitOk;
  std::fprintf(stderr, "twinshift: erase: nothing was changed; add --yes to erase them for good\n");
  return kExitUsage;
}

int erase(Eraser& eraser, const Person& person, const ErasureLook& look) {
  const ErasureReport report = eraser.erase(look);
  std::printf("%s", erased_text(person.field, report).c_str());
  const std::string left = left_text(look, report);
  if (left.empty()) return kExitOk;
  std::fprintf(stderr, "twinshift: erase: not all is done; running it again does nothing twice\n%s", left.c_str());
  return kExitFailed;
}

}  // namespace

int run_erase(const config::Settings& settings, const EraseOptions& options) {
  auto person = parse_person(options.where);
  if (!person) return explain(person.error(), kExitUsage);
  if (auto there = check_folder(settings); !there) return explain(there.error(), kExitUsage);
  std::vector<std::unique_ptr<PersonTable>> tables;
  Eraser::Parts parts;
  if (auto opened = add_tables(settings, tables, parts); !opened) return explain(opened.error(), kExitFailed);
  auto door = open_erase_door(settings);
  if (!door) return explain(door.error(), kExitFailed);
  parts.door = door->get();
  Eraser eraser(std::move(parts), *person);
  auto look = eraser.look();
  if (!look) return explain(look.error(), kExitFailed);
  return options.yes ? erase(eraser, *person, *look) : tell(*person, *look);
}

}  // namespace twinshift::app
