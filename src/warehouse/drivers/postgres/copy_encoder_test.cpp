#include "warehouse/drivers/postgres/copy_encoder.hpp"

#include <gtest/gtest.h>

#include "base/ids.hpp"

namespace twinshift::warehouse {
namespace {

std::string numeric(std::string_view decimal) {
  std::string out;
  append_numeric(out, decimal);
  return base::to_hex(out);
}

// Length, count of groups, weight, sign, digits after the point, groups: as numeric_send() of PostgreSQL 15 gives them.
TEST(Numeric, IsInGroupsOfFourDigits) {
  EXPECT_EQ(numeric("0"),
            "00000008"
            "0000"
            "0000"
            "0000"
            "0000");
  EXPECT_EQ(numeric("0.00"),
            "00000008"
            "0000"
            "0000"
            "0000"
            "0002");
  EXPECT_EQ(numeric("1"),
            "0000000a"
            "0001"
            "0000"
            "0000"
            "0000"
            "0001");
  EXPECT_EQ(numeric("-1"),
            "0000000a"
            "0001"
            "0000"
            "4000"
            "0000"
            "0001");
  EXPECT_EQ(numeric("10000"),
            "0000000a"
            "0001"
            "0001"
            "0000"
            "0000"
            "0001");
  EXPECT_EQ(numeric("12345.678"),
            "0000000e"
            "0003"
            "0001"
            "0000"
            "0003"
            "0001"
            "0929"
            "1a7c");
  EXPECT_EQ(numeric("0.0001"),
            "0000000a"
            "0001"
            "ffff"
            "0000"
            "0004"
            "0001");
  EXPECT_EQ(numeric("0.00001"),
            "0000000a"
            "0001"
            "fffe"
            "0000"
            "0005"
            "03e8");
  EXPECT_EQ(numeric("-0.5"),
            "0000000a"
            "0001"
            "ffff"
            "4000"
            "0001"
            "1388");
}

class Encoder : public testing::Test {
 protected:
  static event::EventPtr event_of(const std::string& json) {
    auto decoded = event::decode_event(json, "m", base::WallTime(std::chrono::hours(480'000)));
    return decoded ? *decoded : nullptr;
  }
  static WriteColumn column(std::string_view name, Stored stored) {
    const int index = event::find_column(name);
    return {name, index, stored, event::catalogue()[static_cast<std::size_t>(index)].type};
  }
};

TEST_F(Encoder, BeginsWithTheHeaderAndEndsWithMinusOne) {
  CopyEncoder encoder({}, event::TableShape::whole());
  encoder.begin();
  encoder.end();
  EXPECT_EQ(base::to_hex(encoder.bytes()),
            "5047434f50590aff0d0a00"
            "00000000"
            "00000000"
            "ffff");
}

TEST_F(Encoder, WritesEachTypeInItsForm) {
  CopyEncoder encoder(
      {column("campaign", Stored::text), column("wifi", Stored::boolean), column("total_candidates", Stored::int4),
       column("impressions", Stored::int8), column("event_time", Stored::timestamp),
       column("event_value", Stored::json), column("event_value", Stored::jsonb), column("af_ad", Stored::text)},
      event::TableShape::whole());
  encoder.add(event_of(R"({"campaign":"ab","wifi":true,"total_candidates":-2,"impressions":258,)"
                       R"("event_time":"2000-01-01 00:00:01","event_value":"{}"})"),
              std::nullopt);
  EXPECT_EQ(base::to_hex(encoder.bytes()),
            "0008"
            "00000002"
            "6162"
            "00000001"
            "01"
            "00000004"
            "fffffffe"
            "00000008"
            "0000000000000102"
            "00000008"
            "00000000000f4240"
            "00000002"
            "7b7d"
            "00000003"
            "017b7d"
            "ffffffff");
}

TEST_F(Encoder, PutsThePositionFirst) {
  CopyEncoder encoder({column("campaign", Stored::text)}, event::TableShape::whole());
  encoder.add(event_of(R"({"campaign":""})"), 7);
  EXPECT_EQ(base::to_hex(encoder.bytes()),
            "0002"
            "00000004"
            "00000007"
            "00000000");
  encoder.take();
  EXPECT_TRUE(encoder.bytes().empty());
}

}  // namespace
}  // namespace twinshift::warehouse
