// What tests of a target's bookkeeping share: a data folder with an embedded primary whose tables are made. One thread.
#pragma once

#include <string>

#include <gtest/gtest.h>

#include "app/driver_table.hpp"
#include "config/settings.hpp"
#include "sqlite/database.hpp"
#include "tests/support/temporary_folder.hpp"

namespace twinshift::app {

class EmbeddedTargetFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    settings_.data_dir = folder_.path();
    settings_.primary.name = "primary";
    settings_.primary.driver = "sqlite";
    settings_.primary.path = settings_.data_dir / "primary.db";
    settings_.primary.table = "events";
    make_tables();
  }
  void make_tables() {
    auto made = open_for_reading(settings_, "primary");
    ASSERT_TRUE(made);
    ASSERT_TRUE((*made)->prepare());
  }
  void execute(const std::string& sql) {
    auto database = sqlite::Database::open(settings_.primary.path.string(), sqlite::OpenMode::read_write);
    ASSERT_TRUE(database);
    const auto done = database->execute(sql);
    ASSERT_TRUE(done) << done.error().text();
  }

  tests::TemporaryFolder folder_;
  config::Settings settings_;
};

}  // namespace twinshift::app
