#include "base/descriptor.hpp"

#include <array>
#include <fcntl.h>

#include <gtest/gtest.h>

namespace twinshift::base {
namespace {

bool is_open(int number) {
  return ::fcntl(number, F_GETFD) >= 0;
}

int opened() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

TEST(Descriptor, ClosesWhatItHoldsOnce) {
  int number = -1;
  {
    const Descriptor held(opened());
    number = held.get();
    ASSERT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
  EXPECT_LT(Descriptor().get(), 0);
}

TEST(Descriptor, IsMovedAndNotCopied) {
  Descriptor from(opened());
  const int first = from.get();
  Descriptor to(opened());
  const int second = to.get();
  to = std::move(from);
  EXPECT_EQ(to.get(), first);
  EXPECT_FALSE(is_open(second)) << "what was held is closed at once";
  const Descriptor last(std::move(to));
  EXPECT_EQ(last.get(), first);
  EXPECT_TRUE(is_open(first));
}

TEST(Descriptor, IsReset) {
  Descriptor held(opened());
  const int first = held.get();
  held.reset();
  EXPECT_FALSE(is_open(first));
  EXPECT_LT(held.get(), 0);
  held.reset(opened());
  EXPECT_TRUE(is_open(held.get()));
}

}  // namespace
}  // namespace twinshift::base
