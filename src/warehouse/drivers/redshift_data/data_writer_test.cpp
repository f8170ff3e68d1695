#include "warehouse/drivers/redshift_data/data_writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/manual_clock.hpp"
#include "warehouse/drivers/redshift_data/statement_runner.hpp"
#include "warehouse/schema/real_testing.hpp"

namespace twinshift::warehouse {
namespace {

using base::ErrorKind;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

// Every statement is accepted under a name of its own and ends as `status` says.
class FakeApi final : public DataApi {
 public:
  struct Script {
    DataStatus status = DataStatus::failed;
    std::string error = "ERROR: Assert";
    bool describes = true;  // else nobody is there to be asked
    int submitted = 0;
  };
  explicit FakeApi(Script& script) : script_(script) {}

  DataOutcome<Submitted> submit(const DataRequest&, std::chrono::milliseconds) override {
    Submitted submitted;
    submitted.id = "statement-" + std::to_string(++script_.submitted);
    return submitted;
  }
  DataOutcome<Description> describe(const std::string&, std::chrono::milliseconds) override {
    if (!script_.describes) {
      return std::unexpected(
          DataFailure{.error = {ErrorKind::unavailable, "nobody is there", "api", ""}, .trouble = CallTrouble::unsure});
    }
    Description description;
    description.status = script_.status;
    description.error = script_.error;
    return description;
  }
  DataOutcome<ResultPage> result(const std::string&, const std::string&) override { return ResultPage{}; }
  DataOutcome<void> cancel(const std::string&) override { return {}; }

 private:
  Script& script_;
};

class Writer : public testing::Test {
 protected:
  Writer() {
    layout_.table = kTable;
    layout_.real = made_table(Dialect::redshift);
    layout_.fit = fit_table(Dialect::redshift, layout_.real, layout_.table);
  }
  static RedshiftDataOptions options_for(const base::Clock& clock) {
    RedshiftDataOptions options;
    options.target = "secondary";
    options.clock = &clock;
    return options;
  }
  static Batch batch(std::string id) {
    return {std::move(id), {*event::decode_event(R"({"event_name":"x"})", "m", base::WallTime(1h))}};
  }
  base::Error failure_of(const std::string& id) {
    auto written = writer_.write(batch(id), layout_);
    return written ? base::Error{} : written.error().error;
  }

  tests::ManualClock clock_;
  const RedshiftDataOptions options_ = options_for(clock_);
  FakeApi::Script script_;
  DataSession session_{options_, std::make_unique<FakeApi>(script_),
                       [this](std::chrono::milliseconds wait) { clock_.advance(wait); }};
  DataWriter writer_{session_};
  Layout layout_;
};

TEST_F(Writer, NamesTheStatementThatFailed) {
  EXPECT_EQ(writer_.statement_of("b1"), "");
  EXPECT_THAT(failure_of("b1").where, HasSubstr("statement-1"));
  EXPECT_EQ(writer_.statement_of("b1"), "statement-1");
  EXPECT_EQ(writer_.statement_of("b2"), "");
  failure_of("b2");
  EXPECT_EQ(writer_.statement_of("b2"), "statement-2");
}

TEST_F(Writer, NamesTheStatementWhoseEndIsNotKnown) {
  script_.describes = false;
  EXPECT_EQ(failure_of("b1").kind, ErrorKind::unknown_outcome);
  EXPECT_EQ(writer_.statement_of("b1"), "statement-1");
  // Nor does the question about its marker give it the question's own name.
  EXPECT_FALSE(writer_.find_marker("b1", layout_.table));
  script_.describes = true;
  EXPECT_FALSE(writer_.find_marker("b1", layout_.table));
  EXPECT_GT(script_.submitted, 1);
  EXPECT_EQ(writer_.statement_of("b1"), "statement-1");
}

TEST_F(Writer, ATimeoutsHintNamesTheTargetsOwnOption) {
  RunReport report;
  report.end = StatementRun::End::timed_out;
  EXPECT_THAT(error_of_end(report, "secondary").hint, HasSubstr("Raise SECONDARY_REDSHIFT_STATEMENT_TIMEOUT"));
  EXPECT_THAT(error_of_end(report, "primary").hint, HasSubstr("Raise REDSHIFT_STATEMENT_TIMEOUT"));
}

}  // namespace
}  // namespace twinshift::warehouse
