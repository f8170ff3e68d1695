#include "event/decimal.hpp"

#include <string>

#include <gtest/gtest.h>

namespace twinshift::event {
namespace {

// "=12.5" exact, "~12.5" rounded, "none", "no number".
std::string fit(std::string_view text, int precision = 38, int scale = 12) {
  const std::optional<Number> number = Number::parse(text);
  if (!number) return "no number";
  DecimalText out;
  const DecimalFit how = fit_decimal(*number, precision, scale, out);
  if (how == DecimalFit::none) return "none";
  return (how == DecimalFit::exact ? "=" : "~") + std::string(out.view());
}

struct Case {
  std::string_view text;
  std::string_view expected;
};

TEST(Decimal, CanonicalText) {
  for (const Case& c : std::initializer_list<Case>{
           {"0", "=0"},
           {"-0", "=0"},
           {"-0.000", "=0"},
           {"0e99999999999", "=0"},
           {"1", "=1"},
           {"1.0", "=1"},
           {"1e0", "=1"},
           {"+1", "=1"},
           {"007", "=7"},
           {"12.50", "=12.5"},
           {"-12.5", "=-12.5"},
           {".5", "=0.5"},
           {"5.", "=5"},
           {"0.0015", "=0.0015"},
           {"15e-4", "=0.0015"},
           {"1.5E+3", "=1500"},
           {"100", "=100"},
           {"1200e-2", "=12"},
           {"0.000000000001", "=0.000000000001"},
           {"9007199254740993", "=9007199254740993"},
           {"23845678901234567890", "=23845678901234567890"},
           {"99999999999999999999999999.999999999999", "=99999999999999999999999999.999999999999"}}) {
    EXPECT_EQ(fit(c.text), c.expected) << c.text;
  }
}

TEST(Decimal, NotNumbers) {
  for (const std::string_view text :
       {"",    " ",  "-",  "+",     ".",   "-.",   "e1",       "1e",  "1e+",  "--1",   "+-1", "1-",
        "1,5", "1 ", " 1", "1.2.3", "N/A", "None", "Infinity", "NaN", "0x10", "1_000", "$1",  "1e1.5"}) {
    EXPECT_EQ(fit(text), "no number") << text;
  }
  EXPECT_EQ(fit(std::string_view("1\0", 2)), "no number");
}

TEST(Decimal, RoundsHalfToEven) {
  for (const Case& c : std::initializer_list<Case>{{"0.125", "~0.12"},
                                                   {"0.135", "~0.14"},
                                                   {"0.1251", "~0.13"},
                                                   {"0.1249", "~0.12"},
                                                   {"-0.125", "~-0.12"},
                                                   {"0.995", "~1"},
                                                   {"9.995", "~10"},
                                                   {"0.005", "~0"},
                                                   {"0.0051", "~0.01"},
                                                   {"0.015", "~0.02"},
                                                   {"0.004", "~0"},
                                                   {"-0.001", "~0"},
                                                   {"1e-400", "~0"},
                                                   {"0.12", "=0.12"},
                                                   {"0.120", "=0.12"}}) {
    EXPECT_EQ(fit(c.text, 10, 2), c.expected) << c.text;
  }
}

TEST(Decimal, WhatDoesNotFit) {
  EXPECT_EQ(fit("999.99", 5, 2), "=999.99");
  EXPECT_EQ(fit("1000", 5, 2), "none");
  EXPECT_EQ(fit("999.994", 5, 2), "~999.99");
  EXPECT_EQ(fit("999.995", 5, 2), "none") << "rounding makes it 1000";
  EXPECT_EQ(fit("1e999"), "none");
  EXPECT_EQ(fit("1e99999999999999999999999"), "none");
  EXPECT_EQ(fit("100000000000000000000000000"), "none");
  EXPECT_EQ(fit("0.5", 2, 2), "=0.5");
  EXPECT_EQ(fit("1", 2, 2), "none");
}

TEST(Decimal, ScaleZeroIsAnInteger) {
  EXPECT_EQ(fit("5.5", 19, 0), "~6");
  EXPECT_EQ(fit("6.5", 19, 0), "~6");
  EXPECT_EQ(fit("0.5", 19, 0), "~0");
  EXPECT_EQ(fit("9223372036854775808", 19, 0), "=9223372036854775808");
}

TEST(Decimal, LongInputsStayExact) {
  EXPECT_EQ(fit(std::string(300, '0') + "7." + std::string(300, '0')), "=7");
  EXPECT_EQ(fit(std::string(300, '9')), "none");
  EXPECT_EQ(fit("0." + std::string(1'000'000, '3')), "~0.333333333333");
  EXPECT_EQ(fit("0." + std::string(300, '0') + "1e301"), "=1");
}

TEST(Decimal, SurvivesDouble) {
  const auto survives = [](std::string_view text) { return survives_double(*Number::parse(text)); };
  EXPECT_TRUE(survives("123456789012345"));
  EXPECT_TRUE(survives("1234567890123450000"));
  EXPECT_TRUE(survives("-0.000123456789012345"));
  EXPECT_TRUE(survives("1e299"));
  EXPECT_TRUE(survives("1e-299"));
  EXPECT_TRUE(survives("0e9999"));
  EXPECT_FALSE(survives("1234567890123456"));
  EXPECT_FALSE(survives("9007199254740993"));
  EXPECT_FALSE(survives("1e301"));
  EXPECT_FALSE(survives("1e-301"));
  EXPECT_FALSE(survives("0." + std::string(400, '0') + "1"));
}

}  // namespace
}  // namespace twinshift::event
