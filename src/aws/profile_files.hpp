// AWS's two shared files as one: the profiles of both, merged. Any thread; reads the files anew at each call.
#pragma once

#include <string>
#include <string_view>

#include "aws/environment.hpp"
#include "aws/profile_text.hpp"
#include "base/error.hpp"

namespace twinshift::aws {

struct ProfileFiles {
  // AWS_CONFIG_FILE, else HOME/.aws/config; AWS_SHARED_CREDENTIALS_FILE, else HOME/.aws/credentials. A leading "~/" is
  // HOME. Empty where neither is set.
  std::string config_path;
  std::string credentials_path;
  bool config_found = false;
  bool credentials_found = false;
  // In a profile that both have, the credentials file wins, and its keys go together: none comes from the other file.
  Sections profiles;
  Sections services;

  // Null where no file has it.
  [[nodiscard]] const Section* profile(std::string_view name) const;
  // "/a/config (no such file), /a/credentials": for texts.
  [[nodiscard]] std::string looked_at() const;
};

// A file that is missing is as an empty one. Errors: what read_small_file and parse_profile_text say.
base::Result<ProfileFiles> load_profile_files(const Environment& environment);

// `wanted`, AWS_PROFILE, "default".
std::string profile_name(const Environment& environment, std::string_view wanted);

}  // namespace twinshift::aws
