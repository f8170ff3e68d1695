// The syntax of AWS's `config` and `credentials` files (AWS SDKs and Tools reference, "Shared config and credentials
// files", "Format of the config file"). Any thread; no I/O.
//
//   [profile analytics]          ; `[analytics]` in the credentials file; `[default]` in both
//   region = eu-west-1           # a comment begins at the line's start, or behind white space
//   services = local
//   [services local]
//   sqs =
//     endpoint_url = http://127.0.0.1:4566
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace twinshift::aws {

using Settings = std::map<std::string, std::string, std::less<>>;  // names in lower case

struct Section {
  Settings settings;
  std::map<std::string, Settings, std::less<>> nested;  // the indented ones, by the setting that they stand below

  // Empty where it is not set.
  [[nodiscard]] std::string get(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const { return !get(name).empty(); }
};

using Sections = std::map<std::string, Section, std::less<>>;

struct ProfileText {
  Sections profiles;
  Sections services;
};

enum class ProfileFile : std::uint8_t { config, credentials };

// `where`: the file's path, for errors (`invalid`), which name the line's number and never quote it: it may be a
// secret. Sections and settings that stand twice are merged, the last one wins; `[profile default]` wins over
// `[default]`.
base::Result<ProfileText> parse_profile_text(std::string_view text, ProfileFile kind, std::string_view where);

}  // namespace twinshift::aws
