#include "app/doctor_aws.hpp"

#include <utility>

#include <fmt/format.h>

#include "app/doctor_network.hpp"
#include "aws/caller_identity.hpp"
#include "aws/error_answer.hpp"
#include "aws/services.hpp"
#include "base/clock.hpp"
#include "curl/http_client.hpp"

namespace twinshift::app {
namespace {

using std::chrono::seconds;

constexpr seconds kStsMax{4};
// Below what a person would mend; AWS itself allows 5 minutes and more.
constexpr seconds kSkewMax{30};

Finding find_credentials(const AwsAccess& access) {
  const auto got = access.credentials->get();
  if (!got) return failure(got.error(), "nothing can be asked of AWS");
  std::string what = "from " + got->source;
  if (got->expires_at) what += ", renewed before they end";
  return good(std::move(what));
}

Finding not_told(const aws::Failure& refusal) {
  const bool is_answer = refusal.http_status != 0 && !refusal.code.empty();
  if (is_answer && refusal.http_status < 500)
    return failure(refusal.error, "nothing can be asked of AWS as this identity");
  // A closed network needs no way to STS, unless roles are taken: whether our calls are taken is told by the others.
  return skipped("STS does not answer, so it is not known who we are (" + refusal.error.message +
                 "); nothing else needs it, but for roles");
}

Finding find_identity(const AwsAccess& access) {
  auto client = make_client(access, aws::kSts, {}, "our identity");
  if (!client) return failure(client.error(), "who we are cannot be asked");
  const auto caller = aws::caller_identity(**client, kStsMax);
  return caller ? good("we are " + caller->arn) : not_told(caller.error());
}

Finding check_aws_clock(const std::string& url, const std::string& ca_file) {
  curl::HttpClient client({.ca_file = ca_file});
  const auto answer = client.send({.method = "GET",
                                   .url = url + '/',
                                   .headers = {},
                                   .body = {},
                                   .connect_timeout = kConnectMax,
                                   .timeout = kAnswerMax});
  if (!answer) return skipped("no answer from " + url + ": " + answer.error().detail);
  const auto theirs = aws::parse_http_date(answer->header("date"));
  if (!theirs) return skipped(url + " does not say what time it is");
  return judge_skew(std::chrono::round<seconds>(*theirs - base::system_clock().now()), url);
}

}  // namespace

bool is_on_aws(const config::TargetSettings& target) {
  return target.driver == "redshift_data" || target.iam_login;
}

bool has_own_identity(const config::TargetSettings& target) {
  return !target.aws_profile.empty() || !target.role_arn.empty();
}

std::vector<Step> identity_steps(const AwsAccess& access) {
  return {{"credentials", [access] { return find_credentials(access); }},
          {"identity", [access] { return find_identity(access); }}};
}

std::vector<Group> aws_groups(const config::Settings& settings, const std::string& clock_url) {
  Group identity{"aws", {}};
  if (auto access = own_access(settings, settings.aws_region, {})) {
    identity.steps = identity_steps(*access);
  } else {
    identity.steps.push_back(
        {"credentials", [error = access.error()] { return failure(error, "nothing can be asked of AWS"); }});
  }
  // A group of its own: told behind what is mended first, and asked also where that fails. A clock that is wrong may be
  // why.
  Group clock{
      "aws",
      {{"aws-clock", [clock_url, ca = settings.aws_ca_bundle] { return check_aws_clock(clock_url, ca); }, false}}};
  std::vector<Group> groups;
  groups.push_back(std::move(identity));
  groups.push_back(std::move(clock));
  return groups;
}

Finding judge_skew(seconds skew, const std::string& url) {
  if (std::chrono::abs(skew) <= kSkewMax) return good(fmt::format("the same as that of {}", url));
  return warning(fmt::format("{} s {} by {}", std::chrono::abs(skew).count(), skew.count() > 0 ? "slow" : "fast", url),
                 "AWS refuses signatures beyond 5 minutes (they are then corrected by its Date); arrival times and the "
                 "books' hours "
                 "are wrong by as much",
                 "Set the clock: start chrony or `timedatectl set-ntp true`");
}

}  // namespace twinshift::app
