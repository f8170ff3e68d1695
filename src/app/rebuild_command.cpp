// `twinshift rebuild`: fills an empty or damaged target from the other one.
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "app/books_asked.hpp"
#include "app/books_rebuilt.hpp"
#include "app/commands.hpp"
#include "app/comparison.hpp"
#include "app/damaged_file.hpp"
#include "app/driver_table.hpp"
#include "app/exit_code.hpp"
#include "app/heap.hpp"
#include "app/mending.hpp"
#include "app/rebuild_steps.hpp"
#include "app/repair_session.hpp"
#include "app/unite_lists.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"
#include "warehouse/missing_file_hint.hpp"

namespace twinshift::app {
namespace {

int fail_with(const base::Error& error) {
  std::fprintf(stderr, "twinshift: %s\n", error.text().c_str());
  return kRepairUndecided;
}

bool everything(const proof::Finding&) {
  return true;
}

// The tables are made where they are not there yet.
base::Status make_tables(proof::Mender& mender) {
  for (const std::string& target : kComparedTargets) {
    auto report = mender.mend({.target = target});
    if (report.error) return base::fail(std::move(*report.error));
  }
  return {};
}

RebuildSteps steps_of(RepairSession& session, Comparison& comparison) {
  return {.holds_anything = [&](std::size_t side) { return comparison.holds_anything(side); },
          .put_right = [&](const proof::VerifyOptions& options, const RebuildSteps::Wanted& wanted,
                           const char* progress) { return session.put_right(options, wanted, progress); },
          .begin_anew = [&] { session.begin_anew(); }};
}

// Beside it nobody else may make one.
base::Error file_is_gone(const FileLook& look, const std::string& target) {
  return {base::ErrorKind::not_found, "the running service's file is gone", look.path,
          warehouse::missing_file_hint(target)};
}

// Else both would be made empty, and found equal.
base::Status check_source(const config::Settings& settings, const std::string& target) {
  const std::string& source = target == kComparedTargets[0] ? kComparedTargets[1] : kComparedTargets[0];
  const auto look = look_at_file(settings, source, true);
  if (!look) return base::fail(look.error());
  if (look->state != FileState::missing) return {};
  return base::fail(
      base::ErrorKind::not_found, "there is nothing to fill " + target + " from: the other target's file is gone",
      look->path,
      "Check its path, put it back, or rebuild that one: `twinshift rebuild --target " + source + " --apply`");
}

base::Result<FileLook> look_at_ground(const config::Settings& settings, const std::string& target) {
  const auto in_use = service_runs(settings);
  if (!in_use) return base::fail(in_use.error());
  if (auto there = check_source(settings, target); !there) return base::fail(std::move(there.error()));
  auto look = look_at_file(settings, target, *in_use);
  if (look && *in_use && look->state == FileState::missing) return base::fail(file_is_gone(*look, target));
  return look;
}

// A table that is not there yet is all that is lacking; any other error is one.
int tell_absence(const config::Settings& settings, const std::string& target, RepairSession& session,
                 const base::Error& error) {
  const auto access = open_schema(settings, target);
  const auto table = access ? (*access)->describe() : base::fail(access.error());
  if (!table || table->exists) return session.give_up(error);
  session.note_beside(
      target + ": there is no table " + table->table + ": --apply makes it, and copies all that the other target holds",
      "", true);
  return session.finish_unseen();
}

int plan(const config::Settings& settings, const RebuildOptions& options, Comparison& comparison, const FileLook& look,
         proof::VerifyOptions verify) {
  verify.once = verify.once_minds_erased = true;
  RepairSession session({.comparison = &comparison, .settings = &settings, .json = options.json, .lists = false});
  if (look.state != FileState::none && look.state != FileState::sound) {
    session.note_beside(plan_text(options.target, look), file_json(look, {}), true);
    return session.finish_unseen();
  }
  if (auto told = unite_lists(settings, nullptr, session); !told)
    return tell_absence(settings, options.target, session, told.error());
  auto report = session.put_right(verify, everything, "");
  return report ? session.finish(*report, verify.window)
                : tell_absence(settings, options.target, session, report.error());
}

// What was taken over from a damaged file may tell anything: each row of it is looked into.
base::Status replace_damaged(const RebuildOptions& options, const FileLook& look, RepairSession& session,
                             proof::VerifyOptions& verify) {
  if (look.state != FileState::damaged && look.state != FileState::cut_short) return {};
  const auto done = replace_file(look.path, base::system_clock().now());
  if (!done) return base::fail(done.error());
  session.note_beside(replaced_text(options.target, look, *done), file_json(look, *done), false);
  verify.deep = true;
  return {};
}

// Where the tables are proved equal. The data folder is given up by then: whoever counts opens it.
void close_books(const config::Settings& settings, const std::string& target, RepairSession& session) {
  // What is missing until then is told in the answer; counted here, it would be an error of the log as well.
  base::log::set_level(base::log::Level::fatal);
  auto reply = ask_books(settings, rebuilt_request(target));
  const auto report = reply ? read_rebuilt_reply(*reply) : base::fail(std::move(reply.error()));
  if (report) {
    session.note_beside(rebuilt_text(target, *report), rebuilt_json(target, *report), leaves_work(*report));
    return;
  }
  session.note_beside(unmarked_text(target, report.error()), unmarked_json(target, report.error()), true);
}

int apply(const config::Settings& settings, const RebuildOptions& options, Comparison& comparison, const FileLook& look,
          proof::VerifyOptions verify) {
  auto mender = open_mender(settings);
  if (!mender) return fail_with(mender.error());
  RepairSession session({.comparison = &comparison,
                         .mender = mender->get(),
                         .settings = &settings,
                         .json = options.json,
                         .lists = false,
                         .ids_max = options.ids_max});
  if (auto replaced = replace_damaged(options, look, session, verify); !replaced)
    return session.give_up(replaced.error());
  if (auto made = make_tables(**mender); !made) return session.give_up(made.error());
  // Before anything is copied: see erased_union.hpp.
  if (auto united = unite_lists(settings, mender->get(), session); !united) return session.give_up(united.error());
  const std::size_t side = options.target == kComparedTargets[0] ? 0 : 1;
  auto report = rebuild(steps_of(session, comparison), kComparedTargets, side, verify);
  if (!report) return session.give_up(report.error());
  if (auto looked = session.look_again(verify, everything); !looked) return session.give_up(looked.error());
  if (session.is_done()) {
    mender->reset();
    comparison.close();
    close_books(settings, options.target, session);
  } else {
    const base::Error why = unequal_tables(options.target);
    session.note_beside("books: " + why.text(), unmarked_json(options.target, why), true);
  }
  return session.finish(*report, verify.window);
}

}  // namespace

int run_rebuild(const config::Settings& settings, const RebuildOptions& options) {
  keep_freed_memory();
  auto comparison = Comparison::open(settings);
  if (!comparison) return fail_with(comparison.error());
  const auto look = look_at_ground(settings, options.target);
  if (!look) return fail_with(look.error());
  proof::VerifyOptions verify;
  verify.ids_from_content = identity_mode(settings) == event::IdentityMode::content;
  return options.apply ? apply(settings, options, *comparison, *look, verify)
                       : plan(settings, options, *comparison, *look, verify);
}

}  // namespace twinshift::app
