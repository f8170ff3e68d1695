#include "app/reload.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>

#include "base/log.hpp"
#include "tests/support/temporary_folder.hpp"

namespace twinshift::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class ReloadTest : public testing::Test {
 protected:
  ReloadTest() {
    base::log::set_sink([this](std::string_view line) { log_ += std::string(line) + "\n"; });
  }
  ~ReloadTest() override {
    base::log::set_sink({});
    base::log::set_level(base::log::Level::info);
  }

  base::Result<config::Loaded> read() { return config::load({}, (folder_ / ".env").string()); }
  void write(const std::string& text) { std::ofstream(folder_ / ".env", std::ios::trunc) << text; }
  config::Loaded good(const std::string& text) {
    write(text);
    auto loaded = read();
    EXPECT_TRUE(loaded) << loaded.error().text();
    return loaded ? std::move(*loaded) : config::Loaded();
  }
  Reloader reloader(const std::string& text) {
    Reloader made(good(text), [this] { return read(); });
    made.add({.name = "intake", .options = {"WEBHOOK_STRICT"}, .apply = [this](const config::Settings& settings) {
                strict_.push_back(settings.webhook_strict);
                return refuse_ ? base::Status(base::fail(base::ErrorKind::conflict, "not now", "intake", "wait"))
                               : base::Status();
              }});
    made.add(log_level_part());
    return made;
  }

  tests::TemporaryFolder folder_;
  std::string log_;
  std::vector<bool> strict_;
  bool refuse_ = false;
};

std::vector<std::string> told(const std::vector<config::Change>& changes) {
  std::vector<std::string> lines;
  for (const config::Change& change : changes) lines.push_back(config::to_string(change));
  return lines;
}

TEST_F(ReloadTest, PartsWhatIsLiveFromWhatNeedsARestart) {
  const auto plan = plan_reload(good("SQS_QUEUE_URL=https://sqs.eu-west-1.amazonaws.com/1/q\nTWINSHIFT_DATA_DURABLE=1"),
                                good("LOG_LEVEL=debug\nPORT=81"), {"LOG_LEVEL"});
  EXPECT_THAT(told(plan.live), ElementsAre("LOG_LEVEL info -> debug"));
  EXPECT_THAT(plan.restart, ElementsAre("PORT", "TWINSHIFT_DATA_DURABLE", "SQS_QUEUE_URL"));
}

// To switch on by the old settings what is meant by the new ones would write to the wrong warehouse.
TEST_F(ReloadTest, TheSwitchWaitsForARestartWhereTheTargetsHaveChangedToo) {
  const std::vector<std::string_view> live{"SECONDARY_REDSHIFT_ENABLED"};
  const auto off = good("PORT=81");
  EXPECT_THAT(told(plan_reload(off, good("SECONDARY_REDSHIFT_ENABLED=true"), live).live),
              ElementsAre("SECONDARY_REDSHIFT_ENABLED false -> true"));
  const auto plan = plan_reload(
      off,
      good("PRIMARY_WAREHOUSE_URL=sqlite:a.db\nSECONDARY_WAREHOUSE_URL=sqlite:b.db\nSECONDARY_REDSHIFT_ENABLED=true"),
      live);
  EXPECT_THAT(plan.live, IsEmpty());
  EXPECT_THAT(plan.restart,
              ElementsAre("PORT", "PRIMARY_WAREHOUSE_URL", "SECONDARY_WAREHOUSE_URL", "SECONDARY_REDSHIFT_ENABLED"));
}

// A port that speaks TLS cannot begin to speak plain HTTP, nor the other way about; other files it can take.
TEST_F(ReloadTest, TlsIsSwitchedOnAndOffByARestart) {
  const std::vector<std::string_view> live{"TLS_CERT_FILE", "TLS_KEY_FILE"};
  const auto off = good("PORT=80");
  const auto on = good("PORT=80\nTLS_CERT_FILE=a.crt\nTLS_KEY_FILE=a.key");
  EXPECT_THAT(plan_reload(off, on, live).restart, ElementsAre("TLS_CERT_FILE", "TLS_KEY_FILE"));
  EXPECT_THAT(plan_reload(on, off, live).restart, ElementsAre("TLS_CERT_FILE", "TLS_KEY_FILE"));
  const auto moved = plan_reload(on, good("PORT=80\nTLS_CERT_FILE=b.crt\nTLS_KEY_FILE=a.key"), live);
  EXPECT_THAT(moved.restart, IsEmpty());
  EXPECT_THAT(told(moved.live), ElementsAre("TLS_CERT_FILE a.crt -> b.crt"));
}

TEST_F(ReloadTest, APartThatReadsFilesIsAskedEachTime) {
  Reloader reloader = this->reloader("TLS_CERT_FILE=a.crt\nTLS_KEY_FILE=a.key");
  std::vector<std::string> taken;
  bool broken = false;
  reloader.add({.name = "TLS",
                .options = {"TLS_CERT_FILE", "TLS_KEY_FILE"},
                .reads_files = true,
                .apply = [&](const config::Settings& settings) -> base::Status {
                  taken.push_back(settings.tls_cert_file);
                  if (broken) return base::fail(base::ErrorKind::invalid, "no PEM", "a.crt", "mend it");
                  return {};
                }});
  ASSERT_TRUE(reloader.reload());
  EXPECT_THAT(taken, ElementsAre("a.crt"));
  EXPECT_THAT(log_, HasSubstr("Reloaded: nothing has changed"));
  log_.clear();
  broken = true;
  ASSERT_TRUE(reloader.reload());
  EXPECT_THAT(taken, ElementsAre("a.crt", "a.crt"));
  EXPECT_THAT(log_, HasSubstr("Reload: a part stays as it was"));
  EXPECT_THAT(log_, HasSubstr("\"part\":\"TLS\""));
  EXPECT_THAT(log_, Not(HasSubstr("nothing has changed")));
}

TEST_F(ReloadTest, TakesWhatIsLiveOnceAndNamesWhatIsNotEachTime) {
  Reloader reloader = this->reloader("");
  write("WEBHOOK_STRICT=true\nLOG_LEVEL=debug\nPORT=81\nADMIN_TOKEN=secret-4711");
  ASSERT_TRUE(reloader.reload());
  EXPECT_THAT(strict_, ElementsAre(true));
  EXPECT_TRUE(base::log::enabled(base::log::Level::debug));
  EXPECT_THAT(log_, HasSubstr("Reloaded: WEBHOOK_STRICT false -> true, LOG_LEVEL info -> debug\""));
  EXPECT_THAT(log_, HasSubstr("Needs a restart: PORT, ADMIN_TOKEN\""));
  EXPECT_EQ(reloader.now().settings.port, 3000);
  log_.clear();
  ASSERT_TRUE(reloader.reload());
  EXPECT_THAT(strict_, ElementsAre(true));
  EXPECT_THAT(log_, Not(HasSubstr("Reloaded")));
  EXPECT_THAT(log_, HasSubstr("Needs a restart: PORT, ADMIN_TOKEN\""));
  EXPECT_THAT(log_, Not(HasSubstr("4711")));
}

TEST_F(ReloadTest, SaysWhereNothingHasChanged) {
  Reloader reloader = this->reloader("LOG_LEVEL=info");
  write("# a comment\nWEBHOOK_STRICT=false");
  ASSERT_TRUE(reloader.reload());
  EXPECT_THAT(log_, HasSubstr("Reloaded: nothing has changed"));
  EXPECT_THAT(strict_, IsEmpty());
}

// Else every option of the file would fall back to its default, and the webhook lose its tokens.
TEST_F(ReloadTest, AFileThatIsGoneOrEmptyChangesNothing) {
  Reloader reloader = this->reloader("WEBHOOK_STRICT=true\nWEBHOOK_TOKENS=secret-4711-of-any-app");
  for (const bool gone : {true, false}) {
    if (gone) {
      std::filesystem::remove(folder_ / ".env");
    } else {
      write("# WEBHOOK_STRICT=true\n\nWEBHOOK_TOKENS=\n");
    }
    log_.clear();
    const auto done = reloader.reload();
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().where, ".env");
    EXPECT_THAT(strict_, IsEmpty());
    EXPECT_TRUE(reloader.now().settings.webhook_strict);
    EXPECT_THAT(log_, HasSubstr("\"level\":\"error\""));
    EXPECT_THAT(log_, HasSubstr("Reload failed: the settings stay as they are"));
    EXPECT_THAT(log_, HasSubstr("send SIGHUP again"));
    EXPECT_THAT(log_, Not(HasSubstr("Reloaded")));
  }
  write("WEBHOOK_STRICT=false");
  ASSERT_TRUE(reloader.reload());
  EXPECT_THAT(strict_, ElementsAre(false));
}

TEST_F(ReloadTest, WithoutAFileFromTheStartNoneIsMissed) {
  write("");
  Reloader reloader = this->reloader("");
  std::filesystem::remove(folder_ / ".env");
  ASSERT_TRUE(reloader.reload());
  EXPECT_THAT(log_, HasSubstr("Reloaded: nothing has changed"));
  write("WEBHOOK_STRICT=true");
  ASSERT_TRUE(reloader.reload());
  write("");
  EXPECT_FALSE(reloader.reload()) << "what a reload has read counts as well";
}

TEST_F(ReloadTest, ABrokenFileChangesNothingAndIsNamedWithAllFaults) {
  Reloader reloader = this->reloader("");
  write("WEBHOOK_STRICT=true\nPORT=secret-4711\nLOG_LEVEL=loud");
  const auto done = reloader.reload();
  ASSERT_FALSE(done);
  EXPECT_THAT(strict_, IsEmpty());
  EXPECT_FALSE(reloader.now().settings.webhook_strict);
  EXPECT_THAT(log_, HasSubstr("2 faults; nothing was changed"));
  EXPECT_THAT(log_, HasSubstr("PORT ("));
  EXPECT_THAT(log_, HasSubstr("LOG_LEVEL ("));
  EXPECT_THAT(log_, Not(HasSubstr("4711")));
  write("WEBHOOK_STRICT=true");
  EXPECT_TRUE(reloader.reload());
  EXPECT_THAT(strict_, ElementsAre(true));
}

TEST_F(ReloadTest, APartThatReadsFilesNamesNoOptionsWhereNoneHasChanged) {
  Reloader reloader = this->reloader("");
  reloader.add({.name = "TLS", .options = {"TLS_CERT_FILE"}, .reads_files = true, .apply = [](const config::Settings&) {
                  return base::Status(base::fail(base::ErrorKind::invalid, "no PEM", "server.crt", "mend it"));
                }});
  ASSERT_TRUE(reloader.reload());
  EXPECT_THAT(log_, HasSubstr("\"part\":\"TLS\""));
  EXPECT_THAT(log_, Not(HasSubstr("\"options\"")));
}

TEST_F(ReloadTest, WhatAPartDoesNotTakeIsNamedAndTriedAgain) {
  Reloader reloader = this->reloader("");
  write("WEBHOOK_STRICT=true\nLOG_LEVEL=debug");
  refuse_ = true;
  ASSERT_TRUE(reloader.reload());
  EXPECT_THAT(log_, HasSubstr("Reload: a part stays as it was"));
  EXPECT_THAT(log_, HasSubstr("\"options\":\"WEBHOOK_STRICT\""));
  EXPECT_THAT(log_, HasSubstr("Reloaded: LOG_LEVEL info -> debug\""));
  EXPECT_FALSE(reloader.now().settings.webhook_strict);
  refuse_ = false;
  ASSERT_TRUE(reloader.reload());
  EXPECT_THAT(strict_, ElementsAre(true, true));
  EXPECT_TRUE(reloader.now().settings.webhook_strict);
}

// Whoever has sent the signal looks for its answer.
TEST_F(ReloadTest, AQuieterLogStillHasTheLastWord) {
  Reloader reloader = this->reloader("");
  write("LOG_LEVEL=warn");
  ASSERT_TRUE(reloader.reload());
  EXPECT_THAT(log_, HasSubstr("Reloaded: LOG_LEVEL info -> warn"));
}

}  // namespace
}  // namespace twinshift::app
