#include "aws/role_fetcher.hpp"

#include <utility>

#include "aws/sts.hpp"

namespace twinshift::aws {
namespace {

class RoleFetcher final : public CredentialFetcher {
 public:
  RoleFetcher(std::unique_ptr<Client> client, Role role) : client_(std::move(client)), role_(std::move(role)) {}

  base::Result<Credentials> fetch(std::stop_token stop) override {
    auto answer = client_->call(
        {.operation = "AssumeRole", .body = role_form(role_), .timeout = kStsTimeout, .stop = std::move(stop)});
    if (answer) return read_sts_answer(answer->body, "AssumeRole", role_);
    return base::fail(
        sts_error(std::move(answer.error()), role_,
                  "Allow sts:AssumeRole on that role to whom we are, name them in the role's trust policy, and "
                  "give the external id that it asks for"));
  }

 private:
  const std::unique_ptr<Client> client_;
  const Role role_;
};

}  // namespace

base::Result<std::unique_ptr<CredentialFetcher>> role_fetcher(const ChainOptions& surroundings, Role role,
                                                              std::shared_ptr<CredentialSource> base) {
  auto client = make_sts_client(surroundings, role, std::move(base));
  if (!client) return base::fail(std::move(client.error()));
  return std::make_unique<RoleFetcher>(std::move(*client), std::move(role));
}

}  // namespace twinshift::aws
