#include "config/render.hpp"

#include <sstream>

#include <gmock/gmock.h>

#include "config/load_fixture.hpp"
#include "config/value.hpp"

namespace twinshift::config {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

namespace fs = std::filesystem;

fs::path source(const std::string& path) {
  return fs::path(TWINSHIFT_SOURCE_DIR) / path;
}

std::string contents(const fs::path& path) {
  const std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class Render : public LoadTest {};

TEST_F(Render, EffectiveNamesEveryOptionWithValueAndOrigin) {
  const std::string text = render_effective(good("PORT=4000\n", {"HOST=127.0.0.1", "PARK_AFTER=1500"}));
  for (const Option& option : options()) EXPECT_THAT(text, HasSubstr("\n" + std::string(option.name) + " "));
  EXPECT_THAT(text, testing::ContainsRegex("PORT +4000 +\\.env line 1\n"));
  EXPECT_THAT(text, testing::ContainsRegex("HOST +127\\.0\\.0\\.1 +environment\n"));
  EXPECT_THAT(text, testing::ContainsRegex("PARK_AFTER +1500 ms +environment\n"));
  EXPECT_THAT(text, testing::ContainsRegex("LOG_LEVEL +info +default\n"));
  EXPECT_THAT(text, testing::ContainsRegex("NODE_ENV +- +default\n"));
}

TEST_F(Render, EffectiveSaysWhatRunsWhere) {
  const std::string both = render_effective(good("SECONDARY_REDSHIFT_ENABLED=true\nTWINSHIFT_DATA_DIR=/d\n"));
  EXPECT_THAT(both, HasSubstr("queue: sqlite /d/queue.db\n"));
  EXPECT_THAT(both, HasSubstr("primary: sqlite /d/primary.db, table appsflyer_events, by the embedded default\n"));
  EXPECT_THAT(both, HasSubstr("secondary: sqlite /d/secondary.db, table"));
  EXPECT_THAT(render_effective(good("")), HasSubstr("switched off (SECONDARY_REDSHIFT_ENABLED)"));
  const std::string one = render_effective(good("PRIMARY_WAREHOUSE_URL=sqlite:x.db\n"));
  EXPECT_THAT(one, AllOf(HasSubstr("primary: sqlite x.db"), HasSubstr("by PRIMARY_WAREHOUSE_URL"),
                         HasSubstr("secondary: none\n")));
}

TEST_F(Render, NoOutputEverHoldsASecret) {
  constexpr const char* kCanary = "c4n4ry";
  const std::string secrets =
      "AWS_ACCESS_KEY_ID=c4n4ry\nAWS_SECRET_ACCESS_KEY='c4n4ry'\nAWS_SESSION_TOKEN=c4n4ry\nMY_PASSWORD=c4n4ry\n";
  const std::string urls =
      "SECONDARY_REDSHIFT_ENABLED=false\nSECONDARY_WAREHOUSE_URL=redshift://u:c4n4ry@h/d?password=c4n4ry\n"
      "PRIMARY_WAREHOUSE_URL=sqlite:a.db\nSECONDARY_REDSHIFT_ENDPOINT=https://c4n4ry@h/?token=c4n4ry\n";
  const Loaded loaded = good(secrets + urls);
  EXPECT_EQ(loaded.settings.aws_secret_access_key, kCanary) << "it is there, only not shown";
  const std::string shown = render_effective(loaded) + joined(loaded.warnings) + joined(loaded.notes);
  EXPECT_THAT(shown, AllOf(HasSubstr("********"), Not(HasSubstr(kCanary))));
  EXPECT_THAT(loaded.settings.secondary_off->shown, Not(HasSubstr(kCanary)));

  // The secret in every option in turn, on the wrong line so to say: values that are refused are not shown either.
  for (const Option& option : options()) {
    for (const std::string& value :
         {std::string("c4n4ry"), std::string("postgresql://a:c4n4ry@h/x"), std::string("https://a:c4n4ry@h/x"),
          std::string("'c4n4ry"), std::string("12c4n4ry")}) {
      const auto tried = load_text(std::string(option.name) + "=" + value + "\n");
      if (!tried) {
        EXPECT_THAT(tried.error().text(), Not(HasSubstr(kCanary))) << option.name;
      } else {
        const std::string warned = joined(tried->warnings) + joined(tried->notes);
        EXPECT_THAT(warned, Not(HasSubstr(kCanary))) << option.name;
      }
    }
  }
}

TEST_F(Render, TheReferencePageIsInStep) {
  EXPECT_EQ(contents(source("docs/configuration.md")), render_markdown())
      << "write it anew: twinshift config --markdown > docs/configuration.md";
}

TEST_F(Render, TheReferencePageNamesEveryOption) {
  const std::string page = render_markdown();
  for (const Option& option : options()) EXPECT_THAT(page, HasSubstr("| `" + std::string(option.name) + "` |"));
  EXPECT_THAT(page, HasSubstr("| `PORT` | `3000` | a whole number from 0 to 65535 |"));
}

// A whole example, its commented options included, holds only names of ours and values that are allowed.
void expect_sound(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# ")) line.erase(0, 2);
    const std::size_t equals = line.find('=');
    const std::string name = line.substr(0, equals);
    if (equals == std::string::npos || name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != std::string::npos)
      continue;
    if (name.empty()) continue;
    const Option* option = find_option(name);
    ASSERT_NE(option, nullptr) << line;
    const std::string value = line.substr(equals + 1);
    EXPECT_TRUE(value.empty() || parse_value(*option, value).has_value()) << line;
  }
}

class Example : public Render {
 protected:
  base::Result<Loaded> load_example(const std::string& path) {
    EXPECT_TRUE(fs::exists(source(path))) << path;
    expect_sound(contents(source(path)));
    return load({}, source(path).string());
  }
};

TEST_F(Example, DotEnvRunsBothWarehousesHere) {
  const auto loaded = load_example(".env.example");
  ASSERT_TRUE(loaded.has_value()) << loaded.error().text();
  EXPECT_EQ(loaded->settings.host, "127.0.0.1");
  EXPECT_EQ(loaded->settings.port, 3000);
  ASSERT_TRUE(loaded->settings.secondary.has_value());
  EXPECT_EQ(loaded->settings.secondary->path, "./data/secondary.db");
  EXPECT_TRUE(loaded->warnings.empty()) << joined(loaded->warnings);
}

TEST_F(Example, EachOtherOneLoadsWithoutAWarning) {
  std::size_t seen = 0;
  for (const auto& entry : fs::directory_iterator(source("config"))) {
    const std::string name = "config/" + entry.path().filename().string();
    if (entry.path().extension() != ".env" || name == "config/guide.env") continue;
    const auto loaded = load_example(name);
    ASSERT_TRUE(loaded.has_value()) << name << ": " << loaded.error().text();
    EXPECT_TRUE(loaded->warnings.empty()) << name << ": " << joined(loaded->warnings);
    EXPECT_EQ(loaded->settings.secondary.has_value(), name != "config/primary-only.env") << name;
    ++seen;
  }
  EXPECT_GE(seen, 3U);
}

TEST_F(Example, TheGuidesRunsAsItStands) {
  const auto loaded = load_example("config/guide.env");
  ASSERT_TRUE(loaded.has_value()) << loaded.error().text();
  EXPECT_TRUE(loaded->warnings.empty()) << joined(loaded->warnings);
  EXPECT_EQ(loaded->settings.primary.driver, "redshift_data");
  EXPECT_EQ(loaded->settings.secondary->driver, "postgres") << "its host is a Redshift-managed VPC endpoint";
  EXPECT_EQ(loaded->settings.secondary->region, "ap-south-1");
}

}  // namespace
}  // namespace twinshift::config
