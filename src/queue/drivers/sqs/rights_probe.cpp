#include "queue/drivers/sqs/rights_probe.hpp"

#include <array>
#include <string_view>

#include "base/json_text.hpp"
#include "queue/drivers/sqs/calls.hpp"

namespace twinshift::queue {
namespace {

struct Probe {
  std::string_view operation;
  std::string_view action;
  std::string_view members;  // beside QueueUrl
  bool needed;
};
constexpr std::array kProbes = {
    Probe{"SendMessageBatch", "sqs:SendMessage", R"("Entries":[])", true},
    // 1 to 10 are allowed. Should somebody hand out one all the same, it is visible again at once.
    Probe{"ReceiveMessage", "sqs:ReceiveMessage",
          R"("MaxNumberOfMessages":0,"VisibilityTimeout":0,"WaitTimeSeconds":0)", true},
    Probe{"DeleteMessageBatch", "sqs:DeleteMessage", R"("Entries":[])", true},
    Probe{"ChangeMessageVisibilityBatch", "sqs:ChangeMessageVisibility", R"("Entries":[])", false},
};

}  // namespace

MissingRights missing_sqs_rights(const SqsAdminOptions& options) {
  MissingRights missing;
  for (const Probe& probe : kProbes) {
    const auto answer = options.client->call(
        {.operation = probe.operation,
         .body = "{\"QueueUrl\":" + base::json_string(options.queue_url) + ',' + std::string(probe.members) + '}',
         .timeout = options.look_timeout,
         .tries_max = 1,
         .idempotent = false,
         .iam_action = probe.action});
    if (answer || !sqs::is_denied(answer.error())) continue;
    (probe.needed ? missing.needed : missing.optional).emplace_back(probe.action);
  }
  return missing;
}

}  // namespace twinshift::queue
