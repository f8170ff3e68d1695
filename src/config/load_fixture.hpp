// For the tests of this folder: a configuration from a few lines, through a real .env file. One thread.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "config/settings.hpp"

namespace twinshift::config {

class LoadTest : public testing::Test {
 protected:
  LoadTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "twinshift-config.XXXXXX").string();
    const char* made = ::mkdtemp(pattern.data());
    EXPECT_NE(made, nullptr);
    folder_ = pattern;
  }
  ~LoadTest() override {
    std::error_code error;
    std::filesystem::remove_all(folder_, error);
  }

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

  std::filesystem::path folder_;
};

}  // namespace twinshift::config
