#include "app/eraser.hpp"

#include <algorithm>
#include <utility>

#include <gtest/gtest.h>

#include "app/erase_text.hpp"
#include "app/erased_testing.hpp"

namespace twinshift::app {
namespace {

using base::ErrorKind;
using testing::place;
using warehouse::EventPlace;

struct FakeTarget {
  std::vector<EventPlace> rows;
  std::vector<EventPlace> erased;
  bool away = false;

  [[nodiscard]] base::Result<std::set<std::string>> noted(std::span<const EventPlace> events) const {
    std::set<std::string> ids;
    for (const EventPlace& event : events) {
      if (std::ranges::count(erased, event.id, &EventPlace::id) > 0) ids.insert(event.id.hex());
    }
    return ids;
  }
  [[nodiscard]] base::Result<std::vector<EventPlace>> erased_after(const std::optional<event::EventId>& after) const {
    return testing::page_of(erased, after);
  }
};

// Stores and tables of one person's events, as far as the order of things matters.
class World final : public EraseDoor {
 public:
  std::map<std::string, FakeTarget> targets{{"primary", {}}, {"secondary", {}}};
  WaitingEvents queue;
  std::vector<QuarantinedEvent> records;
  std::vector<std::string> done;           // in order
  std::function<void()> after_each_erase;  // what comes in meanwhile

  base::Result<WaitingEvents> waiting(const Person&) override { return queue; }
  base::Result<std::uint64_t> owed(const std::string&, std::span<const EventPlace>) override {
    return std::uint64_t{0};
  }
  base::Result<std::vector<QuarantinedEvent>> quarantined(const Person&) override { return records; }
  base::Status erase(const std::string&, const std::string& name, std::span<const EventPlace> events,
                     std::uint64_t& rows) override {
    FakeTarget& target = targets[name];
    if (target.away) return base::fail(ErrorKind::unavailable, "away", name);
    done.push_back(name);
    for (const EventPlace& event : events) {
      rows += std::erase_if(target.rows, [&](const EventPlace& row) { return row.id == event.id; });
    }
    target.erased.insert(target.erased.end(), events.begin(), events.end());
    if (after_each_erase) after_each_erase();
    return {};
  }
  base::Result<std::uint64_t> drop(std::span<const quarantine::Ticket> tickets) override {
    done.emplace_back("drop");
    records.clear();
    return tickets.size();
  }

  Eraser eraser() {
    Eraser::Parts parts;
    parts.door = this;
    for (auto& [name, target] : targets) {
      const FakeTarget* const held = &target;
      parts.targets[name] = {.find = [held](const Person&) -> base::Result<std::vector<EventPlace>> {
                               if (held->away) return base::fail(ErrorKind::unavailable, "away", "a target");
                               return held->rows;
                             },
                             .noted = [held](std::span<const EventPlace> events) { return held->noted(events); },
                             .erased = [held](const auto& after) { return held->erased_after(after); }};
    }
    return {std::move(parts), {"idfa", "secret"}};
  }
  ErasureReport erase() {
    Eraser maker = eraser();
    auto look = maker.look();
    EXPECT_TRUE(look);
    return maker.erase(std::move(*look));
  }
};

TEST(Eraser, BothTablesNoteAllBeforeTheQuarantineIsDropped) {
  World world;
  world.targets["primary"].rows = {place(1)};
  world.queue.events = {place(2)};
  world.records = {{{7, 1}, place(3)}};
  const ErasureReport report = world.erase();
  EXPECT_EQ(world.done, (std::vector<std::string>{"primary", "secondary", "drop"}));
  EXPECT_EQ(world.targets["primary"].erased.size(), 3U);
  EXPECT_EQ(world.targets["secondary"].erased.size(), 3U);
  EXPECT_EQ(report.rows.at("primary"), 1U);
  EXPECT_EQ(report.events.size(), 3U);
  EXPECT_EQ(report.dropped, 1U);
  EXPECT_TRUE(report.troubles.empty());
  EXPECT_FALSE(report.goes_on) << "what waits is noted: it needs nothing more";
}

TEST(Eraser, WhatNoTargetHasNotedStaysInTheQuarantine) {
  World world;
  world.targets["primary"].away = world.targets["secondary"].away = true;
  world.records = {{{7, 1}, place(3)}};
  const ErasureReport report = world.erase();
  EXPECT_TRUE(world.done.empty());
  EXPECT_EQ(world.records.size(), 1U);
  EXPECT_EQ(report.troubles.size(), 2U);
  EXPECT_FALSE(report.goes_on);
  world.targets["primary"].away = false;  // one is enough: the other gets it when it is back
  EXPECT_EQ(world.erase().dropped, 1U);
}

TEST(Eraser, RunningItAgainChangesNothing) {
  World world;
  world.targets["primary"].rows = {place(1)};
  world.queue.events = {place(2)};
  world.erase();
  world.done.clear();
  EXPECT_TRUE(world.erase().events.empty());
  EXPECT_TRUE(world.done.empty());
}

TEST(Eraser, ATargetThatWasAwayGetsTheRestWhenItIsRunAgain) {
  World world;
  world.targets["primary"].rows = {place(1)};
  world.targets["secondary"].away = true;
  const ErasureReport first = world.erase();
  EXPECT_TRUE(first.troubles.contains("secondary"));
  EXPECT_EQ(world.targets["primary"].erased.size(), 1U);
  world.targets["secondary"].away = false;
  const ErasureReport second = world.erase();
  EXPECT_TRUE(second.troubles.empty());
  EXPECT_EQ(world.targets["secondary"].erased.size(), 1U) << "though nobody holds the event any more";
}

TEST(Eraser, WhatIsNotedOnlyNowIsToldBySideAndOthersErasuresApart) {
  World world;
  world.targets["primary"].erased = {place(1), place(7), place(8)};  // the secondary was away then
  world.targets["secondary"].rows = {place(1), place(2)};
  const ErasureReport report = world.erase();
  EXPECT_EQ(report.events.size(), 2U) << "of the person's";
  EXPECT_EQ(report.noted.at("primary").theirs, 1U);
  EXPECT_EQ(report.noted.at("primary").others, 0U);
  EXPECT_EQ(report.noted.at("secondary").theirs, 2U);
  EXPECT_EQ(report.noted.at("secondary").others, 2U);
  EXPECT_EQ(erased_text("idfa", report),
            "erased by idfa: 2 events noted\n  primary: 0 rows removed, 1 event noted\n"
            "  secondary: 2 rows removed, 2 events noted, and 2 of earlier erasures\n");
}

TEST(Eraser, WhatStandsThoughItWasNotedGoesAndIsNotedNoMore) {
  World world;
  for (const char* const target : {"primary", "secondary"}) world.targets[target].erased = {place(1)};
  world.targets["secondary"].rows = {place(1)};  // somebody has put it back
  const ErasureReport report = world.erase();
  EXPECT_TRUE(world.targets["secondary"].rows.empty());
  EXPECT_TRUE(report.events.empty());
  EXPECT_EQ(report.rows.at("secondary"), 1U);
  EXPECT_EQ(report.noted.at("secondary").theirs, 0U);
}

TEST(Eraser, WhatCameInMeanwhileIsMetByTheSecondLook) {
  World world;
  world.targets["primary"].rows = {place(1)};
  bool once = true;
  world.after_each_erase = [&] {
    if (std::exchange(once, false)) world.targets["secondary"].rows = {place(9)};
  };
  EXPECT_FALSE(world.erase().goes_on);
  EXPECT_TRUE(world.targets["secondary"].rows.empty());
  EXPECT_EQ(world.targets["primary"].erased.size(), 2U);
}

TEST(Eraser, GivesUpOnWhatKeepsComing) {
  World world;
  world.targets["primary"].rows = {place(1)};
  std::uint8_t number = 1;
  world.after_each_erase = [&] { world.targets["primary"].rows = {place(++number)}; };
  EXPECT_TRUE(world.erase().goes_on);
}

TEST(EraseText, NamesFieldAndNumbersNeverTheValue) {
  World world;
  world.targets["primary"].rows = {place(1), place(2)};
  world.targets["secondary"].away = true;
  world.records = {{{7, 1}, place(3)}};
  world.queue.all_told = false;
  Eraser eraser = world.eraser();
  const auto look = eraser.look();
  ASSERT_TRUE(look);
  const std::string found = look_text("idfa", *look);
  EXPECT_EQ(found,
            "events with this idfa:\n  primary: 2 rows\n  secondary: cannot be asked\n  queue: cannot be looked into\n"
            "  quarantine: 1 record\n");
  const ErasureReport report = eraser.erase(*look);
  EXPECT_EQ(
      erased_text("idfa", report),
      "erased by idfa: 3 events noted\n  primary: 2 rows removed, 3 events noted\n  quarantine: 1 record dropped\n");
  const std::string left = left_text(*look, report);
  EXPECT_NE(left.find("secondary: "), std::string::npos);
  EXPECT_NE(left.find("when the queue is empty"), std::string::npos);
  EXPECT_EQ((found + left).find("secret"), std::string::npos);
  EXPECT_TRUE(left_text({}, {}).empty());
}

}  // namespace
}  // namespace twinshift::app
