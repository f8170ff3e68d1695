#include "app/kept_readers.hpp"

#include "app/embedded_target_fixture.hpp"
#include "tests/support/wait_until.hpp"

namespace twinshift::app {
namespace {

class KeptReadersTest : public EmbeddedTargetFixture {
 protected:
  void SetUp() override {
    EmbeddedTargetFixture::SetUp();
    settings_.secondary = settings_.primary;
    settings_.secondary->name = "secondary";
  }
  // The same for two orders: nothing was opened in between.
  proof::Side* take(KeptReaders& kept, const std::string& target, bool spoil = false) {
    auto loan = kept.take(settings_, target);
    if (!loan) return nullptr;
    if (spoil) loan->spoil();
    EXPECT_EQ(loan->readers().here->name(), target);
    return loan->readers().here.get();
  }
};

TEST_F(KeptReadersTest, TheNextOrderOfATargetHasThoseOfTheOneBefore) {
  KeptReaders kept(std::chrono::hours(1));
  proof::Side* const first = take(kept, "secondary");
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(take(kept, "secondary"), first);
  {
    auto loan = kept.take(settings_, "secondary");
    EXPECT_EQ(loan->read_at_once(), 0U);
    loan->read_at_once() = 77;
  }
  EXPECT_EQ(kept.take(settings_, "secondary")->read_at_once(), 77U);
  EXPECT_EQ(kept.take(settings_, "primary")->read_at_once(), 0U) << "that of another target";
}

TEST_F(KeptReadersTest, WhatFailedIsNotKept) {
  KeptReaders kept(std::chrono::hours(1));
  ASSERT_NE(take(kept, "secondary", true), nullptr);
  EXPECT_FALSE(kept.keeps_any());
}

TEST_F(KeptReadersTest, TheyAreClosedWhereNoOrderComes) {
  KeptReaders kept(std::chrono::milliseconds(1));
  ASSERT_NE(take(kept, "secondary"), nullptr);
  EXPECT_TRUE(tests::wait_until([&] { return !kept.keeps_any(); }));
  ASSERT_NE(take(kept, "secondary"), nullptr) << "and opened again";
}

TEST_F(KeptReadersTest, ATargetThatIsNotThereIsSaid) {
  settings_.secondary.reset();
  KeptReaders kept;
  EXPECT_FALSE(kept.take(settings_, "secondary"));
}

}  // namespace
}  // namespace twinshift::app
