// The queues: the one between webhook and consumer, and with SQS those of backlog and quarantine. Any thread; the steps
// block up to their calls' limits.
#pragma once

#include <string>
#include <vector>

#include "app/doctor_check.hpp"
#include "app/doctor_run.hpp"
#include "config/settings.hpp"
#include "queue/drivers/sqs/queue_facts.hpp"

namespace twinshift::app {

// One group a queue: "queue", and "backlog" and "quarantine" where they have a queue of their own.
std::vector<Group> queue_groups(const config::Settings& settings);

// The advice about one topic as a finding; `well`: what is told where there is none.
Finding judge_advice(const std::vector<queue::sqs::Advice>& advice, queue::sqs::Topic topic, std::string well);

// The statement that allows `actions` on the queue; its ARN as far as the URL tells it.
std::string queue_policy(const std::vector<std::string>& actions, const std::string& queue_url,
                         const std::string& region);

}  // namespace twinshift::app
