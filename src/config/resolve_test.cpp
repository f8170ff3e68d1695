#include "config/resolve.hpp"

#include <gmock/gmock.h>

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
  EXPECT_TRUE(settings.primary.backlog_folder.empty());
  ASSERT_TRUE(settings.secondary.has_value());
  EXPECT_EQ(settings.secondary->name, "secondary");
  EXPECT_EQ(settings.secondary->path, "/d/secondary.db");
  EXPECT_EQ(settings.secondary->backlog_folder, "/d/secondary-backlog");
  EXPECT_FALSE(settings.secondary_off.has_value());
}

TEST_F(Resolve, OffByDefaultButItsBacklogIsKnown) {
  const Loaded loaded = good("");
  EXPECT_FALSE(loaded.settings.secondary.has_value());
  ASSERT_TRUE(loaded.settings.secondary_off.has_value());
  EXPECT_EQ(loaded.settings.secondary_off->backlog_folder, "./data/secondary-backlog");
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

TEST_F(Resolve, TheGuidesVariablesAreTheDataApi) {
  const Settings settings = good(kGuidePrimary).settings;
  EXPECT_EQ(settings.primary.driver, "redshift_data");
  EXPECT_EQ(settings.primary.region, "us-east-1");
  EXPECT_FALSE(settings.primary.region_given);
  EXPECT_EQ(good("REDSHIFT_WORKGROUP_NAME=w\nREDSHIFT_DATABASE=d\n").settings.primary.shown, "w/d in us-east-1");
  EXPECT_THAT(joined(good("REDSHIFT_WORKGROUP_NAME=w\nREDSHIFT_DATABASE=d\nREDSHIFT_DB_USER=u\n").warnings),
              HasSubstr("REDSHIFT_DB_USER has no effect"));
  EXPECT_THAT(faults(std::string(kGuidePrimary) + "REDSHIFT_DB_USER=u\nREDSHIFT_SECRET_ARN=arn:aws:x\n"),
              HasSubstr("are both set"));
}

constexpr const char* kGuideSecondary =
    "PRIMARY_WAREHOUSE_URL=sqlite:a.db\nSECONDARY_REDSHIFT_ENABLED=true\nSECONDARY_REDSHIFT_CLUSTER_IDENTIFIER=c\n"
    "SECONDARY_REDSHIFT_DATABASE=d\nSECONDARY_AWS_REGION=ap-south-1\n";

TEST_F(Resolve, AClustersOwnHostIsSpokenToOverTheWire) {
  const Loaded loaded = good(std::string(kGuideSecondary) +
                             "SECONDARY_REDSHIFT_ENDPOINT=https://x.y.ap-south-1.redshift.amazonaws.com\n");
  const TargetSettings& secondary = *loaded.settings.secondary;
  EXPECT_EQ(secondary.driver, "postgres");
  EXPECT_TRUE(secondary.iam_login);
  EXPECT_EQ(secondary.url, "redshift://x.y.ap-south-1.redshift.amazonaws.com:5439/d");
  EXPECT_EQ(secondary.cluster_identifier, "c");
  EXPECT_THAT(joined(loaded.notes), AllOf(HasSubstr("no Data API listens"), HasSubstr(":5439")));
  const std::string port = "SECONDARY_REDSHIFT_ENDPOINT=https://x.y.ap-south-1.redshift.amazonaws.com:";
  EXPECT_THAT(good(std::string(kGuideSecondary) + port + "443\n").settings.secondary->url, HasSubstr(":5439/d"));
  EXPECT_THAT(good(std::string(kGuideSecondary) + port + "5440\n").settings.secondary->url, HasSubstr(":5440/d"));
}

TEST_F(Resolve, AnExplicitSchemeOverridesWhatTheHostLooksLike) {
  const TargetSettings wire =
      *good(std::string(kGuideSecondary) + "SECONDARY_REDSHIFT_ENDPOINT=redshift://127.0.0.1:5999?sslmode=disable\n")
           .settings.secondary;
  EXPECT_EQ(wire.url, "redshift://127.0.0.1:5999/d?sslmode=disable");
  const TargetSettings data =
      *good(std::string(kGuideSecondary) +
            "SECONDARY_REDSHIFT_ENDPOINT=https://vpce-1.redshift-data.ap-south-1.vpce.amazonaws.com\n")
           .settings.secondary;
  EXPECT_EQ(data.driver, "redshift_data");
  EXPECT_FALSE(data.iam_login);
  EXPECT_THAT(faults(std::string(kGuideSecondary) + "SECONDARY_REDSHIFT_SECRET_ARN=arn:x\n"
                                                    "SECONDARY_REDSHIFT_ENDPOINT=redshift://h\n"),
              HasSubstr("SECONDARY_REDSHIFT_SECRET_ARN cannot be used over the wire"));
}

TEST_F(Resolve, ADataUrlHoldsAllOfIt) {
  const TargetSettings target =
      good("PRIMARY_WAREHOUSE_URL=redshift-data://u@c/d?region=eu-west-1&endpoint=http://127.0.0.1:9\n")
          .settings.primary;
  EXPECT_EQ(target.driver, "redshift_data");
  EXPECT_EQ(target.cluster_identifier, "c");
  EXPECT_EQ(target.database, "d");
  EXPECT_EQ(target.db_user, "u");
  EXPECT_EQ(target.region, "eu-west-1");
  EXPECT_EQ(target.endpoint, "http://127.0.0.1:9");
  EXPECT_EQ(good("PRIMARY_WAREHOUSE_URL=redshift-data://w/d?workgroup=true\n").settings.primary.workgroup_name, "w");
  for (const char* bad : {"redshift-data://c", "redshift-data:///d", "redshift-data://u:hunter2@c/d",
                          "redshift-data://c/d?nonsense=1", "redshift-data://c/d?region"}) {
    EXPECT_THAT(faults(std::string("PRIMARY_WAREHOUSE_URL=") + bad + "\n"),
                AllOf(HasSubstr("PRIMARY_WAREHOUSE_URL must be redshift-data://"), Not(HasSubstr("hunter2"))))
        << bad;
  }
}

TEST_F(Resolve, TwoTargetsInOneTableAreRefused) {
  const std::string both = std::string(kSecondaryOn) + kGuidePrimary;
  EXPECT_THAT(
      faults(both + "SECONDARY_REDSHIFT_CLUSTER_IDENTIFIER=primary-cluster\nSECONDARY_REDSHIFT_DATABASE=analytics\n"),
      HasSubstr("the same table"));
  EXPECT_TRUE(load_text(both + "SECONDARY_REDSHIFT_CLUSTER_IDENTIFIER=primary-cluster\nSECONDARY_REDSHIFT_DATABASE="
                               "analytics\nSECONDARY_AWS_ROLE_ARN=arn:aws:iam::2:role/r\n")
                  .has_value())
      << "the same name in another account";
}

TEST_F(Resolve, WhatIsOwedOutlivesTheContainerOrIsNotOwed) {
  const std::string sqs = std::string(kSecondaryOn) + "SQS_QUEUE_URL=https://sqs.us-east-1.amazonaws.com/1/q\n";
  EXPECT_TRUE(good(kSecondaryOn).settings.keeps_debts);
  const Loaded neither = good(sqs);
  EXPECT_EQ(neither.settings.queue.driver, "sqs");
  EXPECT_FALSE(neither.settings.keeps_debts);
  EXPECT_THAT(joined(neither.warnings), HasSubstr("only after the secondary has committed"));
  EXPECT_TRUE(good(sqs + "TWINSHIFT_DATA_DURABLE=true\n").settings.keeps_debts);
  const Settings owed = good(sqs + "SECONDARY_BACKLOG_QUEUE_URL=https://sqs.us-east-1.amazonaws.com/1/owed\n").settings;
  EXPECT_TRUE(owed.keeps_debts);
  EXPECT_EQ(owed.secondary->backlog_url, "https://sqs.us-east-1.amazonaws.com/1/owed");
  EXPECT_THAT(faults(sqs + "SECONDARY_BACKLOG_QUEUE_URL=https://sqs.us-east-1.amazonaws.com/1/q\n"),
              HasSubstr("are one queue"));
  EXPECT_THAT(joined(neither.warnings), HasSubstr("no QUARANTINE_QUEUE_URL"));
  EXPECT_THAT(faults(sqs + "QUARANTINE_QUEUE_URL=https://sqs.us-east-1.amazonaws.com/1/q\n"),
              HasSubstr("are one queue"));
  EXPECT_THAT(faults(sqs + "SQS_SPOOL=true\n"), HasSubstr("TWINSHIFT_DATA_DURABLE"));
  EXPECT_TRUE(load_text(sqs + "SQS_SPOOL=true\nTWINSHIFT_DATA_DURABLE=true\n").has_value());
}

TEST_F(Resolve, ThePageHasAPortOfItsOwnOrNone) {
  EXPECT_THAT(faults("PORT=3000\nADMIN_PORT=3000\n"),
              AllOf(HasSubstr("1 fault;"), HasSubstr("PORT and ADMIN_PORT are both 3000")));
  EXPECT_THAT(faults("ADMIN_PORT=3000\n"), HasSubstr("PORT and ADMIN_PORT")) << "the default counts";
  EXPECT_EQ(good("PORT=3000\nADMIN_PORT=3001\n").settings.admin_port, 3001);
  EXPECT_EQ(good("PORT=0\nADMIN_PORT=0\n").settings.admin_port, 0) << "any free port, and no page of its own";
}

TEST_F(Resolve, AQueuesUrlNamesAQueue) {
  for (const std::string variable : {"SQS_QUEUE_URL", "SECONDARY_BACKLOG_QUEUE_URL", "QUARANTINE_QUEUE_URL"}) {
    const std::string set = std::string(kSecondaryOn) + variable + "=";
    for (const std::string url : {"https://sqs.eu-west-1.amazonaws.com", "https://sqs.eu-west-1.amazonaws.com/",
                                  "https://sqs.eu-west-1.amazonaws.com/123456789012/", "http://127.0.0.1:4566"}) {
      EXPECT_THAT(faults(set + url + "\n"), HasSubstr(variable + " names no queue")) << url;
    }
    for (const std::string url :
         {"https://sqs.eu-west-1.amazonaws.com/123456789012/name", "http://127.0.0.1:4566/000000000000/name",
          "http://localhost:9324/queue/name", "http://sqs/name"}) {
      EXPECT_TRUE(load_text(set + url + "\n").has_value()) << variable << ' ' << url;
    }
  }
}

TEST_F(Resolve, TheQuarantineHasAQueueOfItsOwnOrADiskThatIsKept) {
  const std::string sqs = std::string(kSecondaryOn) + "SQS_QUEUE_URL=https://sqs.us-east-1.amazonaws.com/1/q\n" +
                          "SECONDARY_BACKLOG_QUEUE_URL=https://sqs.us-east-1.amazonaws.com/1/owed\n";
  const std::string url = "QUARANTINE_QUEUE_URL=https://sqs.us-east-1.amazonaws.com/1/";
  EXPECT_FALSE(good(sqs).settings.keeps_refused);
  EXPECT_TRUE(good(sqs + "TWINSHIFT_DATA_DURABLE=true\n").settings.keeps_refused);
  EXPECT_TRUE(good(kSecondaryOn).settings.keeps_refused);
  const Loaded own = good(sqs + url + "bad\n");
  EXPECT_TRUE(own.settings.keeps_refused);
  EXPECT_THAT(joined(own.warnings), Not(HasSubstr("QUARANTINE_QUEUE_URL")));
  EXPECT_THAT(faults(sqs + url + "owed\n"), HasSubstr("are one queue"));
  EXPECT_THAT(faults(sqs + url + "bad.fifo\n"), HasSubstr("standard queue"));
}

TEST_F(Resolve, AwsVariablesAreHandedOnAsTheyStand) {
  const Settings settings = good("AWS_ROLE_ARN=arn:aws:iam::1:role/r\nAWS_REGION=eu-west-1\n").settings;
  EXPECT_EQ(settings.aws_variables.find("AWS_ROLE_ARN")->second, "arn:aws:iam::1:role/r");
  EXPECT_EQ(settings.aws_variables.find("AWS_REGION")->second, "eu-west-1");
  EXPECT_TRUE(good("AWS_DEFAULT_REGION=eu-west-2\n").settings.primary.region == "eu-west-2");
}

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
  std::filesystem::create_directory_symlink(folder_.path(), folder_ / "link");
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

TEST_F(Resolve, ANamespaceThatCloudWatchWouldDropIsRefused) {
  const std::string longest(255, 'n');
  for (const std::string& name : {std::string("Twinshift"), std::string("My team/twin-shift_1.0#a:b"), longest}) {
    EXPECT_EQ(good("METRICS_NAMESPACE=" + name + "\n").settings.metrics_namespace, name);
  }
  for (const std::string& name : {longest + "n", std::string(":a"), std::string("AWS/SQS"), std::string("a*b"),
                                  std::string("\"a\tb\""), std::string("caf\xc3\xa9")}) {
    EXPECT_THAT(faults("METRICS_NAMESPACE=" + name + "\n"), HasSubstr("METRICS_NAMESPACE ")) << name;
  }
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

}  // namespace
}  // namespace twinshift::config
