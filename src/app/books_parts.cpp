#include "app/books_parts.hpp"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "app/driver_table.hpp"
#include "app/instance_name.hpp"
#include "app/load_reader.hpp"
#include "app/other_instances.hpp"
#include "sqlite/set_aside.hpp"
#include "warehouse/owed_word.hpp"

namespace twinshift::app {
namespace {

using books::Counts;
using books::Hour;
using Hours = std::map<Hour, Counts>;

constexpr const char* kBooksFile = "books.db";

base::Result<Hours> count_quarantined(const config::Settings& settings, const std::string& target) {
  auto reader = open_quarantine_reader(settings);
  if (!reader) {
    if (reader.error().kind == base::ErrorKind::not_found) return Hours();
    return base::fail(std::move(reader.error()));
  }
  const auto counted = (*reader)->count_by_hour(target);
  if (!counted) return base::fail(counted.error());
  Hours hours;
  for (const auto& [hour, messages] : *counted) hours[hour].quarantined = messages;
  return hours;
}

// With the embedded queue each instance answers for what it has taken; from SQS anyone may have landed it.
bool is_shared(const config::Settings& settings) {
  return settings.queue.driver != "sqlite";
}

// Whether the lane may note them, as far as it has found out.
bool counts_duplicates(const delivery::Delivery* delivery, const std::string& target) {
  if (delivery == nullptr) return true;
  const auto targets = delivery->status().targets;
  const auto found = std::ranges::find(targets, target, &delivery::TargetStatus::name);
  return found == targets.end() || found->counts_duplicates;
}

// What all targets' counts say together: as of the oldest of them. Any thread: each target has its own.
class Speaker {
 public:
  Speaker(const BooksStores& stores, std::size_t targets)
      : speak_(stores.speak),
        word_(stores.keeps_files ? warehouse::kRunning : warehouse::kSettled),
        instance_(stores.file->instance()),
        targets_(targets) {}

  void counted(const std::string& target, base::WallTime as_of) {
    const std::lock_guard lock(mutex_);
    as_of_[target] = as_of;
    if (!speak_ || as_of_.size() < targets_) return;
    const auto oldest = std::ranges::min_element(as_of_, {}, &std::pair<const std::string, base::WallTime>::second);
    speak_(warehouse::word_row(instance_, word_, oldest->second));
  }

 private:
  const std::function<void(const warehouse::OwedRow&)> speak_;
  const std::string_view word_;
  const std::string instance_;
  const std::size_t targets_;
  std::mutex mutex_;
  std::map<std::string, base::WallTime> as_of_;  // mutex_; by target
};

books::Publish publish_of(const BooksStores& stores, const std::string& target,
                          const std::shared_ptr<Speaker>& speaker) {
  if (!stores.publish) return {};
  return [publish = stores.publish, instance = stores.file->instance(), target, speaker](const Hours& own,
                                                                                         base::WallTime as_of) {
    std::vector<warehouse::OwedRow> rows;
    rows.reserve(own.size());
    for (const auto& [hour, counts] : own) {
      rows.push_back({.instance = instance,
                      .target = target,
                      .arrival_at = hour,
                      .received = counts.received,
                      .owed = counts.owed,
                      .quarantined = counts.quarantined,
                      .waived = counts.waived,
                      .as_of = as_of});
    }
    publish(rows);
    speaker->counted(target, as_of);
  };
}

books::TargetParts parts_of(const config::Settings& settings, const BooksStores& stores,
                            const config::TargetSettings& target, bool is_primary,
                            const std::shared_ptr<OtherInstances>& others, const std::shared_ptr<Speaker>& speaker) {
  books::TargetParts parts;
  parts.name = target.name;
  parts.is_primary = is_primary;
  const auto owed = std::ranges::find(stores.backlogs, target.name, &backlog::Backlog::target);
  if (owed != stores.backlogs.end()) parts.backlog = *owed;
  LoadReader::Parts loads{
      .instance = counted_instance(settings), .file = stores.file, .counts_duplicates = {}, .prune = stores.prune};
  loads.counts_duplicates = [delivery = stores.delivery, name = target.name] {
    return counts_duplicates(delivery, name);
  };
  read_loads_for(parts, settings, std::move(loads));
  parts.publish = publish_of(stores, target.name, speaker);
  if (others) {
    parts.read_others = [others, name = target.name](Hour from) { return others->read(name, from); };
    parts.others_lag = others->lag();
  }
  if (settings.quarantine_queue_url.empty()) {
    parts.read_quarantined = [settings, name = target.name](Hour) { return count_quarantined(settings, name); };
    return parts;
  }
  // Reading a quarantine that is a queue takes its messages away from others for a while: its number must do.
  parts.read_quarantined = [](Hour) { return Hours(); };
  parts.quarantined_elsewhere = [quarantine = stores.quarantine, name = target.name] {
    const auto messages = quarantine->status().messages;
    const auto found = messages.find(name);
    return found == messages.end() ? std::uint64_t{0} : found->second;
  };
  return parts;
}

}  // namespace

std::string counted_instance(const config::Settings& settings) {
  return is_shared(settings) ? std::string() : instance_name();
}

base::Result<std::shared_ptr<books::BooksFile>> open_books_file(const config::Settings& settings) {
  // A queue that is older has counted what earlier books, now gone, knew the fate of. Both are made by the same start
  // otherwise, the books first. (From SQS the received ones stand in the books themselves.)
  std::error_code ignored;
  const bool late = settings.queue.driver == "sqlite" && std::filesystem::exists(settings.queue.path, ignored);
  const std::string path = (settings.data_dir / kBooksFile).string();
  const base::WallTime now = base::system_clock().now();
  auto file = books::BooksFile::open(path, now, mint_instance_name(), late);
  if (!file && file.error().kind == base::ErrorKind::corrupt) {
    // No accepted event stands in it, so it must not keep the door shut. The counting begins anew.
    if (auto aside = sqlite::set_aside(path, now, file.error()); !aside) return base::fail(std::move(aside.error()));
    file = books::BooksFile::open(path, now, mint_instance_name(), true);
  }
  if (!file) return base::fail(std::move(file.error()));
  set_instance_name((*file)->instance());
  return std::shared_ptr<books::BooksFile>(std::move(*file));
}

std::unique_ptr<books::Keeper> make_books_keeper(const config::Settings& settings, const BooksStores& stores) {
  // With the embedded queue nobody else has anything to do with what we took.
  std::shared_ptr<OtherInstances> others;
  if (is_shared(settings)) others = std::make_shared<OtherInstances>(settings, stores.file->instance());
  std::vector<books::TargetParts> targets;
  const auto speaker = std::make_shared<Speaker>(stores, settings.secondary ? 2U : 1U);
  targets.push_back(parts_of(settings, stores, settings.primary, true, others, speaker));
  if (settings.secondary) targets.push_back(parts_of(settings, stores, *settings.secondary, false, others, speaker));
  // One that is switched off is not asked: it may be gone. Once it is on again, what came meanwhile is waived.
  books::Options options;
  options.interval = settings.books_interval;
  return std::make_unique<books::Keeper>(options, *stores.queue, *stores.file, std::move(targets));
}

}  // namespace twinshift::app
