#include "app/load_reader.hpp"

#include <utility>

#include "app/driver_table.hpp"
#include "base/clock.hpp"
#include "base/failpoint.hpp"
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

}  // namespace

LoadReader::LoadReader(const config::Settings& settings, std::string target, Parts parts)
    : settings_(settings), target_(std::move(target)), parts_(std::move(parts)) {}

base::Result<LoadReader::Hours> LoadReader::read(books::Hour from) {
  if (!parts_.counts_duplicates()) return base::fail(no_duplicates(target_));
  if (!warehouse_) {
    auto opened = open_for_reading(settings_, target_);
    if (!opened) return base::fail(std::move(opened.error()));
    warehouse_ = std::move(*opened);
  }
  if (auto kept = keep_old(base::system_clock().now()); !kept) return base::fail(std::move(kept.error()));
  auto archive = parts_.file->archive(target_);
  if (!archive) return base::fail(std::move(archive.error()));
  auto hours = ask({.instance = parts_.instance, .from_hour = from, .written_from = archive->cutoff});
  if (!hours) return hours;
  archive->hours.erase(archive->hours.begin(), archive->hours.lower_bound(from));
  for (const auto& [hour, counts] : archive->hours) (*hours)[hour] += counts;
  return hours;
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

// Old markers go in two steps, so that a crash between counts nothing twice: first their sums stand in the books, with
// the moment up to which they were summed up, and from then on only younger ones are asked for; then they are removed,
// whenever that is.
base::Status LoadReader::keep_old(base::WallTime now) {
  const base::WallTime cutoff = warehouse::hour_of(now - warehouse::kLoadsKept);
  const bool believed = clock_watch_.believes(now, std::chrono::steady_clock::now()) ||
                        base::failpoint_skips(base::Failpoint::books_archive_watch);
  auto archive = parts_.file->archive(target_);
  if (!archive) return base::fail(std::move(archive.error()));
  if (archive->cutoff > now) return base::fail(clock_went_back(target_));
  if (!believed) return {};
  if (cutoff > archive->cutoff) {
    auto old = ask({.instance = parts_.instance, .written_from = archive->cutoff, .written_before = cutoff});
    if (!old) return base::fail(std::move(old.error()));
    if (auto added = parts_.file->add_to_archive(target_, cutoff, *old); !added) return added;
  }
  if (parts_.prune) parts_.prune(target_, std::max(cutoff, archive->cutoff));
  return {};
}

books::ReadHours read_loads_of(const config::Settings& settings, const std::string& target, LoadReader::Parts parts) {
  const auto reader = std::make_shared<LoadReader>(settings, target, std::move(parts));
  return [reader](books::Hour from) { return reader->read(from); };
}

}  // namespace twinshift::app
