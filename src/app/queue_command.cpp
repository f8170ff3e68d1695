// `twinshift queue`: how many messages wait in our SQS queues, and the way back for those that SQS has set aside.
#include <cstdio>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "app/commands.hpp"
#include "app/drivers_aws.hpp"
#include "app/exit_code.hpp"
#include "app/table_text.hpp"
#include "base/json_text.hpp"

namespace twinshift::app {
namespace {

constexpr std::size_t kWidth = 200;

int explain(const base::Error& error) {
  std::fprintf(stderr, "twinshift: queue: %s\n", error.text().c_str());
  return kExitFailed;
}

struct OurQueue {
  std::string name;  // "queue", "backlog", "quarantine"
  std::string url;
};

std::vector<OurQueue> our_queues(const config::Settings& settings) {
  std::vector<OurQueue> queues;
  for (const auto& [name, url] : {std::pair{"queue", settings.sqs_queue_url},
                                  {"backlog", settings.secondary_backlog_queue_url},
                                  {"quarantine", settings.quarantine_queue_url}}) {
    if (!url.empty()) queues.push_back({name, url});
  }
  return queues;
}

using Row = std::vector<std::optional<std::string>>;

Row row_of(const std::string& name, const std::string& url, const queue::sqs::QueueFacts& facts) {
  return {name, std::to_string(facts.visible), std::to_string(facts.not_visible), std::to_string(facts.delayed), url};
}

// The queue's line, and its DLQ's where it has one.
base::Status add_rows(const config::Settings& settings, const OurQueue& queue, std::vector<Row>& rows) {
  auto options = sqs_admin_options(settings, queue.url, queue.name);
  if (!options) return base::fail(std::move(options.error()));
  auto seen = queue::look_at_sqs_queue(*options);
  if (!seen) return base::fail(std::move(seen.error()));
  rows.push_back(row_of(queue.name, queue.url, seen->queue));
  if (seen->dead_letters) rows.push_back(row_of(queue.name + " DLQ", seen->dead_letter_url, *seen->dead_letters));
  if (seen->dead_letters_error) {
    std::fprintf(stderr, "twinshift: queue: warning: %s\n", seen->dead_letters_error->text().c_str());
  }
  return {};
}

std::string as_json(const std::vector<Row>& rows) {
  std::string text = "[";
  for (const Row& row : rows) {
    base::JsonObject line;
    line.add("queue", *row[0]).add_raw("visible", *row[1]).add_raw("inFlight", *row[2]).add_raw("delayed", *row[3]);
    text += (text.size() > 1 ? ",\n " : "") + line.add("url", *row[4]).text();
  }
  return text + "]\n";
}

int show(const config::Settings& settings, bool json) {
  std::vector<Row> rows;
  for (const OurQueue& queue : our_queues(settings)) {
    if (auto added = add_rows(settings, queue, rows); !added) return explain(added.error());
  }
  warehouse::Table table{{"queue", "visible", "in flight", "delayed", "url"}, rows, false};
  const std::string text = json ? as_json(rows) : table_as_text(table, kWidth);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return kExitOk;
}

int redrive(const config::Settings& settings) {
  auto options = sqs_admin_options(settings, settings.sqs_queue_url, "queue");
  if (!options) return explain(options.error());
  const auto done = queue::redrive_sqs_queue(*options);
  if (!done) return explain(done.error());
  if (done->is_task) {
    std::printf("SQS moves the DLQ's messages back into the queue now; `twinshift queue status` shows how far it is\n");
    return kExitOk;
  }
  std::printf("%llu messages moved back into the queue, %llu not\n", static_cast<unsigned long long>(done->moved),
              static_cast<unsigned long long>(done->failed));
  return done->failed == 0 ? kExitOk : kExitFailed;
}

}  // namespace

int run_queue(const config::Settings& settings, const QueueOptions& options) {
  if (settings.sqs_queue_url.empty()) {
    std::fprintf(stderr,
                 "twinshift: queue: the queue is embedded (SQS_QUEUE_URL is not set): /ready shows its depth, and "
                 "it sets nothing aside\n");
    return kExitUsage;
  }
  return options.action == "redrive" ? redrive(settings) : show(settings, options.json);
}

}  // namespace twinshift::app
