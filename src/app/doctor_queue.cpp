#include "app/doctor_queue.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "app/doctor_network.hpp"
#include "app/drivers_aws.hpp"
#include "queue/drivers/sqs/rights_probe.hpp"
#include "queue/drivers/sqs/sqs_admin.hpp"
#include "sqlite/database.hpp"

namespace twinshift::app {
namespace {

using queue::sqs::Topic;

constexpr std::chrono::hours kQueueKept{96};
constexpr std::chrono::hours kStoreKept{14 * 24};

// What the steps of one queue hand on to each other; one thread's.
struct Look {
  queue::SqsAdminOptions options;
  queue::sqs::Usage usage;
  std::optional<queue::SqsOverview> seen;
  [[nodiscard]] std::vector<queue::sqs::Advice> advice() const {
    return queue::sqs::advice_on(seen->queue, seen->dead_letters, usage);
  }
};
using LookPtr = std::shared_ptr<Look>;

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

Finding look(Look& look) {
  auto seen = queue::look_at_sqs_queue(look.options);
  if (seen) {
    look.seen = std::move(*seen);
    const queue::sqs::QueueFacts& facts = look.seen->queue;
    return good(
        fmt::format("{}, {}: {} messages", look.options.queue_url, facts.is_fifo ? "FIFO" : "standard", facts.depth()));
  }
  Finding found = failure(seen.error(), "no event can be queued, none is delivered");
  if (found.issue != kIssuePermission) return found;
  // The only right here that the service can do without.
  found.state = CheckState::warn;
  found.means = "its depth is not known, and its settings are not checked";
  found.cure = "Add to the role's policy: " +
               queue_policy({"sqs:GetQueueAttributes"}, look.options.queue_url, look.options.client->options().region);
  return found;
}

Finding on_topic(const Look& look, Topic topic, std::string well) {
  if (!look.seen) return skipped("the queue's attributes may not be read");
  return judge_advice(look.advice(), topic, std::move(well));
}

Finding check_dead_letters(const Look& look) {
  if (!look.seen) return skipped("the queue's attributes may not be read");
  const queue::SqsOverview& seen = *look.seen;
  Finding found = judge_advice(look.advice(), Topic::dead_letters,
                               seen.dead_letter_url.empty() ? "none, as it should be"
                                                            : fmt::format("{} after {} receives", seen.dead_letter_url,
                                                                          seen.queue.receives_max));
  if (found.state != CheckState::ok || !seen.dead_letters_error) return found;
  return warning("the dead-letter queue cannot be looked at: " + seen.dead_letters_error->message,
                 "what SQS sets aside is owed, and nobody sees it",
                 "Add to the role's policy: " + queue_policy({"sqs:GetQueueAttributes"}, seen.dead_letter_url,
                                                             look.options.client->options().region));
}

Finding check_depth(const Look& look) {
  if (!look.seen || !look.seen->dead_letters) return skipped("there is no dead-letter queue to look at");
  const std::uint64_t depth = look.seen->dead_letters->depth();
  if (depth == 0) return good("empty");
  return warning(fmt::format("{} messages wait in {}", depth, look.seen->dead_letter_url),
                 "SQS has set them aside: they are in neither warehouse, and gone when their retention ends",
                 "Look at the log for why, then `twinshift queue redrive`");
}

Finding check_rights(const Look& look) {
  const queue::MissingRights missing = queue::missing_sqs_rights(look.options);
  const std::string& region = look.options.client->options().region;
  if (!missing.needed.empty()) {
    Finding found = failure(
        "User is not authorized to perform: " + joined(missing.needed), "the queue cannot be used as it must be",
        "Add to the role's policy: " + queue_policy(missing.needed, look.options.queue_url, region));
    found.issue = kIssuePermission;
    return found;
  }
  if (!missing.optional.empty()) {
    return warning(
        "User is not authorized to perform: " + joined(missing.optional),
        "a message that is given back comes again only when its lease runs out, and work that takes longer is "
        "done twice (its rows still stand once)",
        "Add to the role's policy: " + queue_policy(missing.optional, look.options.queue_url, region));
  }
  return good("send, receive, delete, extend: none is refused");
}

Group sqs_group(const config::Settings& settings, const std::string& about, const std::string& url, bool is_store) {
  Group group{about, {}};
  auto options = sqs_admin_options(settings, url, about == "queue" ? "SQS queue" : about);
  if (!options) {
    group.steps.push_back(
        {"queue", [error = options.error()] { return failure(error, "no event can be queued, none is delivered"); }});
    return group;
  }
  const auto seen = std::make_shared<Look>();
  seen->options = std::move(*options);
  seen->options.look_timeout = kAnswerMax;
  seen->options.look_tries_max = 1;
  seen->usage.lease = settings.queue_lease_timeout;
  seen->usage.outage = is_store ? kStoreKept : kQueueKept;
  seen->usage.wants_dead_letters = !is_store;
  group.steps = {
      {"queue", [seen] { return look(*seen); }},
      {"queue-settings", [seen] { return on_topic(*seen, Topic::settings, "as they should be"); }, false},
      {"queue-retention", [seen] { return on_topic(*seen, Topic::retention, "long enough"); }, false},
      {"dlq", [seen] { return check_dead_letters(*seen); }, false},
      {"dlq-depth", [seen] { return check_depth(*seen); }, false},
      {"queue-rights", [seen] { return check_rights(*seen); }, false},
  };
  if (is_store) std::erase_if(group.steps, [](const Step& step) { return step.id == "dlq-depth"; });
  return group;
}

// The embedded queue, read beside whoever writes it.
Finding check_queue_file(const std::string& path) {
  auto database = sqlite::Database::open(path, sqlite::OpenMode::read_only);
  if (!database && database.error().kind == base::ErrorKind::not_found) {
    return good("embedded: " + path + " is not there yet; the start makes it");
  }
  if (!database) return failure(database.error(), "the service cannot start: accepted events are in this file");
  if (auto read = database->integer("SELECT count(*) FROM sqlite_master"); !read) {
    return failure(read.error(), "the service cannot start: accepted events are in this file");
  }
  return good("embedded: " + path);
}

}  // namespace

std::vector<Group> queue_groups(const config::Settings& settings) {
  std::vector<Group> groups;
  if (settings.queue.driver == "sqs") {
    groups.push_back(sqs_group(settings, "queue", settings.sqs_queue_url, false));
  } else {
    groups.push_back({"queue", {{"queue", [path = settings.queue.path.string()] { return check_queue_file(path); }}}});
  }
  if (!settings.secondary_backlog_queue_url.empty() && settings.secondary) {
    groups.push_back(sqs_group(settings, "backlog", settings.secondary_backlog_queue_url, true));
  }
  if (!settings.quarantine_queue_url.empty()) {
    groups.push_back(sqs_group(settings, "quarantine", settings.quarantine_queue_url, true));
  }
  return groups;
}

Finding judge_advice(const std::vector<queue::sqs::Advice>& advice, Topic topic, std::string well) {
  std::string what;
  std::string cure;
  for (const queue::sqs::Advice& each : advice) {
    if (each.topic != topic) continue;
    what += (what.empty() ? "" : "; ") + each.message;
    cure += (cure.empty() ? "" : "; ") + each.hint;
  }
  if (what.empty()) return good(std::move(well));
  return warning(std::move(what), "it works, but not as safely or as well as it could", std::move(cure));
}

std::string queue_policy(const std::vector<std::string>& actions, const std::string& queue_url,
                         const std::string& region) {
  std::string list;
  for (const std::string& action : actions) list += (list.empty() ? "\"" : ",\"") + action + '"';
  const std::size_t name = queue_url.rfind('/');
  const std::size_t account = name == std::string::npos || name == 0 ? name : queue_url.rfind('/', name - 1);
  std::string arn = "*";
  if (account != std::string::npos && name != std::string::npos) {
    arn = fmt::format("arn:aws:sqs:{}:{}:{}", region, queue_url.substr(account + 1, name - account - 1),
                      queue_url.substr(name + 1));
  }
  return fmt::format(R"({{"Effect":"Allow","Action":[{}],"Resource":"{}"}})", list, arn);
}

}  // namespace twinshift::app
