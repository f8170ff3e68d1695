#include "app/cli_proof.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <gtest/gtest.h>

namespace twinshift::app {
namespace {

// What is said against it; empty where it is taken.
std::string fault_of(std::vector<std::string> words) {
  CLI::App app;
  ProofCommands proof;
  proof.add_to(app);
  std::ranges::reverse(words);  // as CLI11 wants them
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    return error.what();
  }
  return {};
}

// `--from "$DAY"` with DAY unset would put the whole table right.
TEST(ProofCommandsTest, AnEmptyTimeIsNoRange) {
  for (const std::string option : {"--from", "--to", "--received-from", "--received-to"}) {
    EXPECT_NE(fault_of({"repair", option, "", "--apply"}).find("empty"), std::string::npos) << option;
  }
  EXPECT_NE(fault_of({"verify", "--from", ""}).find("empty"), std::string::npos);
  EXPECT_NE(fault_of({"verify", "--to", ""}).find("empty"), std::string::npos);
  EXPECT_EQ(fault_of({"repair", "--from", "2026-01-01", "--to", "2026-01-02", "--apply"}), "");
}

TEST(ProofCommandsTest, WhatIsNoNumberOfSecondsIsRefused) {
  for (const std::string seconds : {"nan", "inf", "0.01", "601", "2s", ""}) {
    EXPECT_NE(fault_of({"verify", "--query-seconds", seconds}), "") << seconds;
  }
  EXPECT_EQ(fault_of({"verify", "--query-seconds", "0.05"}), "");
  EXPECT_EQ(fault_of({"verify", "--query-seconds", "600"}), "");
}

TEST(ProofCommandsTest, SaysShortlyWhatAnOptionTakes) {
  EXPECT_EQ(fault_of({"verify", "--ids-max", "-1"}), "--ids-max: -1 is no whole number from 0 on");
  EXPECT_EQ(fault_of({"repair", "--format", "xml"}), "--format: xml is none of json, text");
  EXPECT_EQ(fault_of({"verify", "--ids-max", "0", "--format", "json"}), "");
}

}  // namespace
}  // namespace twinshift::app
