// For the tests of this folder: a configuration from a few lines, through a real .env file. One thread.
#pragma once

#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "config/settings.hpp"
#include "tests/support/temporary_folder.hpp"

namespace twinshift::config {

class LoadTest : public testing::Test {
 protected:
  base::Result<Loaded> load_text(const std::string& env, const std::vector<std::string>& environment = {}) {
    const std::string path = (folder_ / ".env").string();
    std::ofstream(path, std::ios::binary) << env;
    return load(environment, path);
  }

  // The configuration, which must have no faults.
  Loaded good(const std::string& env, const std::vector<std::string>& environment = {}) {
    auto loaded = load_text(env, environment);
    EXPECT_TRUE(loaded.has_value()) << (loaded ? "" : loaded.error().text());
    return loaded ? std::move(*loaded) : Loaded{};
  }

  // The message, which must be there.
  std::string faults(const std::string& env, const std::vector<std::string>& environment = {}) {
    auto loaded = load_text(env, environment);
    EXPECT_FALSE(loaded.has_value());
    if (loaded) return {};
    EXPECT_EQ(loaded.error().kind, base::ErrorKind::invalid);
    return loaded.error().text();
  }

  static std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    return text;
  }

  tests::TemporaryFolder folder_;
};

}  // namespace twinshift::config
