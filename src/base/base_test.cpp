#include <algorithm>
#include <set>
#include <sys/resource.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/backoff.hpp"
#include "base/ids.hpp"
#include "base/json_text.hpp"
#include "base/log.hpp"
#include "base/mailbox.hpp"
#include "base/thread.hpp"
#include "base/time_text.hpp"

namespace twinshift::base {
namespace {

using namespace std::chrono_literals;

WallTime at(std::int64_t us) {
  return WallTime(std::chrono::microseconds(us));
}

TEST(TimeText, ShowsWhatJavaScriptShows) {
  EXPECT_EQ(iso8601_ms(at(1'704'110'400'000'000)), "2024-01-01T12:00:00.000Z");
  EXPECT_EQ(iso8601_ms(at(1'709'164'799'999'999)), "2024-02-28T23:59:59.999Z");
  EXPECT_EQ(iso8601_ms(at(-1)), "1969-12-31T23:59:59.999Z");
}

TEST(TimeText, LeavesOutAnEmptyFraction) {
  EXPECT_EQ(sql_timestamp(at(1'704'110'400'000'000)), "2024-01-01 12:00:00");
  EXPECT_EQ(sql_timestamp(at(1'704'110'400'120'000)), "2024-01-01 12:00:00.120");
  EXPECT_EQ(sql_timestamp(at(1'704'110'400'120'001)), "2024-01-01 12:00:00.120001");
}

int nice_of_this_thread() {
  return ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()));
}

TEST(Thread, YieldsAloneAndToAllOthers) {
  const int before = nice_of_this_thread();
  int there = before;
  start_thread("yields", [&](const std::stop_token&) {
    yield_to_other_threads();
    there = nice_of_this_thread();
  }).join();
  EXPECT_EQ(there, std::max(before, 10)) << "also where the whole process yields";
  EXPECT_EQ(nice_of_this_thread(), before);
}

TEST(Ids, AreVersionSevenAndDiffer) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = uuid_v7();
    ASSERT_EQ(id.size(), 36U);
    EXPECT_EQ(id[14], '7');
    EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
    seen.insert(id);
  }
  EXPECT_EQ(seen.size(), 1000U);
}

TEST(JsonText, EscapesAndRepairs) {
  std::string out;
  append_json_string(out, std::string_view("a\"\\\n\x01\0z", 7));
  EXPECT_EQ(out, R"("a\"\\\n\u0001\u0000z")");
  out.clear();
  append_json_string(out, "plain \xC3\xA9 run\"in the middle\xFF and the end\n");
  EXPECT_EQ(out, "\"plain \xC3\xA9 run\\\"in the middle\xEF\xBF\xBD and the end\\n\"");
  out.clear();
  append_json_string(out, "\xED\xA0\x80\xC3\xA9\xFF");
  EXPECT_EQ(out, "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xC3\xA9\xEF\xBF\xBD\"");
}

TEST(JsonText, BuildsAnObject) {
  EXPECT_EQ(JsonObject().text(), "{}");
  EXPECT_EQ(JsonObject().add("a", 1).add("b", "x").add("c", true).add_raw("d", "[]").text(),
            R"({"a":1,"b":"x","c":true,"d":[]})");
}

TEST(Backoff, GrowsToItsBoundWithJitter) {
  Random random(7);
  Backoff backoff({100ms, 1000ms});
  auto least = 50ms;
  for (int i = 0; i < 40; ++i) {
    const auto wait = backoff.next(random);
    EXPECT_GE(wait, least);
    EXPECT_LE(wait, 1000ms);
    least = std::min(least * 2, 500ms);
  }
  backoff.reset();
  EXPECT_LE(backoff.next(random), 100ms);
}

TEST(Mailbox, RefusesWhatIsOverItsBound) {
  Mailbox<int> box(2);
  EXPECT_TRUE(box.try_put(1));
  EXPECT_TRUE(box.try_put(2));
  EXPECT_FALSE(box.try_put(3));
  EXPECT_EQ(box.take(0ms), 1);
  box.close();
  EXPECT_FALSE(box.try_put(4));
  EXPECT_EQ(box.take_all(0ms), std::vector<int>{2});
  EXPECT_EQ(box.take(1h), std::nullopt);  // closed: does not wait
}

TEST(Log, WritesOneJsonObjectALine) {
  std::vector<std::string> lines;
  log::set_sink([&](std::string_view line) { lines.emplace_back(line); });
  log::set_level(log::Level::info);
  log::info("hello").add("rows", 3).add("target", "primary");
  log::debug("hidden");
  log::error("broken").add(Error{ErrorKind::full, "no room", "queue.db", "free some"});
  log::set_sink(nullptr);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].substr(0, 24), R"({"level":"info","time":1)");
  EXPECT_NE(lines[0].find(R"("msg":"hello","rows":3,"target":"primary"})"), std::string::npos);
  EXPECT_NE(lines[1].find(R"x("error":"no room (queue.db)","errorKind":"full","hint":"free some"})x"),
            std::string::npos);
}

TEST(Log, TakesPinosNames) {
  EXPECT_EQ(log::level_from("warn"), log::Level::warn);
  EXPECT_EQ(log::level_from("silent"), log::Level::silent);
  EXPECT_EQ(log::level_from("WARN"), std::nullopt);
}

TEST(Throttle, LetsOneThroughAndCounts) {
  log::Throttle throttle(30s);
  const SteadyTime start{};
  EXPECT_EQ(throttle.pass("a", start), 1U);
  EXPECT_EQ(throttle.pass("a", start + 1s), std::nullopt);
  EXPECT_EQ(throttle.pass("a", start + 29s), std::nullopt);
  EXPECT_EQ(throttle.pass("a", start + 31s), 3U);
  EXPECT_EQ(throttle.pass("b", start + 32s), 1U);
}

TEST(Throttle, HoldsEachOfErrorsThatAlternate) {
  log::Throttle throttle(30s);
  const SteadyTime start{};
  EXPECT_EQ(throttle.pass("a", start), 1U);
  EXPECT_EQ(throttle.pass("b", start + 1s), 1U);
  for (int second = 2; second < 30; second += 2) {
    EXPECT_EQ(throttle.pass("a", start + std::chrono::seconds(second)), std::nullopt) << second;
    EXPECT_EQ(throttle.pass("b", start + std::chrono::seconds(second)), std::nullopt) << second;
  }
  EXPECT_EQ(throttle.pass("a", start + 30s), 15U);
  EXPECT_EQ(throttle.pass("b", start + 30s), std::nullopt) << "its 30 s began later";
  EXPECT_EQ(throttle.pass("b", start + 31s), 16U);
}

TEST(Throttle, HoldsAnyNumberOfTexts) {
  log::Throttle throttle(30s);
  const SteadyTime start{};
  std::size_t passed = 0;
  for (int i = 0; i < 1'000; ++i) passed += throttle.pass(std::to_string(i), start) ? 1 : 0;
  EXPECT_EQ(passed, log::Throttle::kKeysMax + 1);
  EXPECT_EQ(throttle.pass("other", start + 29s), std::nullopt);
  EXPECT_EQ(throttle.pass("999", start + 30s), 1U) << "the places of those before are free again";
  EXPECT_EQ(throttle.pass("999", start + 31s), std::nullopt);
}

TEST(Throttle, TheSharedPlaceCountsAllThatShareIt) {
  log::Throttle throttle(30s);
  const SteadyTime start{};
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < log::Throttle::kKeysMax; ++i) {
      EXPECT_TRUE(throttle.pass(std::to_string(i), start + 31s * round));
    }
    EXPECT_EQ(throttle.pass("x", start + 31s * round), round == 0 ? 1U : 3U);
    EXPECT_EQ(throttle.pass("y", start + 31s * round), std::nullopt);
    EXPECT_EQ(throttle.pass("z", start + 31s * round), std::nullopt);
  }
}

}  // namespace
}  // namespace twinshift::base
