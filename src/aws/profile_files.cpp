#include "aws/profile_files.hpp"

#include <filesystem>

#include "aws/small_file.hpp"

namespace twinshift::aws {
namespace {

std::string path_of(const Environment& environment, std::string_view variable, std::string_view name) {
  const std::string home = environment("HOME");
  std::string path = environment(variable);
  if (path.empty() && !home.empty()) path = (std::filesystem::path(home) / ".aws" / name).string();
  if (path.starts_with("~/") && !home.empty()) path = (std::filesystem::path(home) / path.substr(2)).string();
  return path;
}

base::Result<ProfileText> load(const std::string& path, ProfileFile kind, bool& found) {
  if (path.empty()) return ProfileText{};
  const auto text = read_small_file(path);
  found = text.has_value();
  if (text) return parse_profile_text(*text, kind, path);
  if (text.error().kind == base::ErrorKind::not_found) return ProfileText{};
  return base::fail(text.error());
}

void merge(Sections& into, Sections from) {
  for (auto& [name, section] : from) {
    Section& target = into[name];
    if (section.has("aws_access_key_id")) {
      for (const std::string_view key : {"aws_access_key_id", "aws_secret_access_key", "aws_session_token"}) {
        target.settings.erase(std::string(key));
      }
    }
    for (auto& [key, value] : section.settings) target.settings[key] = std::move(value);
    for (auto& [key, values] : section.nested) target.nested[key] = std::move(values);
  }
}

std::string shown(const std::string& path, bool found) {
  return path + (found ? "" : " (no such file)");
}

}  // namespace

const Section* ProfileFiles::profile(std::string_view name) const {
  const auto found = profiles.find(name);
  return found == profiles.end() ? nullptr : &found->second;
}

std::string ProfileFiles::looked_at() const {
  if (config_path.empty() && credentials_path.empty()) return "no file, since HOME is not set";
  return shown(config_path, config_found) + ", " + shown(credentials_path, credentials_found);
}

base::Result<ProfileFiles> load_profile_files(const Environment& environment) {
  ProfileFiles files;
  files.config_path = path_of(environment, "AWS_CONFIG_FILE", "config");
  files.credentials_path = path_of(environment, "AWS_SHARED_CREDENTIALS_FILE", "credentials");
  auto config = load(files.config_path, ProfileFile::config, files.config_found);
  if (!config) return base::fail(std::move(config.error()));
  auto credentials = load(files.credentials_path, ProfileFile::credentials, files.credentials_found);
  if (!credentials) return base::fail(std::move(credentials.error()));
  files.profiles = std::move(config->profiles);
  files.services = std::move(config->services);
  merge(files.profiles, std::move(credentials->profiles));
  return files;
}

std::string profile_name(const Environment& environment, std::string_view wanted) {
  if (!wanted.empty()) return std::string(wanted);
  const std::string named = environment("AWS_PROFILE");
  return named.empty() ? "default" : named;
}

}  // namespace twinshift::aws
