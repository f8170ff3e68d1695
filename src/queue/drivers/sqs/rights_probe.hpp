// Which rights on a queue we lack, found by calls that can have no effect: batches without an entry, a receive of no
// message. AWS looks at rights before it looks at these. Any thread; blocks its caller for a call each.
#pragma once

#include <string>
#include <vector>

#include "queue/drivers/sqs/sqs_admin.hpp"

namespace twinshift::queue {

struct MissingRights {
  std::vector<std::string> needed;    // "sqs:SendMessage": without it the queue does not work
  std::vector<std::string> optional;  // "sqs:ChangeMessageVisibility"
};
// A call that fails for another reason says nothing about rights: that one counts as there.
MissingRights missing_sqs_rights(const SqsAdminOptions& options);

}  // namespace twinshift::queue
