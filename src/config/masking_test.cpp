#include "config/masking.hpp"

#include <gtest/gtest.h>

namespace twinshift::config {
namespace {

struct Case {
  const char* url;
  const char* shown;
};

class MaskedUrl : public testing::TestWithParam<Case> {};

TEST_P(MaskedUrl, HidesWhatMustBeHidden) {
  EXPECT_EQ(masked_url(GetParam().url), GetParam().shown);
}

INSTANTIATE_TEST_SUITE_P(
    Urls, MaskedUrl,
    testing::Values(Case{"sqlite:data/a@b.db", "sqlite:data/a@b.db"},
                    Case{"postgresql://host:5432/db", "postgresql://host:5432/db"},
                    Case{"postgresql://user@host/db", "postgresql://user@host/db"},
                    Case{"postgresql://user:pw@host:5432/db", "postgresql://user:********@host:5432/db"},
                    Case{"postgresql://user:p:w@host/db", "postgresql://user:********@host/db"},
                    Case{"postgresql://:pw@host/db", "postgresql://:********@host/db"},
                    Case{"redshift://user:p@w/x#y@host/db?sslmode=require",
                         "redshift://user:********@host/db?sslmode=require"},
                    Case{"postgresql://host/db?password=pw&sslmode=disable",
                         "postgresql://host/db?password=********&sslmode=disable"},
                    Case{"postgresql://host/db?PASSWORD=pw", "postgresql://host/db?PASSWORD=********"},
                    Case{"postgresql://host/db?pw", "postgresql://host/db?********"},
                    Case{"postgresql://host/db?p%20w=x", "postgresql://host/db?********"},
                    Case{"postgresql://host/db?user=a:pw@b", "postgresql://********"},
                    Case{"postgresql://user:p?w@host/db", "postgresql://********"},
                    Case{"postgresql://host:1/db?password=p@w", "postgresql://********"},
                    Case{"https://token@host/q", "https://********@host/q"},
                    Case{"https://host/q?sig=abc#frag", "https://host/q?sig=********"},
                    Case{"https://host/q#secret", "https://host/q?********"}, Case{"https://", "https://"}));

}  // namespace
}  // namespace twinshift::config
