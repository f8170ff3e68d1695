#include "app/trace_text.hpp"

#include <chrono>

#include <gtest/gtest.h>

#include "event/identity.hpp"

namespace twinshift::app {
namespace {

using namespace std::chrono_literals;

base::WallTime at(int seconds) {
  return base::WallTime(std::chrono::sys_days{2026y / 11 / 27} + std::chrono::seconds(seconds));
}

TracedEvent landed_and_owed() {
  TracedEvent event{.id = std::string(32, 'a')};
  event.history.event = event::hash_id("x");
  event.history.deliveries = {{at(1), at(0), at(-60), "message-1"}};
  event.history.landings = {{at(2), "primary", "batch-1", "statement-1", journal::Writing::inserted, false}};
  event.history.parked = {{at(3), "secondary"}};
  event.targets = {{.name = "primary", .asked = true, .row = TableRow{event.id, at(-60), at(0), 1, "purchase\x1b[31m"}},
                   {.name = "secondary", .asked = true, .owed = true}};
  return event;
}

TEST(TraceText, TellsTheWay) {
  TraceReport report{.asked = "message-1"};
  report.events = {landed_and_owed()};
  report.journal = journal::Coverage{.since = at(-100), .received = 17};
  EXPECT_EQ(trace_as_text(report),
            "event aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa  event_at 2026-11-26 23:59:00  purchase?[31m\n"
            "  received    2026-11-27T00:00:00.000Z  message message-1  taken from the queue 2026-11-27T00:00:01.000Z\n"
            "  primary     landed: received_at 2026-11-27 00:00:00\n"
            "    batch     2026-11-27T00:00:02.000Z  inserted  batch batch-1  statement statement-1\n"
            "  secondary   owed: in its backlog\n"
            "    parked    2026-11-27T00:00:03.000Z  into its backlog\n"
            "  verified    not audited yet\n"
            "the journal of this instance: 17 receipts since 2026-11-26T23:58:20.000Z\n");
}

TEST(TraceText, WhatWasErasedIsToldWithItsTimeAndSoIsARepairsBatch) {
  TraceReport report{.asked = "message-1"};
  TracedEvent event = landed_and_owed();
  event.history.landings.front().batch_id = "mend-1";
  event.targets[0].erased_at = at(10);
  event.targets[1] = {.name = "secondary", .asked = true, .erased_at = at(11)};
  report.events = {event};
  const std::string text = trace_as_text(report);
  EXPECT_NE(text.find("landed: received_at 2026-11-27 00:00:00  THOUGH ERASED 2026-11-27T00:00:10.000Z"),
            std::string::npos);
  EXPECT_NE(text.find("inserted  batch mend-1  statement statement-1  by repair\n"), std::string::npos);
  EXPECT_NE(text.find("secondary   erased 2026-11-27T00:00:11.000Z: whatever brings it again is passed over"),
            std::string::npos);
  const std::string json = trace_as_json(report);
  EXPECT_NE(json.find(R"("secondary":{"state":"erased","erasedAt":"2026-11-27T00:00:11.000Z")"), std::string::npos);
  EXPECT_NE(json.find(R"("batchId":"mend-1","statementId":"statement-1","fromBacklog":false,"byRepair":true)"),
            std::string::npos);
}

TEST(TraceText, JsonTellsTheSame) {
  TraceReport report{.asked = "a\"b"};
  report.events = {landed_and_owed()};
  report.not_asked = {{base::ErrorKind::unavailable, "it hangs", "secondary", ""}};
  const std::string json = trace_as_json(report);
  EXPECT_EQ(json.find('\n'), std::string::npos);
  EXPECT_NE(json.find(R"({"asked":"a\"b","found":true,"more":false,"events":[{"eventId":"aaaa)"), std::string::npos);
  EXPECT_NE(json.find(R"("primary":{"state":"landed","receivedAt":"2026-11-27T00:00:00.000Z","copies":1,)"
                      R"("batches":[{"at":"2026-11-27T00:00:02.000Z","outcome":"inserted","batchId":"batch-1",)"
                      R"("statementId":"statement-1","fromBacklog":false,"byRepair":false}])"),
            std::string::npos);
  EXPECT_NE(json.find(R"("secondary":{"state":"owed","batches":[],"parkedAt":["2026-11-27T00:00:03.000Z"])"),
            std::string::npos);
  EXPECT_NE(json.find(R"("verified":null)"), std::string::npos);
  EXPECT_NE(json.find(R"json("journal":null,"remarks":[],"notAsked":["it hangs (secondary)"]})json"),
            std::string::npos);
}

TEST(TraceText, NothingFoundSaysWhatWasLookedThrough) {
  TraceReport report{.asked = "nobody\nknows"};
  report.remarks = {"secondary was looked through in part"};
  report.not_asked = {{base::ErrorKind::unavailable, "it hangs", "primary", ""}};
  EXPECT_EQ(trace_as_text(report),
            "found nowhere: nobody\\nknows\n"
            "the journal: there is none here (TRACE_BYTES_MAX)\n"
            "secondary was looked through in part\n"
            "not asked: it hangs (primary)\n");
}

TEST(TraceReport, AStateComesFromWhatIsKnown) {
  TracedEvent event;
  TracedTarget target{.name = "primary"};
  EXPECT_EQ(event.state(target), TraceState::unknown);
  target.asked = true;
  EXPECT_EQ(event.state(target), TraceState::absent);
  EXPECT_FALSE(event.found());
  target.owed_unknown = true;
  EXPECT_EQ(event.state(target), TraceState::unknown);
  target.owed_unknown = false;
  event.history.landings = {{.target = "secondary"}};
  EXPECT_EQ(event.state(target), TraceState::absent);
  event.history.landings.push_back({.target = "primary"});
  EXPECT_EQ(event.state(target), TraceState::gone);
  event.waiting = {{}};
  EXPECT_EQ(event.state(target), TraceState::waiting);
  target.quarantined = {{}};
  EXPECT_EQ(event.state(target), TraceState::quarantined);
  target.owed = true;
  EXPECT_EQ(event.state(target), TraceState::owed);
  target.row = TableRow{};
  EXPECT_EQ(event.state(target), TraceState::landed);
  EXPECT_TRUE(event.found());
}

TEST(TraceText, SaysWhetherAnEqualAuditHasSeenIt) {
  TraceReport report{.asked = "a"};
  report.events = {landed_and_owed()};
  report.proved_up_to = at(1);
  EXPECT_NE(trace_as_text(report).find("not audited since it stands on both sides"), std::string::npos);
  TracedTarget& secondary = report.events[0].targets[1];
  secondary.owed = false;
  secondary.row = report.events[0].targets[0].row;
  EXPECT_NE(
      trace_as_text(report).find("verified    2026-11-27T00:00:01.000Z  up to then by an audit that came out equal"),
      std::string::npos);
  EXPECT_NE(trace_as_json(report).find(R"("verified":"2026-11-27T00:00:01.000Z")"), std::string::npos);
  secondary.row->received_at = at(2);
  EXPECT_FALSE(report.verified(report.events[0]));
  secondary.row.reset();
  secondary.erased_at = at(3);
  EXPECT_NE(trace_as_text(report).find("verified    no: it does not stand on both sides any more"), std::string::npos);
}

}  // namespace
}  // namespace twinshift::app
