#include "pg/parameters.hpp"

#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/temporary_folder.hpp"

namespace twinshift::pg {
namespace {

class PasswordFile : public testing::Test {
 protected:
  std::string write(const std::string& text) const {
    const std::string path = (folder_ / "password").string();
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  tests::TemporaryFolder folder_;
};

TEST(Urls, AreReadAsLibpqDoes) {
  const auto parameters = parse_url("postgresql://me:p%40ss@db.example:6000/events?sslmode=require&options=-c%20x%3Dy");
  ASSERT_TRUE(parameters);
  EXPECT_EQ(parameters->scheme, Scheme::postgresql);
  EXPECT_EQ(parameters->values.at("host"), "db.example");
  EXPECT_EQ(parameters->values.at("port"), "6000");
  EXPECT_EQ(parameters->values.at("dbname"), "events");
  EXPECT_EQ(parameters->values.at("password"), "p@ss");
  EXPECT_EQ(parameters->values.at("sslmode"), "require");
  EXPECT_EQ(parameters->values.at("options"), "-c x=y");
  EXPECT_EQ(parameters->values.at("application_name"), "twinshift");
  EXPECT_EQ(parameters->where, "db.example:6000/events");
}

TEST(Urls, OfRedshiftVerifyTheServer) {
  const auto parameters = parse_url("redshift://me@c.x.eu-west-1.redshift.amazonaws.com/dev");
  ASSERT_TRUE(parameters);
  EXPECT_EQ(parameters->scheme, Scheme::redshift);
  EXPECT_EQ(parameters->values.at("port"), "5439");
  EXPECT_EQ(parameters->values.at("sslmode"), "verify-full");
  EXPECT_EQ(parameters->values.contains("sslrootcert"), !system_ca_file().empty());
}

TEST(Urls, WinOverOurDefaults) {
  const auto parameters =
      parse_url("redshift://h:5555/d?sslmode=disable&keepalives_idle=99&application_name=x&sslrootcert=/ca");
  ASSERT_TRUE(parameters);
  EXPECT_EQ(parameters->values.at("port"), "5555");
  EXPECT_EQ(parameters->values.at("sslmode"), "disable");
  EXPECT_EQ(parameters->values.at("keepalives_idle"), "99");
  EXPECT_EQ(parameters->values.at("application_name"), "x");
  EXPECT_EQ(parameters->values.at("sslrootcert"), "/ca");
}

TEST(Urls, ThatAreNoneAreRefusedWithoutBeingQuoted) {
  for (const std::string url :
       {"postgresql://u:hunter2%@h/d", "postgresql://h/d?nonsense=hunter2", "mysql://u:hunter2@h/d"}) {
    const auto parameters = parse_url(url);
    ASSERT_FALSE(parameters) << url;
    EXPECT_EQ(parameters.error().kind, base::ErrorKind::invalid);
    EXPECT_EQ(parameters.error().text().find("hunter2"), std::string::npos);
  }
  EXPECT_FALSE(parse_url(std::string("postgresql://h/d\0x", 18)));
}

TEST_F(PasswordFile, GivesThePasswordOfItsFirstLine) {
  const auto parameters = parse_url("postgresql://me:old@h/d", write("s3cret \r\nmore\n"));
  ASSERT_TRUE(parameters);
  EXPECT_EQ(parameters->values.at("password"), "s3cret ");
}

TEST_F(PasswordFile, ThatIsOfNoUseIsNamed) {
  const std::string missing = (folder_ / "none").string();
  for (const std::string& path : {missing, write(""), write("\n"), write(std::string(5000, 'x'))}) {
    const auto parameters = parse_url("postgresql://me@h/d", path);
    ASSERT_FALSE(parameters);
    EXPECT_EQ(parameters.error().kind, base::ErrorKind::unavailable);
    EXPECT_EQ(parameters.error().where, path);
  }
}

}  // namespace
}  // namespace twinshift::pg
