#include "app/load_reader.hpp"

#include <algorithm>
#include <utility>

#include "app/driver_table.hpp"
#include "app/table_identity.hpp"
#include "base/log.hpp"
#include "base/time_text.hpp"
#include "warehouse/markers.hpp"

namespace twinshift::app {
namespace {

base::Error no_duplicates(const std::string& target) {
  return {base::ErrorKind::rejected, "duplicates cannot be counted, so no hour can be judged", target,
          "Grant SELECT and INSERT on twinshift_duplicates to the service's user; `twinshift schema` shows the table"};
}

base::Error clock_went_back(const std::string& target) {
  return {base::ErrorKind::conflict,
          "old markers were summed up to a time that has not come yet, so nothing can be judged", target,
          "The machine's clock was days ahead once, or is behind now: set it right"};
}

// Sums of a shared queue's markers are kept when these are so old: no batch of that time is under way any more, and it
// leaves days before kLoadsKept to an instance that is down, or whose clock is not believed yet.
constexpr std::chrono::hours kSummedUpShared{4 * 24};
static_assert(kSummedUpShared < warehouse::kLoadsKept);
// What the watch has seen is stored so often.
constexpr std::chrono::minutes kRecordEvery{1};
// Clocks of instances differ, and each removes by the hour.
constexpr std::chrono::hours kClocksDiffer{2};

// Hours before this are not whole where markers have not been summed up in time.
books::Hour removed_by_others(base::WallTime now) {
  return warehouse::hour_of(now - warehouse::kLoadsKept) + kClocksDiffer;
}

}  // namespace

LoadReader::LoadReader(const config::Settings& settings, std::string target, Parts parts)
    : settings_(settings), target_(std::move(target)), parts_(std::move(parts)) {}

base::Result<LoadReader::Hours> LoadReader::read(books::Hour from) {
  if (!parts_.counts_duplicates()) return base::fail(no_duplicates(target_));
  if (auto opened = open(); !opened) return base::fail(std::move(opened.error()));
  const base::WallTime now = parts_.clock->now();
  if (auto kept = keep_old(now); !kept) return base::fail(std::move(kept.error()));
  auto archive = parts_.file->archive(target_);
  if (!archive) return base::fail(std::move(archive.error()));
  if (auto settled = settle_beginning(now, archive->cutoff); !settled) return base::fail(std::move(settled.error()));
  auto hours = ask({.instance = parts_.instance, .from_hour = from, .written_from = archive->cutoff});
  if (!hours) return hours;
  archive->hours.erase(archive->hours.begin(), archive->hours.lower_bound(from));
  for (const auto& [hour, counts] : archive->hours) (*hours)[hour] += counts;
  return hours;
}

base::Status LoadReader::open() {
  if (warehouse_) return {};
  auto opened = open_for_reading(settings_, target_);
  if (!opened) return base::fail(std::move(opened.error()));
  warehouse_ = std::move(*opened);
  auto settled = settle_table();
  if (!settled) warehouse_.reset();
  return settled;
}

// The markers bear the table's name, and stand beside it: in another table nothing is found of what landed before.
base::Status LoadReader::settle_table() {
  auto table = identify_table(settings_, target_, *warehouse_);
  if (!table) return base::fail(std::move(table.error()));
  const auto begun_anew = parts_.file->count_in(target_, *table, parts_.clock->now());
  if (!begun_anew) return base::fail(begun_anew.error());
  if (!*begun_anew) return {};
  const auto from = parts_.file->judged_from(target_);
  if (!from) return base::fail(from.error());
  base::log::warn("The target's table is another than the books have counted: its counting begins anew")
      .add("target", target_)
      .add("table", table->name)
      .add("judged_from", base::iso8601_ms(*from));
  return {};
}

base::Result<LoadReader::Hours> LoadReader::ask(const warehouse::LoadScope& scope) {
  auto report = warehouse::read_load_sums(*warehouse_, scope);
  if (!report) {
    warehouse_.reset();
    return base::fail(std::move(report.error()));
  }
  if (!report->duplicates_counted) return base::fail(no_duplicates(target_));
  Hours hours;
  for (const warehouse::LoadSums& each : report->hours) {
    hours[each.hour].landed = each.inserted;
    hours[each.hour].duplicate = each.duplicate;
  }
  return hours;
}

base::Result<base::WallTime> LoadReader::believed(base::WallTime now) {
  if (!clock_watch_) {
    auto record = parts_.file->clock_record(target_);
    if (!record) return base::fail(std::move(record.error()));
    clock_watch_.emplace(*record);
    record_saved_ = {};
  }
  const books::ClockRecord before = clock_watch_->record();
  const base::SteadyTime steady = parts_.clock->steady();
  const base::WallTime believed = clock_watch_->believed(now, steady);
  const books::ClockRecord& record = clock_watch_->record();
  const bool begins = record.candidate != before.candidate;
  if (record_saved_ != base::SteadyTime{} && !begins && steady - record_saved_ < kRecordEvery) return believed;
  if (auto saved = parts_.file->save_clock_record(target_, record); !saved) return base::fail(std::move(saved.error()));
  record_saved_ = steady;
  return believed;
}

// Old markers go in two steps, so that a crash between counts nothing twice: first their sums stand in the books, with
// the moment up to which they were summed up, and from then on only younger ones are asked for; then our own are
// removed, whenever that is. Others' are theirs to remove: where they are summed up here, too (a shared queue), that is
// done days before their instances may remove them.
base::Status LoadReader::keep_old(base::WallTime now) {
  const auto time = believed(now);
  if (!time) return base::fail(time.error());
  auto archive = parts_.file->archive(target_);
  if (!archive) return base::fail(std::move(archive.error()));
  if (archive->cutoff > now) return base::fail(clock_went_back(target_));
  if (*time == base::WallTime{}) return {};
  const base::WallTime cutoff = warehouse::hour_of(*time - (is_shared() ? kSummedUpShared : warehouse::kLoadsKept));
  if (cutoff > archive->cutoff) {
    if (auto summed = sum_up(now, archive->cutoff, cutoff); !summed) return summed;
  }
  const base::WallTime summed_up = std::max(cutoff, archive->cutoff);
  if (parts_.prune) parts_.prune(target_, std::min(summed_up, warehouse::hour_of(*time - warehouse::kLoadsKept)));
  return {};
}

base::Status LoadReader::sum_up(base::WallTime now, base::WallTime from, base::WallTime cutoff) {
  // Of hours that nobody judges any more nothing needs to be kept.
  auto old = ask({.instance = parts_.instance,
                  .from_hour = cutoff - books::kJudged,
                  .written_from = from,
                  .written_before = cutoff});
  if (!old) return base::fail(std::move(old.error()));
  if (auto settled = settle_beginning(now, from); !settled) return settled;
  if (judged_from_ == removed_by_others(now)) {
    // What the others have removed since the last time arrived before `cutoff`: later rows are asked for as they are.
    const books::Hour whole_from = std::min(removed_by_others(now), cutoff + kClocksDiffer);
    if (auto kept = parts_.file->judge_from(target_, whole_from); !kept) return kept;
  }
  return parts_.file->add_to_archive(target_, cutoff, *old);
}

// On a shared queue the others have removed what they wrote so long ago, whether we have summed it up or not: an
// instance that was away for days judges only the hours since.
base::Status LoadReader::settle_beginning(base::WallTime now, base::WallTime cutoff) {
  auto from = parts_.file->judged_from(target_);
  if (!from) return base::fail(std::move(from.error()));
  judged_from_ = *from;
  // What was written before is summed up, or is of hours that are not judged.
  const base::WallTime settled = std::max({cutoff, parts_.file->since(), *from});
  if (is_shared() && settled < removed_by_others(now)) judged_from_ = removed_by_others(now);
  return {};
}

void read_loads_for(books::TargetParts& parts, const config::Settings& settings, LoadReader::Parts loads) {
  const auto reader = std::make_shared<LoadReader>(settings, parts.name, std::move(loads));
  parts.read_loads = [reader](books::Hour from) { return reader->read(from); };
  parts.judged_from = [reader] { return reader->judged_from(); };
}

}  // namespace twinshift::app
