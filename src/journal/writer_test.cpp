#include "journal/writer.hpp"

#include <sys/stat.h>

#include "journal/journal_fixture.hpp"
#include "journal/search.hpp"

namespace twinshift::journal {
namespace {

class Writing : public JournalTest {
 protected:
  [[nodiscard]] WriterOptions options(std::uint64_t bytes_max = kBytesMin) const {
    return {.folder = folder(), .bytes_max = bytes_max, .disk_reserve = 0};
  }
  void write(const std::string& block) const {
    Writer writer(options());
    writer.write(block);
  }
  [[nodiscard]] bool knows(std::uint64_t number) const {
    return !find_histories(folder(), {id_of(number)}).value().events[0].empty();
  }
  [[nodiscard]] std::size_t files() const { return list_segments(folder()).value().size(); }
};

TEST_F(Writing, WhatWasWrittenIsFoundAtOnceAndAfterARestart) {
  {
    Writer writer(options());
    writer.write(received_block(1, 100));
    writer.flush();
    EXPECT_TRUE(knows(50));
  }
  write(received_block(101, 1));
  EXPECT_TRUE(knows(50));
  EXPECT_TRUE(knows(101));
  EXPECT_EQ(files(), 1U);
}

TEST_F(Writing, FilesAreTheOwnersAlone) {
  write(received_block(1, 1));
  struct stat found{};
  ASSERT_EQ(::stat(folder().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0700U);
  ASSERT_EQ(::stat(segment_path(folder(), 1).c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
}

TEST_F(Writing, TheRingKeepsToItsBoundAndToTheNewest) {
  constexpr std::uint64_t kRows = 2'000;
  std::uint64_t events = 0;
  {
    Writer writer(options());
    for (std::uint64_t bytes = 0; bytes < 2 * kBytesMin;) {
      const std::string block = received_block(events, kRows);
      bytes += block.size();
      events += kRows;
      writer.write(block);
      writer.flush();
    }
    EXPECT_EQ(writer.dropped(), 0U);
  }
  EXPECT_LE(bytes_in_all(), kBytesMin);
  EXPECT_GE(bytes_in_all(), kBytesMin / 10 * 8);
  EXPECT_FALSE(knows(0));
  EXPECT_TRUE(knows(events - 1));
}

TEST_F(Writing, ASmallerBoundTakesEffect) {
  for (std::uint64_t number = 1; number <= 40; ++number) put_file(number, std::string(2'000'000, 'x'));
  write(received_block(1, 1));
  EXPECT_LE(bytes_in_all(), kBytesMin);
  EXPECT_TRUE(knows(1));
}

TEST_F(Writing, NothingIsAppendedToATornOrForeignFile) {
  const std::string torn = received_block(1, 10) + received_block(11, 10).substr(0, 100);
  put_file(1, torn);
  write(received_block(21, 1));
  EXPECT_EQ(file(1), torn);
  EXPECT_TRUE(knows(21));
  put_file(9, "foreign");
  write(received_block(22, 1));
  EXPECT_EQ(file(9), "foreign");
  EXPECT_EQ(file(10).size(), received_block(22, 1).size());
}

TEST_F(Writing, ALinkIsNeverWrittenThrough) {
  std::filesystem::create_directories(folder());
  const auto elsewhere = folder().parent_path() / "elsewhere";
  std::ofstream(elsewhere) << "mine";
  std::filesystem::create_symlink(elsewhere, segment_path(folder(), 1));
  write(received_block(1, 1));
  std::ifstream in(elsewhere);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), "mine");
  EXPECT_TRUE(knows(1));  // in the next file
}

TEST_F(Writing, AFolderThatWasDeletedMeanwhileIsMadeAgain) {
  Writer writer(options());
  writer.write(received_block(1, 1));
  writer.flush();
  std::filesystem::remove_all(folder());
  writer.write(received_block(10, 1));
  writer.flush();
  EXPECT_TRUE(knows(10));
}

TEST_F(Writing, WithoutAFolderOrADiskBlocksAreDroppedAndCounted) {
  std::ofstream(folder()) << "a file in its place";
  Writer writer(options());
  for (int i = 0; i < 3; ++i) writer.write(received_block(1, 1));
  writer.flush();
  EXPECT_EQ(writer.dropped(), 3U);

  std::filesystem::remove(folder());
  Writer cautious({.folder = folder(), .bytes_max = kBytesMin, .disk_reserve = ~std::uint64_t{0} / 2});
  cautious.write(received_block(1, 1));
  cautious.flush();
  EXPECT_EQ(cautious.dropped(), 1U);
  EXPECT_FALSE(std::filesystem::exists(folder()));
}

}  // namespace
}  // namespace twinshift::journal
