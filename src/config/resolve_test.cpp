#include "config/resolve.hpp"

#include <gmock/gmock.h>

#include "config/drivers.hpp"
#include "config/load_fixture.hpp"

namespace twinshift::config {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

class Resolve : public LoadTest {};

constexpr const char* kGuidePrimary = "REDSHIFT_CLUSTER_IDENTIFIER=primary-cluster\nREDSHIFT_DATABASE=analytics\n";
constexpr const char* kSecondaryOn = "SECONDARY_REDSHIFT_ENABLED=true\n";

TEST_F(Resolve, NothingAtAllIsThreeFilesInTheDataFolder) {
  const Settings settings = good(std::string(kSecondaryOn) + "TWINSHIFT_DATA_DIR=/d\n").settings;
  EXPECT_EQ(settings.queue.driver, "sqlite");
  EXPECT_EQ(settings.queue.path, "/d/queue.db");
  EXPECT_EQ(settings.primary.name, "primary");
  EXPECT_EQ(settings.primary.driver, "sqlite");
  EXPECT_EQ(settings.primary.path, "/d/primary.db");
  EXPECT_TRUE(settings.primary.backlog_path.empty());
  ASSERT_TRUE(settings.secondary.has_value());
  EXPECT_EQ(settings.secondary->name, "secondary");
  EXPECT_EQ(settings.secondary->path, "/d/secondary.db");
  EXPECT_EQ(settings.secondary->backlog_path, "/d/secondary-backlog.db");
  EXPECT_FALSE(settings.secondary_off.has_value());
}

TEST_F(Resolve, OffByDefaultButItsBacklogIsKnown) {
  const Loaded loaded = good("");
  EXPECT_FALSE(loaded.settings.secondary.has_value());
  ASSERT_TRUE(loaded.settings.secondary_off.has_value());
  EXPECT_EQ(loaded.settings.secondary_off->backlog_path, "./data/secondary-backlog.db");
  EXPECT_THAT(joined(loaded.notes), HasSubstr("no secondary"));
}

TEST_F(Resolve, EmbeddedWarehousesShareTheTableName) {
  const Settings both = good(std::string(kSecondaryOn) + "REDSHIFT_TABLE_NAME=s.t\n").settings;
  EXPECT_EQ(both.primary.table, "s.t");
  EXPECT_EQ(both.secondary->table, "s.t");
  const Settings named =
      good(std::string(kSecondaryOn) + "REDSHIFT_TABLE_NAME=s.t\nSECONDARY_REDSHIFT_TABLE_NAME=u\n").settings;
  EXPECT_EQ(named.secondary->table, "u");
}

TEST_F(Resolve, ASecondaryOfItsOwnHasTheGuidesTable) {
  const Settings settings = good(std::string(kSecondaryOn) +
                                 "REDSHIFT_TABLE_NAME=t\nPRIMARY_WAREHOUSE_URL=sqlite:a.db\n"
                                 "SECONDARY_WAREHOUSE_URL=sqlite:b.db\n")
                                .settings;
  EXPECT_EQ(settings.secondary->table, "appsflyer_events");
  EXPECT_EQ(settings.secondary->path, "b.db");
  EXPECT_EQ(settings.secondary->configured_by, "SECONDARY_WAREHOUSE_URL");
}

TEST_F(Resolve, EachTargetHasItsOwnLimits) {
  const Settings settings = good(std::string(kSecondaryOn) +
                                 "REDSHIFT_STATEMENT_TIMEOUT=10000\nREDSHIFT_MAX_RETRIES=10\n"
                                 "SECONDARY_REDSHIFT_STATEMENT_TIMEOUT=5s\nSECONDARY_REDSHIFT_MAX_RETRIES=3\n")
                                .settings;
  EXPECT_EQ(settings.primary.statement_timeout, 10s);
  EXPECT_EQ(settings.primary.retries_max, 10);
  EXPECT_EQ(settings.secondary->statement_timeout, 5s);
  EXPECT_EQ(settings.secondary->retries_max, 3);
}

TEST_F(Resolve, RegionsFallBack) {
  EXPECT_EQ(good(kSecondaryOn).settings.secondary->region, "us-east-1");
  const Settings one = good(std::string(kSecondaryOn) + "AWS_REGION=eu-west-1\n").settings;
  EXPECT_EQ(one.primary.region, "eu-west-1");
  EXPECT_EQ(one.secondary->region, "eu-west-1");
  const Settings two =
      good(std::string(kSecondaryOn) + "AWS_REGION=eu-west-1\nSECONDARY_AWS_REGION=ap-south-1\n").settings;
  EXPECT_EQ(two.primary.region, "eu-west-1");
  EXPECT_EQ(two.secondary->region, "ap-south-1");
}

TEST_F(Resolve, OnlyAPrimaryMeansNoSecondary) {
  const Loaded off = good("PRIMARY_WAREHOUSE_URL=sqlite:a.db\n");
  EXPECT_FALSE(off.settings.secondary.has_value());
  EXPECT_FALSE(off.settings.secondary_off.has_value());
  EXPECT_THAT(joined(off.notes), HasSubstr("no secondary"));
  EXPECT_TRUE(off.warnings.empty());
  const Loaded on = good(std::string(kSecondaryOn) + "PRIMARY_WAREHOUSE_URL=sqlite:a.db\n");
  EXPECT_FALSE(on.settings.secondary.has_value());
  EXPECT_THAT(joined(on.warnings), HasSubstr("SECONDARY_WAREHOUSE_URL"));
}

TEST_F(Resolve, OnlyASecondaryIsRefused) {
  EXPECT_THAT(faults(std::string(kSecondaryOn) + "SECONDARY_WAREHOUSE_URL=sqlite:b.db\n"),
              AllOf(HasSubstr("1 fault;"), HasSubstr("no primary is configured"), HasSubstr("PRIMARY_WAREHOUSE_URL")));
  EXPECT_THAT(faults("SECONDARY_REDSHIFT_WORKGROUP_NAME=w\nSECONDARY_REDSHIFT_DATABASE=d\n"),
              HasSubstr("SECONDARY_REDSHIFT_WORKGROUP_NAME configures a secondary, but no primary"));
}

TEST_F(Resolve, ASecondaryThatNobodySwitchedOnIsWarnedAbout) {
  const std::string env = "PRIMARY_WAREHOUSE_URL=sqlite:a.db\nSECONDARY_WAREHOUSE_URL=sqlite:b.db\n";
  const Loaded forgotten = good(env);
  EXPECT_THAT(joined(forgotten.warnings), HasSubstr("SECONDARY_REDSHIFT_ENABLED=true"));
  ASSERT_TRUE(forgotten.settings.secondary_off.has_value());
  EXPECT_EQ(forgotten.settings.secondary_off->path, "b.db");
  EXPECT_TRUE(good(env + "SECONDARY_REDSHIFT_ENABLED=false\n").warnings.empty()) << "switched off on purpose";
}

struct Missing {
  std::string env;
  const char* variable;
  const char* driver;
};

class MissingDriver : public LoadTest, public testing::WithParamInterface<Missing> {};

TEST_P(MissingDriver, IsRefusedByName) {
  const std::string text = faults(GetParam().env);
  EXPECT_THAT(text, AllOf(HasSubstr("1 fault;"), HasSubstr(GetParam().variable), HasSubstr(GetParam().driver),
                          HasSubstr("this version"), HasSubstr("unset it"), Not(HasSubstr("hunter2"))));
}

INSTANTIATE_TEST_SUITE_P(
    All, MissingDriver,
    testing::Values(
        Missing{"SQS_QUEUE_URL=https://sqs.us-east-1.amazonaws.com/1/hunter2\n", "SQS_QUEUE_URL is set", "`sqs`"},
        Missing{"SECONDARY_BACKLOG_QUEUE_URL=https://sqs/1/hunter2\n", "SECONDARY_BACKLOG_QUEUE_URL is set", "`sqs`"},
        Missing{"PRIMARY_WAREHOUSE_URL=redshift-data://c/d\n", "PRIMARY_WAREHOUSE_URL asks", "`redshift_data`"},
        Missing{kGuidePrimary, "REDSHIFT_CLUSTER_IDENTIFIER asks", "`redshift_data`"},
        Missing{"REDSHIFT_WORKGROUP_NAME=w\nREDSHIFT_DATABASE=d\n", "REDSHIFT_WORKGROUP_NAME asks", "`redshift_data`"},
        Missing{"PRIMARY_WAREHOUSE_URL=sqlite:a.db\nSECONDARY_REDSHIFT_ENABLED=true\n"
                "SECONDARY_REDSHIFT_CLUSTER_IDENTIFIER=c\nSECONDARY_REDSHIFT_DATABASE=d\n",
                "SECONDARY_REDSHIFT_CLUSTER_IDENTIFIER asks", "`redshift_data`"},
        Missing{"PRIMARY_WAREHOUSE_URL=sqlite:a.db\nSECONDARY_REDSHIFT_ENABLED=true\n"
                "SECONDARY_REDSHIFT_CLUSTER_IDENTIFIER=c\nSECONDARY_REDSHIFT_DATABASE=d\n"
                "SECONDARY_REDSHIFT_ENDPOINT=https://x.y.ap-south-1.redshift.amazonaws.com\n",
                "SECONDARY_REDSHIFT_CLUSTER_IDENTIFIER asks", "SECONDARY_WAREHOUSE_URL=redshift://"}));

TEST_F(Resolve, TheWireIsChosenByItsUrl) {
  for (const std::string scheme : {"postgresql", "postgres", "redshift"}) {
    const Settings settings = good("PRIMARY_WAREHOUSE_URL=" + scheme +
                                   "://u:hunter2@h/d\nPRIMARY_WAREHOUSE_PASSWORD_FILE=/run/p\nREDSHIFT_MAX_RETRIES=7\n")
                                  .settings;
    EXPECT_EQ(settings.primary.driver, "postgres");
    EXPECT_EQ(settings.primary.url, scheme + "://u:hunter2@h/d");
    EXPECT_EQ(settings.primary.shown.find("hunter2"), std::string::npos);
    EXPECT_EQ(settings.primary.password_file, "/run/p");
    EXPECT_EQ(settings.primary.retries_max, 7);
  }
}

TEST_F(Resolve, ASwitchedOffSecondaryNeedsNoDriver) {
  const Settings settings = good(
                                "PRIMARY_WAREHOUSE_URL=sqlite:a.db\nSECONDARY_REDSHIFT_ENABLED=false\n"
                                "SECONDARY_REDSHIFT_CLUSTER_IDENTIFIER=c\nSECONDARY_REDSHIFT_DATABASE=d\n")
                                .settings;
  ASSERT_TRUE(settings.secondary_off.has_value());
  EXPECT_EQ(settings.secondary_off->driver, "redshift_data");
}

TEST_F(Resolve, AUrlWinsOverTheGuidesVariables) {
  const Loaded loaded = good(std::string(kGuidePrimary) + "PRIMARY_WAREHOUSE_URL=sqlite:a.db\n");
  EXPECT_EQ(loaded.settings.primary.driver, "sqlite");
  EXPECT_THAT(joined(loaded.notes), HasSubstr("PRIMARY_WAREHOUSE_URL is set and wins"));
}

TEST_F(Resolve, HalfARedshiftIsRefused) {
  EXPECT_THAT(faults("REDSHIFT_DATABASE=analytics\nREDSHIFT_DB_USER=admin\n"),
              AllOf(HasSubstr("2 faults"), HasSubstr("REDSHIFT_CLUSTER_IDENTIFIER"), Not(HasSubstr("analytics"))));
  EXPECT_THAT(faults(std::string(kSecondaryOn) + "SECONDARY_REDSHIFT_ENDPOINT=https://h\n"),
              HasSubstr("SECONDARY_REDSHIFT_ENDPOINT is set, but neither SECONDARY_REDSHIFT_CLUSTER_IDENTIFIER"));
  EXPECT_THAT(faults("REDSHIFT_CLUSTER_IDENTIFIER=c\n"), HasSubstr("REDSHIFT_DATABASE is not: name the database"));
  EXPECT_THAT(faults("REDSHIFT_CLUSTER_IDENTIFIER=c\nREDSHIFT_WORKGROUP_NAME=w\nREDSHIFT_DATABASE=d\n"),
              HasSubstr("are both set"));
  EXPECT_TRUE(load_text("SECONDARY_REDSHIFT_DATABASE=d\n").has_value()) << "the secondary is off";
}

class BadFile : public LoadTest, public testing::WithParamInterface<const char*> {};

TEST_P(BadFile, IsRefused) {
  EXPECT_THAT(faults("PRIMARY_WAREHOUSE_URL=sqlite:" + std::string(GetParam()) + "\n"),
              HasSubstr("PRIMARY_WAREHOUSE_URL "));
}
INSTANTIATE_TEST_SUITE_P(Paths, BadFile,
                         testing::Values("///a.db", "//a.db", ":memory:", "file:a.db?mode=memory", "a/", ".", "..",
                                         "a/.."));

TEST_F(Resolve, OneFileServesOnePart) {
  const std::string primary = "PRIMARY_WAREHOUSE_URL=sqlite:" + (folder_ / "a.db").string() + "\n";
  const auto second = [&](const std::string& path) {
    return kSecondaryOn + primary + "SECONDARY_WAREHOUSE_URL=sqlite:" + path + "\n";
  };
  EXPECT_THAT(faults(second((folder_ / "a.db").string())),
              HasSubstr("the primary and the secondary would use the same"));
  EXPECT_THAT(faults(second((folder_ / "x/../a.db").string())), HasSubstr("the same SQLite file"));
  std::filesystem::create_directory_symlink(folder_, folder_ / "link");
  EXPECT_THAT(faults(second((folder_ / "link" / "a.db").string())), HasSubstr("the same SQLite file"));
  EXPECT_THAT(faults(second((folder_ / "a.db").string()) + "SECONDARY_REDSHIFT_TABLE_NAME=other\n"),
              HasSubstr("the same SQLite file"))
      << "SQLite locks whole files: another table does not part the two";
  EXPECT_TRUE(load_text(second((folder_ / "b.db").string())).has_value());
  EXPECT_THAT(faults("PRIMARY_WAREHOUSE_URL=sqlite:data/queue.db\n"), HasSubstr("the queue and the primary"));
  EXPECT_THAT(
      faults("PRIMARY_WAREHOUSE_URL=sqlite:data/p.db\nSECONDARY_WAREHOUSE_URL=sqlite:data/secondary-backlog.db\n"),
      HasSubstr("the secondary and the secondary's backlog"));
}

TEST_F(Resolve, LimitsThatContradictEachOtherAreRefused) {
  EXPECT_THAT(faults("QUEUE_INBOX_BYTES_MAX=1MB\n"), HasSubstr("HTTP_BODY_BYTES_MAX"));
  EXPECT_THAT(faults("BATCH_BYTES_MAX=100MB\n"), HasSubstr("LANE_BYTES_MAX"));
  EXPECT_THAT(faults("BATCH_ROWS_MAX=5000\n"), HasSubstr("LANE_ROWS_MAX"));
  EXPECT_THAT(faults("HTTP_KEEP_ALIVE_IDLE=2\n"), HasSubstr("HTTP_HEADER_TIMEOUT"));
}

TEST_F(Resolve, DoubtfulLimitsAreWarnedAbout) {
  EXPECT_THAT(joined(good("INTAKE_TIMEOUT=2000\n").warnings), HasSubstr("INTAKE_TIMEOUT"));
  EXPECT_THAT(joined(good("SHUTDOWN_TIMEOUT=30\n").warnings), HasSubstr("SHUTDOWN_TIMEOUT"));
  EXPECT_THAT(joined(good("PARK_AFTER=31s\n").warnings), HasSubstr("QUEUE_LEASE_TIMEOUT"));
  EXPECT_THAT(joined(good("AWS_ACCESS_KEY_ID=hunter2\n").warnings),
              AllOf(HasSubstr("AWS_SECRET_ACCESS_KEY"), Not(HasSubstr("hunter2"))));
}

TEST(Endpoints, AreToldApart) {
  EXPECT_TRUE(speaks_wire_only("https://akara-endpoint-x.churfikvu1nn.ap-south-1.redshift.amazonaws.com"));
  EXPECT_TRUE(speaks_wire_only("https://W.123.eu-west-1.Redshift-Serverless.amazonaws.com:5439/db"));
  EXPECT_FALSE(speaks_wire_only("https://redshift-data.us-west-2.amazonaws.com"));
  EXPECT_FALSE(speaks_wire_only("https://vpce-1-2.redshift-data.us-west-2.vpce.amazonaws.com"));
  EXPECT_FALSE(speaks_wire_only("https://evil.example/.redshift.amazonaws.com"));
  EXPECT_FALSE(speaks_wire_only(""));
}

TEST(Drivers, AreNamedOnceAndUnknownOnesAreNotBuilt) {
  EXPECT_TRUE(is_built("warehouse", "sqlite"));
  EXPECT_TRUE(is_built("warehouse", "postgres"));
  EXPECT_TRUE(is_built("queue", "sqlite"));
  EXPECT_FALSE(is_built("queue", "postgres"));
  EXPECT_FALSE(is_built("", ""));
}

}  // namespace
}  // namespace twinshift::config
