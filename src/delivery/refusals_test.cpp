#include "delivery/refusals.hpp"

#include <gtest/gtest.h>

namespace twinshift::delivery {
namespace {

event::EventId id_of(std::uint32_t number) {
  event::EventId id;
  for (std::size_t i = 0; i < 4; ++i) id.bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
  return id;
}

TEST(Refusals, ARefusalIsProvenByRowsThatWereInsertedSince) {
  Refusals refusals;
  refusals.rows_inserted(5);
  EXPECT_FALSE(refusals.proven(id_of(1)));  // never refused
  refusals.remember(id_of(1));
  EXPECT_TRUE(refusals.knows(id_of(1)));
  EXPECT_FALSE(refusals.proven(id_of(1)));
  refusals.remember(id_of(1));
  EXPECT_EQ(refusals.tries(id_of(1)), 2U);
  refusals.rows_inserted(1);
  EXPECT_TRUE(refusals.proven(id_of(1)));
  refusals.forget(id_of(1));
  EXPECT_FALSE(refusals.knows(id_of(1)));
}

TEST(Refusals, TheOldestIsForgottenBeyondTheBound) {
  Refusals refusals;
  for (std::uint32_t i = 0; i <= Refusals::kRememberedMax; ++i) refusals.remember(id_of(i));
  EXPECT_FALSE(refusals.knows(id_of(0)));
  EXPECT_TRUE(refusals.knows(id_of(1)));
  EXPECT_TRUE(refusals.knows(id_of(Refusals::kRememberedMax)));
}

TEST(Refusals, AGroupIsAnsweredOnce) {
  Refusals refusals;
  const std::uint64_t number = refusals.sent({.refs = {MessageRef{1, 2}}, .events = {}});
  EXPECT_EQ(refusals.answered(number).refs.size(), 1U);
  EXPECT_TRUE(refusals.answered(number).refs.empty());
}

}  // namespace
}  // namespace twinshift::delivery
