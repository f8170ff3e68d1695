#include "backlog/drivers/segments/block_format.hpp"

#include <gmock/gmock.h>

#include "backlog/drivers/segments/block_parts.hpp"
#include "backlog/drivers/segments/segments_fixture.hpp"

namespace twinshift::backlog::segments {
namespace {

constexpr const char* kUuid = "0190c0de-0000-7000-8000-00000000abcd";

class BlockFormatTest : public ::testing::Test {
 protected:
  std::string encode_block(const std::vector<event::EventPtr>& events, BlockKind kind = BlockKind::bodies,
                           int id_version = event::kIdentityVersion) {
    header_ = BlockHeader{.nonce = 77,
                          .first = 5,
                          .kind = kind,
                          .hour = base::WallTime(std::chrono::hours(480'000)),
                          .id_version = static_cast<std::uint32_t>(id_version)};
    std::string out;
    encoder_.append(events, header_, out);
    return out;
  }
  DecodedBlock decode(std::string_view block) const {
    const std::string_view index = block.substr(kBlockHeaderBytes, header_.index_bytes);
    return decode_block(header_, index, block.substr(kBlockHeaderBytes + header_.index_bytes, header_.body_bytes));
  }
  BlockEncoder encoder_;
  BlockHeader header_;
};

TEST_F(BlockFormatTest, GivesBackEveryPartOfAnEvent) {
  const std::vector<event::EventPtr> events{event_of(1, kUuid), event_of(2, "no uuid"), event_of(3, "0190C0DE-no"),
                                            event_of(4, "0190C0DE-0000-7000-8000-00000000ABCD")};
  const std::string block = encode_block(events);
  EXPECT_EQ(block.size(), header_.total_bytes());
  const DecodedBlock back = decode(block);
  EXPECT_FALSE(back.damaged);
  ASSERT_EQ(back.slots.size(), events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(back.slots[i].state, Slot::State::whole);
    EXPECT_EQ(back.slots[i].id, events[i]->id);
    EXPECT_EQ(back.slots[i].json, events[i]->json);
    EXPECT_EQ(back.slots[i].message_id, events[i]->message_id);
    EXPECT_EQ(back.slots[i].event_at, events[i]->event_at);
    EXPECT_EQ(back.slots[i].received_at, events[i]->received_at);
  }
}

TEST_F(BlockFormatTest, HeadAndFootSayTheSameAndAreToldApart) {
  const std::string block = encode_block(events_of(1, 2));
  const auto head = decode_block_header(std::string_view(block).substr(0, kBlockHeaderBytes), HeaderPlace::head);
  const std::string_view end = std::string_view(block).substr(block.size() - kBlockHeaderBytes);
  const auto foot = decode_block_header(end, HeaderPlace::foot);
  ASSERT_TRUE(head);
  ASSERT_TRUE(foot);
  EXPECT_EQ(head->first, 5);
  EXPECT_EQ(head->count, 2U);
  EXPECT_EQ(foot->body_checksum, head->body_checksum);
  EXPECT_FALSE(decode_block_header(end, HeaderPlace::head));
}

TEST_F(BlockFormatTest, IdsOnlyKeepsNoBody) {
  const std::string block = encode_block(events_of(1, 3), BlockKind::ids_only);
  EXPECT_EQ(header_.body_bytes, 0U);
  const DecodedBlock back = decode(block);
  EXPECT_FALSE(back.damaged);
  for (const Slot& slot : back.slots) EXPECT_EQ(slot.state, Slot::State::ids_only);
  EXPECT_EQ(back.slots[1].id, event_of(2)->id);
}

// Whatever byte of index or body flips: no other event comes out than was put in, and no neighbour is lost by it.
TEST_F(BlockFormatTest, AFlippedByteCostsAtMostTheBodyOrOneEntry) {
  const std::vector<event::EventPtr> events{event_of(1), event_of(2, kUuid), event_of(3)};
  const std::string sound = encode_block(events);
  for (std::size_t at = kBlockHeaderBytes; at < sound.size() - kBlockHeaderBytes; ++at) {
    for (const int flip : {0x01, 0x80, 0xFF}) {
      std::string block = sound;
      block[at] = static_cast<char>(block[at] ^ flip);
      const DecodedBlock back = decode(block);
      EXPECT_TRUE(back.damaged) << at;
      ASSERT_EQ(back.slots.size(), events.size());
      for (std::size_t i = 0; i < events.size(); ++i) {
        const Slot& slot = back.slots[i];
        ASSERT_NE(slot.state, Slot::State::lost) << at;
        ASSERT_EQ(slot.id, events[i]->id) << at;
        ASSERT_TRUE(slot.state != Slot::State::whole || slot.json == events[i]->json) << at;
        ASSERT_EQ(slot.received_at, events[i]->received_at);
      }
    }
  }
}

// The id of such an event hangs on the message id: with a damaged one it would be another event.
TEST_F(BlockFormatTest, AMintedIdIsNotMadeUp) {
  std::vector<event::EventPtr> events;
  for (const char* id : {"one", "two"}) {
    auto event = event::decode_event(json_of(1), id, base::WallTime(), event::IdentityMode::message);
    ASSERT_TRUE(event);
    events.push_back(*event);
  }
  std::string block = encode_block(events, BlockKind::bodies, event::kIdentityMinted);
  block[kBlockHeaderBytes + 3] ^= 1;
  const DecodedBlock back = decode(block);
  EXPECT_EQ(back.slots[0].state, Slot::State::lost);
  EXPECT_EQ(back.slots[1].state, Slot::State::whole);
  EXPECT_EQ(back.slots[1].id, events[1]->id);
}

TEST_F(BlockFormatTest, ACutBlockKeepsTheIdsThatAreThere) {
  const std::vector<event::EventPtr> events = events_of(1, 3);
  const std::string block = encode_block(events);
  const std::string_view index = std::string_view(block).substr(kBlockHeaderBytes, 2 * kEntryBytes + 5);
  const DecodedBlock back = decode_block(header_, index, {});
  EXPECT_EQ(back.slots[0].state, Slot::State::ids_only);
  EXPECT_EQ(back.slots[1].id, events[1]->id);
  EXPECT_EQ(back.slots[2].state, Slot::State::lost);
}

TEST(Uuid, ComesBackAsTheSameText) {
  const auto packed = pack_uuid(kUuid);
  ASSERT_TRUE(packed);
  EXPECT_EQ(packed->size(), 16U);
  EXPECT_EQ(unpack_uuid(*packed), kUuid);
  for (const char* other : {"", "0190C0DE-0000-7000-8000-00000000abcd", "0190c0de00000-7000-8000-00000000abcd",
                            "0190c0de-0000-7000-8000-00000000abcg", "0190c0de-0000-7000-8000-00000000abcd0"}) {
    EXPECT_FALSE(pack_uuid(other)) << other;
  }
}

TEST(FileHeaderFormat, RefusesEveryFlippedByte) {
  const FileHeader header{.number = 3, .nonce = 9, .first = 100};
  const std::string bytes = encode(header);
  ASSERT_EQ(bytes.size(), kFileHeaderBytes);
  const auto back = decode_file_header(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->number, 3U);
  EXPECT_EQ(back->first, 100);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string damaged = bytes;
    damaged[at] ^= 4;
    EXPECT_FALSE(decode_file_header(damaged)) << at;
  }
}

}  // namespace
}  // namespace twinshift::backlog::segments
