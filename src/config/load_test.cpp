#include <gmock/gmock.h>

#include "config/load_fixture.hpp"
#include "config/render.hpp"

namespace twinshift::config {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

class Load : public LoadTest {};

TEST_F(Load, NothingGivesTheDefaults) {
  const auto loaded = load({}, std::nullopt);
  ASSERT_TRUE(loaded.has_value()) << loaded.error().text();
  const Settings& settings = loaded->settings;
  EXPECT_EQ(settings.port, 3000);
  EXPECT_EQ(settings.host, "0.0.0.0");
  EXPECT_EQ(settings.log_level, "info");
  EXPECT_TRUE(settings.enable_sqs_consumer);
  EXPECT_FALSE(settings.secondary_redshift_enabled);
  EXPECT_EQ(settings.redshift_table_name, "appsflyer_events");
  EXPECT_EQ(settings.sqs_polling_interval, 5s);
  EXPECT_EQ(settings.sqs_max_messages, 10);
  EXPECT_EQ(settings.redshift_statement_timeout, 60s);
  EXPECT_EQ(settings.redshift_max_retries, 30);
  EXPECT_EQ(settings.park_after, 1s);
  EXPECT_EQ(settings.shutdown_timeout, 25s);
  EXPECT_EQ(settings.disk_reserve, 512'000'000U);
  EXPECT_EQ(settings.http_body_bytes_max, 1U << 20U);
  EXPECT_EQ(settings.http_keep_alive_idle, 75s);
  EXPECT_EQ(settings.intake_timeout, 1500ms);
  EXPECT_EQ(settings.data_dir, "./data");
  EXPECT_TRUE(loaded->warnings.empty());
}

TEST_F(Load, ADefaultMadeSettingsIsTheSame) {
  const Loaded loaded = good("");
  const Settings fresh;
#define SECTION(title, about)
#define OPTION(kind, name, field, preset, limits, status, text) EXPECT_EQ(fresh.field, loaded.settings.field) << #name;
#include "config/options.def"
#undef OPTION
#undef SECTION
}

// Another value than the default, of the same kind.
Value another(const Option& option) {
  if (is_textual(option.kind)) return {option.preset.text + "x", 0};
  return {{}, option.kind == Kind::boolean ? 1 - option.preset.number : option.preset.number + 1};
}

TEST_F(Load, EachOptionReachesItsOwnFieldAndNoOther) {
  for (const Option& option : options()) {
    const Settings fresh;
    Settings changed;
    option.assign(changed, another(option));
    std::vector<std::string_view> differ;
#define SECTION(title, about)
#define OPTION(kind, name, field, preset, limits, status, text) \
  if (changed.field != fresh.field) differ.push_back(#name);
#include "config/options.def"
#undef OPTION
#undef SECTION
    EXPECT_THAT(differ, testing::ElementsAre(option.name));
  }
}

TEST_F(Load, FileAndEnvironmentAndWhoWins) {
  const Loaded loaded = good("PORT=4000\nHOST=127.0.0.1\nLOG_LEVEL=warn\n", {"PORT=5000", "LOG_LEVEL=", "HOST=  "});
  EXPECT_EQ(loaded.settings.port, 5000);
  EXPECT_EQ(loaded.settings.host, "127.0.0.1") << "empty means unset";
  EXPECT_EQ(loaded.settings.log_level, "warn");
  EXPECT_EQ(to_string(loaded.states.at("PORT").origin), "environment");
  EXPECT_EQ(to_string(loaded.states.at("HOST").origin), ".env line 2");
  EXPECT_EQ(to_string(loaded.states.at("NODE_ENV").origin), "default");
}

TEST_F(Load, EmptyInTheFileMeansUnset) {
  EXPECT_EQ(good("PORT=\nHOST=''\n").settings.port, 3000);
  EXPECT_EQ(good("PORT=4000\nPORT=\n").settings.port, 3000) << "the last line counts";
}

TEST_F(Load, OfSeveralLinesTheLastCountsAndAWarningSaysSo) {
  const Loaded loaded = good("PORT=4000\nFOO=1\nPORT=4001\nFOO=2\n");
  EXPECT_EQ(loaded.settings.port, 4001);
  ASSERT_EQ(loaded.warnings.size(), 1U) << joined(loaded.warnings);
  EXPECT_THAT(loaded.warnings[0], testing::AllOf(HasSubstr("PORT"), HasSubstr("1 and 3"), Not(HasSubstr("400"))));
}

TEST_F(Load, AFaultyLineThatALaterOneReplacesIsNoFault) {
  EXPECT_EQ(good("PORT=none\nPORT=4001\n").settings.port, 4001);
  EXPECT_EQ(good("PORT=none\n", {"PORT=4002"}).settings.port, 4002);
}

TEST_F(Load, ListsAllFaultsInOneMessage) {
  const std::string text = faults(
      "PORT=s3cr3t-a\nPROT=s3cr3t-b\nREDSHIFT_TABEL_NAME=s3cr3t-c\nnonsense s3cr3t-d\nHOST='s3cr3t-e\n"
      "WEBHOOK_STRICT=s3cr3t-f\n",
      {"LOG_LEVEL=s3cr3t-g", "SQS_MAX_MESSAGES=0"});
  EXPECT_THAT(text, HasSubstr("8 faults"));
  EXPECT_THAT(text, HasSubstr("line 1) must be a whole number from 0 to 65535"));
  EXPECT_THAT(text, testing::ContainsRegex("PROT \\(.*line 2\\).*did you mean PORT\\?"));
  EXPECT_THAT(text, testing::ContainsRegex("REDSHIFT_TABEL_NAME \\(.*line 3\\).*did you mean REDSHIFT_TABLE_NAME\\?"));
  EXPECT_THAT(text, HasSubstr("line 4 is no NAME=value line"));
  EXPECT_THAT(text, testing::ContainsRegex("HOST \\(.*line 5\\) has a quote that is not closed"));
  EXPECT_THAT(text, testing::ContainsRegex("WEBHOOK_STRICT \\(.*line 6\\) must be true or false"));
  EXPECT_THAT(text,
              HasSubstr("LOG_LEVEL (environment) must be one of: trace, debug, info, warn, error, fatal, silent"));
  EXPECT_THAT(text, HasSubstr("SQS_MAX_MESSAGES (environment) must be a whole number from 1 to 10"));
  EXPECT_THAT(text, Not(HasSubstr("s3cr3t")));
}

TEST_F(Load, BoundsTheListOfFaults) {
  std::string env;
  for (int i = 0; i < 1000; ++i) env += "nonsense\n";
  const std::string text = faults(env);
  EXPECT_THAT(text, HasSubstr("1000 faults"));
  EXPECT_THAT(text, HasSubstr("950 more"));
  EXPECT_LT(text.size(), 10'000U);
}

TEST_F(Load, UnknownNamesWarnOnlyWithOurPrefixes) {
  const Loaded loaded = good("DATABASE_URL=s3cr3t\nREDSHIFT_PASSWORD=s3cr3t\nHOME=/x\n",
                             {"SECONDARY_COLOUR=s3cr3t", "PATH=/bin", "POST=1", "HTTP_PROXY=x"});
  const std::string text = joined(loaded.warnings);
  EXPECT_EQ(loaded.warnings.size(), 2U) << text;
  EXPECT_THAT(text, HasSubstr("REDSHIFT_PASSWORD"));
  EXPECT_THAT(text, HasSubstr("SECONDARY_COLOUR (environment)"));
  EXPECT_THAT(text, Not(HasSubstr("s3cr3t")));
}

TEST_F(Load, ANearMissInTheEnvironmentWarnsWithTheRightName) {
  const Loaded loaded = good("", {"SECONDARY_REDSHIFT_ENABLE=true", "PROT=1"});
  ASSERT_EQ(loaded.warnings.size(), 1U) << joined(loaded.warnings);
  EXPECT_THAT(loaded.warnings[0], HasSubstr("did you mean SECONDARY_REDSHIFT_ENABLED?"));
}

TEST_F(Load, NamesThatOthersGiveUsAreNotOurConcern) {
  const Loaded loaded = good(
      "", {"TWINSHIFT_SERVICE_HOST=10.0.0.1", "TWINSHIFT_SERVICE_PORT_HTTP=3000", "TWINSHIFT_PORT=tcp://10.0.0.1:3000",
           "TWINSHIFT_PORT_3000_TCP_ADDR=10.0.0.1", "TWINSHIFT_JOBS=2", "TWINSHIFT_TEST_KILLS=1"});
  EXPECT_TRUE(loaded.warnings.empty()) << joined(loaded.warnings);
}

TEST_F(Load, PastedNamesAreNotShown) {
  // A key on a line of its own that happens to look like a name.
  const std::string text = faults("wJalrXUtnFEMIbPxRfiCYEXAMPLEKEY='x\nPORT=x\n");
  EXPECT_THAT(text, Not(HasSubstr("wJalr")));
}

TEST_F(Load, HostileEnvironmentEntriesAreHarmless) {
  const std::string long_name(1U << 20U, 'S');
  const Loaded loaded = good("", {"", "=", "=x", "PORT", "\xFF=1", long_name + "=1", "SQS_" + long_name + "=1"});
  EXPECT_EQ(loaded.settings.port, 3000);
  EXPECT_TRUE(loaded.warnings.empty()) << "a name of a megabyte is not repeated";
  const std::string text = faults("", {"HOST=\x1B[2J", std::string("LOG_LEVEL=in\xFF", 13)});
  EXPECT_THAT(text, testing::AllOf(HasSubstr("HOST"), HasSubstr("LOG_LEVEL"), Not(HasSubstr("\x1B"))));
}

TEST_F(Load, HostileFilesAreHarmless) {
  EXPECT_THAT(faults("PORT=" + std::string(1U << 19U, 'x')), HasSubstr("longer than"));
  EXPECT_THAT(faults(std::string((1U << 20U) + 1, 'x')), HasSubstr("larger than 1048576 bytes"));
  EXPECT_THAT(faults(std::string("PORT=30\0", 8) + "00\n"), HasSubstr("control character"));
  EXPECT_THAT(faults("HOST=\xFF\n"), HasSubstr("not valid UTF-8"));
  EXPECT_THAT(faults("HOST=\"a\\nb\"\n"), HasSubstr("control character"));
  std::filesystem::remove(folder_ / ".env");
  std::filesystem::create_directory(folder_ / ".env");
  const auto folder = load({}, (folder_ / ".env").string());
  ASSERT_FALSE(folder.has_value());
  EXPECT_THAT(folder.error().text(), HasSubstr("no regular file"));
}

TEST_F(Load, AMissingFileIsNoFault) {
  EXPECT_TRUE(load({}, (folder_ / "none").string()).has_value());
}

TEST_F(Load, ReadsThisProcess) {
  ASSERT_EQ(::setenv("PARK_AFTER", "3s", 1), 0);
  const auto loaded = load_from_process((folder_ / "none").string());
  ASSERT_EQ(::unsetenv("PARK_AFTER"), 0);
  ASSERT_TRUE(loaded.has_value()) << loaded.error().text();
  EXPECT_EQ(loaded->settings.park_after, 3s);
}

TEST_F(Load, ASignWithinAPlainValueIsKeptAndWarnedAbout) {
  const Loaded loaded = good("NODE_ENV=a#b\nFOO=s3cr3t#x\n");
  EXPECT_EQ(loaded.settings.node_env, "a#b");
  ASSERT_EQ(loaded.warnings.size(), 1U);
  EXPECT_THAT(loaded.warnings[0], testing::AllOf(HasSubstr("NODE_ENV"), Not(HasSubstr("s3cr3t"))));
}

}  // namespace
}  // namespace twinshift::config
