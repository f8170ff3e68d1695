#include "journal/format.hpp"

#include "journal/bytes.hpp"
#include "journal/journal_fixture.hpp"
#include "journal/uuid_text.hpp"

namespace twinshift::journal {
namespace {

Block block_of(const std::string& bytes) {
  const auto head = read_head(bytes);
  EXPECT_TRUE(head);
  EXPECT_EQ(kHeadBytes + head->body_bytes, bytes.size());
  return {*head, std::string_view(bytes).substr(kHeadBytes)};
}

TEST(Format, ReceivedEventsComeBack) {
  const std::string long_text(1'000, 'x');
  const std::vector<Received> rows{
      {id_of(1), "0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", at(1), at(2), 3},
      {id_of(2), "0193A1B2-C3D4-7E5F-8A9B-0C1D2E3F4A5B", at(4), at(5), 6},  // not as we write one: kept as a text
      {id_of(3), "", at(7), at(8), 9},
      {id_of(4), "any\nbytes\xff", at(-1), base::WallTime{}, 0},
      {id_of(5), long_text, at(0), at(0), 1}};
  const std::string bytes = encode_received(at(100), rows);
  EXPECT_EQ(bytes.size() % kAlign, 0U);
  const Block block = block_of(bytes);
  EXPECT_TRUE(block.is_sound());
  EXPECT_EQ(block.head().kind, Kind::received);
  EXPECT_EQ(block.head().at, at(100));
  ASSERT_EQ(block.head().rows, rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(block.id(i), rows[i].event);
    EXPECT_EQ(block.arrival(i).message_id, rows[i].message_id.substr(0, kTextBytesMax));
    EXPECT_EQ(block.arrival(i).received_at, rows[i].received_at);
    EXPECT_EQ(block.arrival(i).event_at, rows[i].event_at);
    EXPECT_EQ(get<std::uint64_t>(block.install_hashes(), i * 8), rows[i].install_hash);
  }
}

TEST(Format, ALandedBatchComesBack) {
  std::vector<LandedEvent> rows;
  for (std::uint64_t i = 0; i < 19; ++i) rows.push_back({id_of(i), i % 3 == 0});
  const std::string bytes = encode_landed(at(5), {"secondary", "batch", "statement", true, false}, rows);
  const Block block = block_of(bytes);
  EXPECT_TRUE(block.is_sound());
  EXPECT_EQ(block.landed().target, "secondary");
  EXPECT_EQ(block.landed().batch_id, "batch");
  EXPECT_EQ(block.landed().statement_id, "statement");
  EXPECT_TRUE(block.landed().from_backlog);
  EXPECT_FALSE(block.landed().by_marker);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(block.id(i), rows[i].event);
    EXPECT_EQ(block.inserted(i), rows[i].inserted) << i;
  }
}

TEST(Format, ListsComeBack) {
  const std::vector<event::EventId> ids{id_of(1), id_of(2)};
  const std::string bytes = encode_listed(Kind::parked, at(9), "secondary", ids);
  const Block block = block_of(bytes);
  EXPECT_EQ(block.head().kind, Kind::parked);
  EXPECT_EQ(block.target(), "secondary");
  EXPECT_EQ(block.id(1), ids[1]);
}

TEST(Format, TheLargestBlockKeepsToItsBound) {
  const std::string text(70'000, 'x');
  const std::vector<Received> rows(kRowsMax, Received{id_of(1), text, at(1), at(2), 3});
  const std::string bytes = encode_received(at(0), rows);
  EXPECT_LE(bytes.size(), kBlockBytesMax);
  EXPECT_EQ(block_of(bytes).arrival(kRowsMax - 1).message_id.size(), kTextBytesMax);
}

TEST(Format, EveryChangedBitOfAHeadIsNoticedAndOfABodyIsUnsound) {
  const std::string bytes = received_block(1, 2);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string changed = bytes;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    const auto head = read_head(changed);
    if (bit / 8 < kHeadBytes) {
      EXPECT_FALSE(head) << bit;
    } else {
      EXPECT_FALSE(Block(*head, std::string_view(changed).substr(kHeadBytes)).is_sound()) << bit;
    }
  }
}

// Whoever can write the file can make checksums hold.
std::string with_number(std::string bytes, std::size_t place, std::uint32_t number) {
  std::string text;
  put(text, number);
  bytes.replace(place, text.size(), text);
  text.clear();
  put(text, checksum(std::string_view(bytes).substr(0, kHeadBytes - 4)));
  return bytes.replace(kHeadBytes - 4, text.size(), text);
}

TEST(Format, RowsThatHaveNoRoomAreNoBlock) {
  const std::string bytes = received_block(1, 2);
  EXPECT_TRUE(read_head(with_number(bytes, 12, 2)));
  EXPECT_FALSE(read_head(with_number(bytes, 12, 3)));
  EXPECT_FALSE(read_head(with_number(bytes, 12, 0xffffffff)));
  EXPECT_FALSE(read_head(with_number(bytes, 16, 0)));
  EXPECT_FALSE(read_head(with_number(bytes, 16, 0xfffffff0)));
  EXPECT_FALSE(read_head(with_number(bytes, 16, 113)));
}

TEST(Format, TextsThatLieAboutTheirLengthsEndAtTheEnd) {
  std::string bytes =
      encode_landed(at(5), {"primary", "batch", "statement"}, std::vector<LandedEvent>{{id_of(1), true}});
  bytes.replace(kHeadBytes + kIdBytes + 1, 2, "\xff\xff");
  const Block landed = block_of(bytes);
  EXPECT_EQ(landed.landed().target, "");
  EXPECT_EQ(landed.landed().statement_id, "");

  std::string received = encode_received(at(5), std::vector<Received>{{id_of(1), "text", at(1), at(2), 3}});
  received.replace(kHeadBytes + 56, 10, "\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff", 10);
  EXPECT_EQ(block_of(received).arrival(0).message_id.size(), 36U);
}

TEST(Format, UuidsAsWeWriteThem) {
  EXPECT_TRUE(is_uuid_text("0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"));
  EXPECT_FALSE(is_uuid_text("0193A1B2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"));
  EXPECT_FALSE(is_uuid_text("0193a1b2xc3d4-7e5f-8a9b-0c1d2e3f4a5b"));
  EXPECT_FALSE(is_uuid_text("0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5"));
  EXPECT_EQ(uuid_text(message_key_of("0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b")), "0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b");
}

}  // namespace
}  // namespace twinshift::journal
