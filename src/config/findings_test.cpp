// One message lists all faults: those of single values beside those of rules, and none that only follows from another.
#include "config/findings.hpp"

#include <gmock/gmock.h>

#include "config/load_fixture.hpp"

namespace twinshift::config {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class AllFaults : public LoadTest {};

TEST_F(AllFaults, AWrongValueHidesNoneOfTheRules) {
  EXPECT_THAT(faults("PORT=abc\nWEBHOOK_ALLOW=nowhere\nTLS_CERT_FILE=/c.pem\nREDSHIFT_CLUSTER_IDENTIFIER=c\n"
                     "BATCH_ROWS_MAX=5000\nPROT=1\n"),
              AllOf(HasSubstr("6 faults"), HasSubstr("PORT ("), HasSubstr("did you mean PORT"),
                    HasSubstr("WEBHOOK_ALLOW: entry 1"), HasSubstr("only one of TLS_CERT_FILE"),
                    HasSubstr("REDSHIFT_DATABASE is not: name the database"), HasSubstr("LANE_ROWS_MAX is less")));
}

class OneFaultOnly : public LoadTest, public testing::WithParamInterface<const char*> {};

TEST_P(OneFaultOnly, IsTheWrongValueItself) {
  EXPECT_THAT(faults(GetParam()), HasSubstr("1 fault;"));
}
INSTANTIATE_TEST_SUITE_P(
    Values, OneFaultOnly,
    testing::Values("PRIMARY_WAREHOUSE_URL=ftp://h\nSECONDARY_WAREHOUSE_URL=sqlite:b.db\n",
                    "PRIMARY_WAREHOUSE_URL=ftp://h\nREDSHIFT_DATABASE=d\n",
                    "PRIMARY_WAREHOUSE_URL=ftp://h\nSECONDARY_WAREHOUSE_URL=sqlite:data/primary.db\n",
                    "PORT=abc\nADMIN_PORT=3000\n", "LANE_ROWS_MAX=many\nBATCH_ROWS_MAX=5000\n",
                    "SQS_QUEUE_URL=nowhere\nPRIMARY_WAREHOUSE_URL=sqlite:data/queue.db\n",
                    "TLS_KEY_FILE='open\nTLS_CERT_FILE=/c.pem\n", "REDSHIFT_CLUSTER_IDENTIFER=c\nREDSHIFT_DATABASE=d\n",
                    "REDSHIFT_TABLE_NAME=a b\nSECONDARY_REDSHIFT_ENABLED=true\nPRIMARY_WAREHOUSE_URL=postgresql://h/d\n"
                    "SECONDARY_WAREHOUSE_URL=postgresql://h/d\n",
                    "REDSHIFT_CLUSTER_IDENTIFIER c\nREDSHIFT_DATABASE=d\n", "PORT 4000\nADMIN_PORT=3000\n"));

TEST_F(AllFaults, ALineWithoutANameHidesNoFaultOfAGivenValue) {
  EXPECT_THAT(faults("nonsense\nWEBHOOK_ALLOW=nowhere\n"),
              AllOf(HasSubstr("2 faults"), HasSubstr("WEBHOOK_ALLOW: entry 1")));
}

TEST_F(AllFaults, AFileThatCannotBeReadHidesNoFaultOfTheEnvironment) {
  const auto loaded = load({"WEBHOOK_ALLOW=nowhere", "REDSHIFT_DATABASE=d"}, folder_.path().string());
  ASSERT_FALSE(loaded.has_value());
  EXPECT_THAT(loaded.error().text(), AllOf(HasSubstr("2 faults"), HasSubstr("WEBHOOK_ALLOW: entry 1")));
}

TEST(Findings, AFaultNamesWhatItStandsOn) {
  Findings findings;
  findings.unread = {"PORT", "TLS_KEY_FILE"};
  findings.fault("PORT and ADMIN_PORT are one");
  findings.fault("two tables are one", {"HOST", "TLS_KEY_FILE"});
  findings.fault("ADMIN_PORT is wrong", {"HOST"});
  EXPECT_THAT(findings.faults, testing::ElementsAre("ADMIN_PORT is wrong"));
}

}  // namespace
}  // namespace twinshift::config
