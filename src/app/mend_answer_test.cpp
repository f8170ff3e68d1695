#include "app/mend_answer.hpp"

#include <gtest/gtest.h>

namespace twinshift::app {
namespace {

using proof::MendKind;
using proof::MendPlace;

const std::string kId = "0123456789abcdef0123456789abcdef";

MendPlace place() {
  return {.id = kId, .event_at = base::WallTime(std::chrono::microseconds(1'704'110'400'000'001)), .copies = 3};
}

TEST(MendAnswer, AnOrderComesThroughAsItWas) {
  for (const MendKind kind : {MendKind::copy, MendKind::replace}) {
    const auto read = read_mend_request(mend_request({.target = "secondary", .kind = kind, .places = {place()}}));
    ASSERT_TRUE(read) << read.error().text();
    EXPECT_EQ(read->target, "secondary");
    EXPECT_EQ(read->kind, kind);
    EXPECT_EQ(read->places, std::vector{place()});
  }
}

TEST(MendAnswer, WhatIsNoOrderIsRefused) {
  const auto refused = [](std::vector<std::string> arguments) {
    return !read_mend_request({kMendVerb, std::move(arguments)}).has_value();
  };
  EXPECT_TRUE(refused({}));
  EXPECT_TRUE(refused({"secondary"}));
  EXPECT_TRUE(refused({"secondary", "erase"}));
  EXPECT_TRUE(refused({"secondary", "copy", kId}));
  EXPECT_TRUE(refused({"secondary", "copy", kId + " 1 x"}));
  EXPECT_TRUE(refused({"secondary", "copy", kId + " 1 1 1"}));
  EXPECT_TRUE(refused({"secondary", "copy", "'; DROP TABLE x; -- 1 1"}));
  EXPECT_TRUE(refused([] {
    std::vector<std::string> many{"secondary", "replace"};
    many.resize(2 + proof::kReplacedMax + 1, kId + " 1 1");
    return many;
  }()));
}

TEST(MendAnswer, AReportComesThroughAsItWas) {
  proof::MendReport report{.done = 7, .copied = 1, .replaced = 2, .surplus = 3, .in_order = 4, .batches = 5};
  report.first_batch = "mend-1";
  report.left = {{kId, proof::LeftWhy::refused, "campaign:22001"}, {kId, proof::LeftWhy::gone, ""}};
  report.crooked = {place()};
  report.error = base::Error{base::ErrorKind::unavailable, "it is gone", "secondary, table t", "Try again"};
  const proof::MendReport read = read_mend_reply(mend_reply(report));
  EXPECT_EQ(std::tie(read.done, read.copied, read.replaced, read.surplus, read.in_order, read.batches),
            std::tie(report.done, report.copied, report.replaced, report.surplus, report.in_order, report.batches));
  EXPECT_EQ(read.first_batch, "mend-1");
  EXPECT_EQ(read.last_batch, "");
  ASSERT_EQ(read.left.size(), 2U);
  EXPECT_EQ(read.left[0].detail, "campaign:22001");
  EXPECT_EQ(read.left[1].why, proof::LeftWhy::gone);
  EXPECT_EQ(read.crooked, report.crooked);
  ASSERT_TRUE(read.error);
  EXPECT_EQ(read.error->text(), report.error->text());
  EXPECT_EQ(read.error->kind, report.error->kind);
}

TEST(MendAnswer, WhatIsNoReportIsAnError) {
  for (const char* text : {"", "1 2", "1 2 3 4 5 6 - - 1", "1 2 3 4 5 6 - - 0 0 x", "1 2 3 4 5 6 - - 99999999 0"}) {
    EXPECT_TRUE(read_mend_reply({true, text}).error) << text;
  }
  EXPECT_TRUE(read_mend_reply({false, "busy"}).error);
}

}  // namespace
}  // namespace twinshift::app
