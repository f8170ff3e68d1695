#include "warehouse/drivers/redshift_data/data_api.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "warehouse/drivers/redshift_data/open_session.hpp"

namespace twinshift::warehouse {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

const DataRequest kRequest{{"SELECT '\"\\'", "SELECT 2"}, "token", "name"};

TEST(SubmitBody, NamesWhoseDatabaseItIs) {
  EXPECT_EQ(submit_body({"c", "", "dev", "user", ""}, kRequest, 30s),
            R"({"ClusterIdentifier":"c","Database":"dev","DbUser":"user","ClientToken":"token","StatementName":"name",)"
            R"("WaitTimeSeconds":30,"Sqls":["SELECT '\"\\'","SELECT 2"]})");
  EXPECT_THAT(submit_body({"c", "", "dev", "", ""}, kRequest, 1s), Not(HasSubstr("DbUser")));
  EXPECT_THAT(submit_body({"", "w", "dev", "", ""}, kRequest, 1s),
              AllOf(HasSubstr(R"("WorkgroupName":"w")"), Not(HasSubstr("ClusterIdentifier"))));
  EXPECT_THAT(submit_body({"c", "", "dev", "", "arn:s"}, kRequest, 1s), HasSubstr(R"("SecretArn":"arn:s")"));
  EXPECT_THAT(submit_body({"c", "", "dev", "", ""}, kRequest, 0s), Not(HasSubstr("WaitTimeSeconds")));
}

RedshiftDataOptions good_options() {
  RedshiftDataOptions options;
  options.client = std::make_shared<aws::Client>(aws::ClientOptions{});
  options.cluster_identifier = "c";
  options.database = "dev";
  return options;
}

TEST(CheckOptions, TakesEachWayToNameADatabase) {
  EXPECT_TRUE(check_options(good_options()));
  RedshiftDataOptions options = good_options();
  options.cluster_identifier.clear();
  options.workgroup_name = "w";
  EXPECT_TRUE(check_options(options));
  options.workgroup_name.clear();
  options.secret_arn = "arn:s";
  EXPECT_TRUE(check_options(options));
}

TEST(CheckOptions, SaysWhatCannotBeRight) {
  const auto refused = [](auto change) {
    RedshiftDataOptions options = good_options();
    change(options);
    const auto checked = check_options(options);
    EXPECT_FALSE(checked);
    if (checked) return std::string();
    EXPECT_EQ(checked.error().kind, base::ErrorKind::invalid);
    return checked.error().text();
  };
  EXPECT_THAT(refused([](RedshiftDataOptions& o) { o.cluster_identifier.clear(); }),
              HasSubstr("REDSHIFT_CLUSTER_IDENTIFIER"));
  EXPECT_THAT(refused([](RedshiftDataOptions& o) { o.workgroup_name = "w"; }), HasSubstr("both"));
  EXPECT_THAT(refused([](RedshiftDataOptions& o) { o.database.clear(); }), HasSubstr("REDSHIFT_DATABASE"));
  EXPECT_THAT(refused([](RedshiftDataOptions& o) { o.calls_per_second_max = 0; }), HasSubstr("call a second"));
  EXPECT_THAT(refused([](RedshiftDataOptions& o) { o.table = "twinshift_x"; }), HasSubstr("twinshift_"));
  EXPECT_THAT(refused([](RedshiftDataOptions& o) { o.client = nullptr; }), HasSubstr("client"));
}

}  // namespace
}  // namespace twinshift::warehouse
