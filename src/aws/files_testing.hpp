// For tests: a folder of their own that goes with them, and a made-up environment. One thread at a time.
#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "aws/credential_chain.hpp"
#include "tests/support/temporary_folder.hpp"

namespace twinshift::aws::testing_files {

class Folder {
 public:
  [[nodiscard]] std::string path(std::string_view name) const { return (root_ / name).string(); }
  [[nodiscard]] std::string write(std::string_view name, std::string_view text) const {
    std::filesystem::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name, std::ios::binary | std::ios::trunc) << text;
    return path(name);
  }

 private:
  tests::TemporaryFolder root_;
};

class Variables {
 public:
  Variables(std::initializer_list<std::pair<const std::string, std::string>> values) : values_(values) {}
  void set(const std::string& name, std::string value) { values_[name] = std::move(value); }
  // A copy: later set() calls do not show in it.
  [[nodiscard]] Environment environment() const {
    return [values = values_](std::string_view name) {
      const auto found = values.find(std::string(name));
      return found == values.end() ? std::string() : found->second;
    };
  }

 private:
  std::map<std::string, std::string> values_;
};

}  // namespace twinshift::aws::testing_files
