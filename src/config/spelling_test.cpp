#include "config/spelling.hpp"

#include <gtest/gtest.h>

#include "config/option.hpp"

namespace twinshift::config {
namespace {

TEST(Spelling, CountsLetters) {
  EXPECT_EQ(letters_apart("", ""), 0U);
  EXPECT_EQ(letters_apart("abc", ""), 3U);
  EXPECT_EQ(letters_apart("abc", "abc"), 0U);
  EXPECT_EQ(letters_apart("abc", "acb"), 1U);  // swapped
  EXPECT_EQ(letters_apart("abc", "abxc"), 1U);
  EXPECT_EQ(letters_apart("abc", "ac"), 1U);
  EXPECT_EQ(letters_apart("abc", "axc"), 1U);
  EXPECT_EQ(letters_apart("kitten", "sitting"), 3U);
  EXPECT_EQ(letters_apart("ab", "ba"), 1U);
}

struct Case {
  std::string_view name;
  std::string_view nearest;  // empty: none
};

class NearestName : public testing::TestWithParam<Case> {};

TEST_P(NearestName, IsFound) {
  EXPECT_EQ(nearest_name(GetParam().name).value_or(""), GetParam().nearest) << GetParam().name;
}

INSTANTIATE_TEST_SUITE_P(Names, NearestName,
                         testing::Values(Case{"PROT", "PORT"}, Case{"PORTT", "PORT"}, Case{"PRT", "PORT"},
                                         Case{"port", "PORT"}, Case{"HOTS", "HOST"}, Case{"HOME", ""}, Case{"PATH", ""},
                                         Case{"USER", ""}, Case{"PORT", ""},
                                         Case{"REDSHIFT_TABEL_NAME", "REDSHIFT_TABLE_NAME"},
                                         Case{"REDSHFT_TABLE_NAM", "REDSHIFT_TABLE_NAME"}, Case{"REDSHFT_TABLE_NA", ""},
                                         Case{"SECONDARY_REDSHIFT_ENABLE", "SECONDARY_REDSHIFT_ENABLED"},
                                         Case{"SQS_QUEUE_URI", "SQS_QUEUE_URL"}, Case{"AWS_REGION_", "AWS_REGION"},
                                         Case{"AWS_DEFAULT_REGION", ""}, Case{"DATABASE_URL", ""}, Case{"", ""},
                                         Case{"LOGLEVEL", "LOG_LEVEL"}));

TEST(Spelling, TakesNoTimeForAMegabyte) {
  EXPECT_EQ(nearest_name(std::string(1U << 20U, 'P')), std::nullopt);
}

TEST(Spelling, NoNameOfOursIsAnothersMisspelling) {
  for (const Option& option : options()) EXPECT_EQ(nearest_name(option.name), std::nullopt) << option.name;
}

}  // namespace
}  // namespace twinshift::config
