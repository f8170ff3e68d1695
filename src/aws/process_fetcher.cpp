#include "aws/process_fetcher.hpp"

#include <utility>

#include "aws/command_line.hpp"
#include "aws/credential_json.hpp"
#include "aws/subprocess.hpp"

namespace twinshift::aws {
namespace {

class ProcessFetcher final : public CredentialFetcher {
 public:
  ProcessFetcher(std::vector<std::string> words, std::string source) : source_(std::move(source)) {
    program_.words = std::move(words);
    program_.time_max = kCredentialProcessTime;
  }

  base::Result<Credentials> fetch(std::stop_token stop) override {
    auto output = run_program(program_, stop);
    if (!output) {
      output.error().where += ", " + source_;
      return base::fail(std::move(output.error()));
    }
    const std::string where = program_.words.front() + ", " + source_;
    auto credentials = read_credential_json(*output, {.token_name = "SessionToken", .source = source_, .where = where});
    if (credentials && json_member(*output, "Version") != "1") {
      return base::fail(base::ErrorKind::unavailable, "A credential process whose Version is not 1", where,
                        "Use a version of it that writes \"Version\": 1");
    }
    return credentials;
  }

 private:
  Program program_;
  const std::string source_;
};

}  // namespace

base::Result<std::unique_ptr<CredentialFetcher>> process_fetcher(std::string_view command, std::string source) {
  auto words = split_command(command);
  if (!words) {
    words.error().where += ", " + source;
    return base::fail(std::move(words.error()));
  }
  return std::make_unique<ProcessFetcher>(std::move(*words), std::move(source));
}

}  // namespace twinshift::aws
