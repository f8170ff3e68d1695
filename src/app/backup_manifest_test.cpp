#include "app/backup_manifest.hpp"

#include <fstream>

#include <gmock/gmock.h>

#include "tests/support/temporary_folder.hpp"

namespace twinshift::app {
namespace {

using testing::HasSubstr;

constexpr const char* kSumOfNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

Manifest example() {
  return {.version = "1.2.0",
          .begun = "2026-11-28T08:00:00.000Z",
          .notes = {"the primary is elsewhere"},
          .files = {{"queue.db", 8192, kSumOfNothing}, {"trace/a name with spaces", 0, kSumOfNothing}}};
}

TEST(BackupManifest, WhatIsWrittenIsRead) {
  const auto read = parse_manifest(text_of(example()));
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->version, "1.2.0");
  EXPECT_EQ(read->begun, "2026-11-28T08:00:00.000Z");
  EXPECT_EQ(read->notes, example().notes);
  EXPECT_EQ(read->files, example().files);
}

TEST(BackupManifest, AnyChangeIsFound) {
  const std::string text = text_of(example());
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(parse_manifest(changed)) << i;
    EXPECT_FALSE(parse_manifest(text.substr(0, i))) << i;
  }
}

TEST(BackupManifest, ALaterFormatIsNamed) {
  std::string text = text_of(example());
  text.replace(text.find("backup 1"), 8, "backup 2");
  const auto read = parse_manifest(text);
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().text(), HasSubstr("a later format"));
}

TEST(BackupManifest, NoNameLeadsOutOfIt) {
  for (const char* name : {"../queue.db", "a/../../b", "/etc/passwd", ""}) {
    Manifest manifest = example();
    manifest.files[0].name = name;
    EXPECT_FALSE(parse_manifest(text_of(manifest))) << name;
  }
}

TEST(BackupManifest, SumsAFile) {
  const tests::TemporaryFolder folder;
  std::ofstream(folder / "empty");
  std::ofstream(folder / "abc") << "abc";
  EXPECT_EQ(sha256_of(folder / "empty")->sha256, kSumOfNothing);
  const auto summed = sha256_of(folder / "abc");
  ASSERT_TRUE(summed);
  EXPECT_EQ(summed->bytes, 3U);
  EXPECT_EQ(summed->sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_of(folder / "none").error().kind, base::ErrorKind::not_found);
}

}  // namespace
}  // namespace twinshift::app
