#include "event/canonical.hpp"

#include <string>

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace twinshift::event {
namespace {

std::string number(std::string_view text) {
  std::string out(text.size() + kNumberOverhead, '#');
  const char* const end = write_canonical_number(text, out.data());
  EXPECT_LE(end, out.data() + out.size());
  out.resize(static_cast<std::size_t>(end - out.data()));
  return out;
}

std::string body(std::string_view json) {
  const std::string text = canonical_text(json);
  EXPECT_EQ(text.substr(0, kCanonicalPrefix.size()), kCanonicalPrefix);
  return text.empty() ? text : text.substr(kCanonicalPrefix.size());
}

TEST(CanonicalNumber, HasOneSpelling) {
  EXPECT_EQ(number("0"), "n0;");
  EXPECT_EQ(number("-0.000e-5"), "n0;");
  EXPECT_EQ(number("1"), "n1e0;");
  EXPECT_EQ(number("-1"), "n-1e0;");
  EXPECT_EQ(number("100"), "n1e2;");
  EXPECT_EQ(number("1E2"), "n1e2;");
  EXPECT_EQ(number("0.00120"), "n12e-4;");
  EXPECT_EQ(number("10.20e+3"), "n102e2;");
  EXPECT_EQ(number("9007199254740993"), "n9007199254740993e0;");
  EXPECT_EQ(number("1e-0"), "n1e0;");
}

TEST(CanonicalNumber, AddsLongExponentsExactly) {
  const std::string nines(300, '9');
  const std::string zeros(300, '0');
  EXPECT_EQ(number("1e" + nines), "n1e" + nines + ";");
  EXPECT_EQ(number("10e" + nines), "n1e1" + zeros + ";");
  EXPECT_EQ(number("10e-1" + zeros), "n1e-" + nines + ";");
  EXPECT_EQ(number("0.1e-" + nines), "n1e-1" + zeros + ";");
  EXPECT_EQ(number("0.1e1" + zeros), "n1e" + nines + ";");
  EXPECT_EQ(number("0e" + nines), "n0;");
}

// Both ways of adding exponents must meet: 17 digits go through a machine integer, 18 through text.
TEST(CanonicalNumber, IsTheSameOnBothSidesOfTheMachineInteger) {
  EXPECT_EQ(number("10e99999999999999999"), number("1e100000000000000000"));
  EXPECT_EQ(number("0.1e100000000000000000"), number("1e99999999999999999"));
  EXPECT_EQ(number("0.1e-99999999999999999"), number("1e-100000000000000000"));
  EXPECT_EQ(number("10e-100000000000000000"), number("1e-99999999999999999"));
}

// Any spelling of the same value: digits moved across the point, the exponent following.
TEST(CanonicalNumber, IgnoresWhereThePointStands) {
  base::Random random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string digits(1 + random.below(30), '0');
    for (char& digit : digits) digit = static_cast<char>('0' + random.below(10));
    digits.front() = static_cast<char>('1' + random.below(9));
    const auto exponent = static_cast<std::int64_t>(random.below(2000)) - 1000;
    const std::string plain = digits + "e" + std::to_string(exponent);
    const std::size_t moved = 1 + random.below(digits.size());
    std::string spelt = digits.substr(0, moved);
    if (moved < digits.size()) spelt += "." + digits.substr(moved);
    spelt += "E" + std::to_string(exponent + static_cast<std::int64_t>(digits.size() - moved));
    ASSERT_EQ(number(plain), number(spelt)) << plain << " " << spelt;
    const std::string fraction = std::string("0.") + std::string(random.below(9), '0') + digits;
    const std::string shifted =
        fraction + "e" + std::to_string(exponent + static_cast<std::int64_t>(fraction.size() - 2));
    ASSERT_EQ(number(plain), number(shifted)) << plain << " " << shifted;
  }
}

TEST(Canonical, IsTaggedAndLengthPrefixed) {
  EXPECT_EQ(body("{}"), "o0:");
  EXPECT_EQ(body(R"({"b":[null,true,false,1.5,"x"],"a":{}})"), "o2:s1:ao0:s1:ba5:ztfn15e-1;s1:x");
  EXPECT_EQ(body(R"({"long":"0123456789abcdefXYZ"})"), "o1:s4:longs19:0123456789abcdefXYZ");
}

TEST(Canonical, DecodesStrings) {
  EXPECT_EQ(body(R"({"\u0061":"\ud83d\ude00"})"), "o1:s1:as4:\xF0\x9F\x98\x80");
  EXPECT_EQ(body(R"({"a":"\ud83d"})"), "o1:s1:as3:\xED\xA0\xBD");
  EXPECT_EQ(body(R"({"a":"\ud83d\ud83d\ude00"})"), "o1:s1:as7:\xED\xA0\xBD\xF0\x9F\x98\x80");
  EXPECT_EQ(body(R"({"a":"\ude00\ud83d"})"), "o1:s1:as6:\xED\xB8\x80\xED\xA0\xBD");
  EXPECT_EQ(body(R"({"a":"\u0000"})"), std::string("o1:s1:as1:\0", 11));
  EXPECT_EQ(body(R"({"a":"\"\\\/\b\f\n\r\t\u00e9"})"), "o1:s1:as10:\"\\/\b\f\n\r\t\xC3\xA9");
}

TEST(Canonical, SortsKeysByBytesAndKeepsEqualOnesInOrder) {
  EXPECT_EQ(body(R"({"z":1,"é":2,"":3,"zz":4})"), "o4:s0:n3e0;s1:zn1e0;s2:zzn4e0;s2:\xC3\xA9n2e0;");
  EXPECT_EQ(body(R"({"a":3,"b":0,"\u0061":1,"a":2})"), "o4:s1:an3e0;s1:an1e0;s1:an2e0;s1:bn0;");
  // The first 8 bytes are equal, then they differ; a key may be the start of another; NUL is a byte like any.
  EXPECT_EQ(body(R"({"event_timf":1,"event_time":2,"event_ti":3})"),
            "o3:s8:event_tin3e0;s10:event_timen2e0;s10:event_timfn1e0;");
  EXPECT_EQ(body(R"({"a\u0000":1,"a":2})"), std::string("o2:s1:an2e0;s2:a\0n1e0;", 22));
}

TEST(Canonical, SortsInEveryNestedObject) {
  EXPECT_EQ(body(R"({"b":[{"y":1,"x":{"d":[],"c":2}}],"a":{"w":1,"v":2}})"),
            "o2:s1:ao2:s1:vn2e0;s1:wn1e0;s1:ba1:o2:s1:xo2:s1:cn2e0;s1:da0:s1:yn1e0;");
}

TEST(Canonical, FindsDuplicateKeysAnywhere) {
  const auto duplicates = [](std::string_view json) {
    Tape tape;
    EXPECT_FALSE(scan_object(json, tape).has_value());
    Canonicalizer canonicalizer;
    canonicalizer.encode(json, tape);
    return canonicalizer.duplicate_keys();
  };
  EXPECT_FALSE(duplicates(R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]})"));
  EXPECT_TRUE(duplicates(R"({"a":1,"a":1})"));
  EXPECT_TRUE(duplicates(R"({"a":1,"b":2,"\u0061":1})"));
  EXPECT_TRUE(duplicates(R"({"x":[{"long_key_name_1":1,"b":0,"long_key_name_1":2}]})"));
}

TEST(Canonical, ReusesItsMemoryCleanly) {
  Canonicalizer canonicalizer;
  Tape tape;
  const std::string big = "{\"a\":\"" + std::string(3 * Canonicalizer::kKeptBytes, 'x') + "\"}";
  for (const std::string& json : {std::string(R"({"b":1,"a":"\n"})"), big, std::string(R"({"c":[1,2]})"), big}) {
    ASSERT_FALSE(scan_object(json, tape).has_value());
    EXPECT_EQ(canonicalizer.encode(json, tape), canonical_text(json));
    canonicalizer.trim();
  }
}

TEST(Canonical, LeavesWhatIsTooDeepOrNoObjectToTheRawHash) {
  const auto nested = [](int levels) {
    return "{\"a\":" + std::string(static_cast<std::size_t>(levels - 1), '[') +
           std::string(static_cast<std::size_t>(levels - 1), ']') + "}";
  };
  EXPECT_NE(canonical_text(nested(kNestingMax)), "");
  EXPECT_EQ(canonical_text(nested(kNestingMax + 1)), "");
  EXPECT_EQ(canonical_text("[]"), "");
  EXPECT_EQ(canonical_text("{"), "");
}

}  // namespace
}  // namespace twinshift::event
