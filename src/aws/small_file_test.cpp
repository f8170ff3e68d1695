#include "aws/small_file.hpp"

#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "aws/files_testing.hpp"

namespace twinshift::aws {
namespace {

using base::ErrorKind;
using testing::HasSubstr;
using testing::Not;

class SmallFile : public testing::Test {
 protected:
  testing_files::Folder folder_;
};

TEST_F(SmallFile, IsReadWhole) {
  EXPECT_EQ(read_small_file(folder_.write("a", std::string("x\0y\n", 4))).value(), std::string("x\0y\n", 4));
  EXPECT_EQ(read_small_file(folder_.write("empty", "")).value(), "");
}

TEST_F(SmallFile, ThatIsOfNoUseIsNamed) {
  EXPECT_EQ(read_small_file(folder_.path("none")).error().kind, ErrorKind::not_found);
  EXPECT_EQ(read_small_file(folder_.path("none")).error().where, folder_.path("none"));
  EXPECT_EQ(read_small_file(folder_.path("")).error().kind, ErrorKind::invalid);
  EXPECT_EQ(read_small_file("/dev/zero").error().kind, ErrorKind::invalid);
  EXPECT_EQ(read_small_file(folder_.write("large", std::string(kSmallFileBytesMax + 1, 'x'))).error().kind,
            ErrorKind::invalid);
  ASSERT_EQ(::mkfifo(folder_.path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(read_small_file(folder_.path("pipe")).error().kind, ErrorKind::invalid);
}

TEST_F(SmallFile, WithATokenIsTrimmed) {
  EXPECT_EQ(read_token_file(folder_.write("token", "\n s3cret\r\n")).value(), "s3cret");
}

TEST_F(SmallFile, WithATokenThatCannotBeSentIsRefusedUnquoted) {
  for (const std::string content : {"", " \n", "s3cret\r\nX-Evil: 1", "s3\x01"}) {
    const auto token = read_token_file(folder_.write("token", content));
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().kind, ErrorKind::invalid);
    EXPECT_THAT(token.error().text(), HasSubstr(folder_.path("token")));
    EXPECT_THAT(token.error().text(), Not(HasSubstr("s3")));
  }
}

}  // namespace
}  // namespace twinshift::aws
