#include "warehouse/drivers/redshift_data/data_api.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "aws/services.hpp"
#include "base/json_text.hpp"

namespace twinshift::warehouse {
namespace {

using base::ErrorKind;
using std::chrono::milliseconds;
using std::chrono::seconds;

// For the answer itself, beyond what the service may wait.
constexpr seconds kAnswerMax{10};
// Below this the service is not asked to wait: WaitTimeSeconds counts whole seconds from 1.
constexpr seconds kServiceWaitMin{1};

CallTrouble trouble_of(const aws::Failure& failure) {
  if (failure.error.kind == ErrorKind::throttled) return CallTrouble::throttled;
  if (failure.sent) return CallTrouble::unsure;
  return failure.http_status == 0 ? CallTrouble::unreached : CallTrouble::refused;
}

bool is_denial(const aws::Failure& failure) {
  return failure.code.starts_with("AccessDenied") || failure.code == "UnauthorizedOperation";
}

// The service's words for a cluster that is not in this account and region.
bool is_unknown_cluster(const aws::Failure& failure) {
  return failure.message.find("endpoint doesn't exist in this region") != std::string::npos ||
         (failure.code == "ResourceNotFoundException" && failure.message.find("orkgroup") != std::string::npos);
}

DataFailure failure_of(aws::Failure failure) {
  DataFailure told{.error = std::move(failure.error), .trouble = trouble_of(failure), .denied = is_denial(failure)};
  if (told.denied) told.error.hint = needed_policy();
  if (is_unknown_cluster(failure)) {
    told.error.message = "Redshift endpoint doesn't exist in this region";
    told.error.hint =
        "Check the cluster's identifier or the workgroup's name, the region, and that it belongs to the account of "
        "these credentials: another account's needs a role of that account (SECONDARY_AWS_ROLE_ARN)";
  }
  // No request of ours is wrong for good: names and rights can be mended while the events wait.
  const bool lasting = told.error.kind == ErrorKind::invalid || told.error.kind == ErrorKind::not_found;
  if (lasting) told.error.kind = ErrorKind::unavailable;
  return told;
}

class AwsDataApi final : public DataApi {
 public:
  AwsDataApi(std::shared_ptr<aws::Client> client, DataApiPlace place, double calls_per_second_max)
      : client_(std::move(client)), place_(std::move(place)), governor_(calls_per_second_max) {}

  DataOutcome<Submitted> submit(const DataRequest& request, milliseconds wait) override {
    // The same body for each try with a token, however much time is left.
    if (request.token != token_) {
      token_ = request.token;
      body_ = submit_body(place_, request, whole(wait));
    }
    return read(call("BatchExecuteStatement", body_, wait), &read_submitted);
  }

  DataOutcome<Description> describe(const std::string& id, milliseconds wait) override {
    base::JsonObject body;
    body.add("Id", id);
    if (whole(wait) >= kServiceWaitMin) body.add("WaitTimeSeconds", static_cast<std::int64_t>(whole(wait).count()));
    return read(call("DescribeStatement", body.text(), wait), &read_description);
  }

  DataOutcome<ResultPage> result(const std::string& id, const std::string& next_token) override {
    base::JsonObject body;
    body.add("Id", id);
    if (!next_token.empty()) body.add("NextToken", next_token);
    return read(call("GetStatementResult", body.text(), milliseconds(0)), &read_result_page);
  }

  DataOutcome<void> cancel(const std::string& id) override {
    auto answer = call("CancelStatement", base::JsonObject().add("Id", id).text(), milliseconds(0));
    if (!answer) return std::unexpected(failure_of(std::move(answer.error())));
    return {};
  }

 private:
  static seconds whole(milliseconds wait) { return std::chrono::floor<seconds>(wait); }

  // One try: what comes next is decided by StatementRun.
  aws::Outcome<aws::Answer> call(std::string_view operation, std::string body, milliseconds wait) {
    const auto pause = governor_.take(std::chrono::steady_clock::now());
    if (pause.count() > 0) std::this_thread::sleep_for(pause);
    return client_->call({.operation = operation,
                          .body = std::move(body),
                          .timeout = whole(wait) + kAnswerMax,
                          .tries_max = 1,
                          .idempotent = true});
  }

  template <class T>
  DataOutcome<T> read(aws::Outcome<aws::Answer> answer, std::optional<T> (*reader)(std::string_view)) {
    if (!answer) return std::unexpected(failure_of(std::move(answer.error())));
    if (auto told = reader(answer->body)) return std::move(*told);
    return std::unexpected(DataFailure{
        .error = {ErrorKind::unavailable, "The answer of " + client_->options().subject + " is not whole",
                  client_->options().endpoint, "It is tried again; check what stands between us and the endpoint"},
        .trouble = CallTrouble::unsure,
        .denied = false});
  }

  std::shared_ptr<aws::Client> client_;
  DataApiPlace place_;
  CallGovernor governor_;
  std::string token_;
  std::string body_;
};

}  // namespace

std::unique_ptr<DataApi> make_data_api(std::shared_ptr<aws::Client> client, DataApiPlace place,
                                       double calls_per_second_max) {
  return std::make_unique<AwsDataApi>(std::move(client), std::move(place), calls_per_second_max);
}

std::string submit_body(const DataApiPlace& place, const DataRequest& request, seconds wait) {
  std::string sqls = "[";
  std::size_t bytes = 0;
  for (const std::string& statement : request.statements) bytes += statement.size();
  sqls.reserve(bytes + bytes / 8);
  for (const std::string& statement : request.statements) {
    if (sqls.size() > 1) sqls += ',';
    base::append_json_string(sqls, statement);
  }
  sqls += ']';
  base::JsonObject body;
  if (!place.cluster_identifier.empty()) body.add("ClusterIdentifier", place.cluster_identifier);
  if (!place.workgroup_name.empty()) body.add("WorkgroupName", place.workgroup_name);
  body.add("Database", place.database);
  if (!place.db_user.empty()) body.add("DbUser", place.db_user);
  if (!place.secret_arn.empty()) body.add("SecretArn", place.secret_arn);
  body.add("ClientToken", request.token).add("StatementName", request.name);
  if (wait >= kServiceWaitMin) body.add("WaitTimeSeconds", static_cast<std::int64_t>(wait.count()));
  return body.add_raw("Sqls", sqls).text();
}

std::string needed_policy() {
  return "Add to the role's policy: {\"Effect\":\"Allow\",\"Action\":[\"redshift-data:BatchExecuteStatement\","
         "\"redshift-data:DescribeStatement\",\"redshift-data:GetStatementResult\","
         "\"redshift-data:CancelStatement\"],\"Resource\":\"*\"}. A batch is one transaction, which ExecuteStatement "
         "cannot be; until then events wait in the queue";
}

}  // namespace twinshift::warehouse
