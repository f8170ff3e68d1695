// An SQS in memory, spoken to by the driver's own requests, with failures on demand. Any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <simdjson.h>

#include "base/json_text.hpp"
#include "queue/drivers/sqs/calls.hpp"
#include "queue/drivers/sqs/digest.hpp"

namespace twinshift::queue::sqs {

class FakeSqs {
 public:
  struct Stored {
    std::string id;
    std::string body;
    std::string group;
    std::string deduplication_id;
    std::string handle;
    std::uint32_t receives = 0;
    base::SteadyTime visible_at{};
    base::WallTime sent_at = base::system_clock().now();
  };
  // What an entry of a batch is answered with instead: a failure's code, "mismatch" (a wrong MD5) or "missing".
  using EntryFault = std::function<std::optional<std::string>(std::string_view operation, std::string_view text)>;
  // What a whole call is answered with instead.
  using CallFault = std::function<std::optional<aws::Failure>(const aws::Call&)>;

  Caller caller() {
    return [this](const aws::Call& call) { return answer(call); };
  }

  void set_entry_fault(EntryFault fault) {
    const std::lock_guard lock(mutex_);
    entry_fault_ = std::move(fault);
  }
  void set_call_fault(CallFault fault) {
    const std::lock_guard lock(mutex_);
    call_fault_ = std::move(fault);
  }
  // Calls block while this is set.
  void hold(bool held) {
    {
      const std::lock_guard lock(mutex_);
      held_ = held;
    }
    changed_.notify_all();
  }

  std::vector<Stored> stored() const {
    const std::lock_guard lock(mutex_);
    std::vector<Stored> out;
    for (const auto& [id, each] : messages_) out.push_back(each);
    return out;
  }
  void put(std::string body, base::WallTime sent_at = base::system_clock().now()) {
    const std::lock_guard lock(mutex_);
    Stored& each = store(std::move(body));
    each.sent_at = sent_at;
  }
  std::size_t calls(std::string_view operation) const {
    const std::lock_guard lock(mutex_);
    std::size_t count = 0;
    for (const auto& [name, body] : seen_) count += name == operation ? 1 : 0;
    return count;
  }
  std::vector<std::string> bodies_of(std::string_view operation) const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> bodies;
    for (const auto& [name, body] : seen_) {
      if (name == operation) bodies.push_back(body);
    }
    return bodies;
  }
  // The visibility that was asked for last, by handle.
  std::map<std::string, std::int64_t> visibilities() const {
    const std::lock_guard lock(mutex_);
    return visibilities_;
  }
  std::string attributes = R"({"ApproximateNumberOfMessages":"3"})";
  bool breaks_bodies = false;  // MD5OfBody does not fit what is received

  static aws::Failure failure(std::string code, base::ErrorKind kind = base::ErrorKind::unavailable) {
    aws::Failure out;
    out.error = {kind, "SQS answers " + code, "fake", {}};
    out.code = std::move(code);
    out.http_status = 400;
    return out;
  }

 private:
  using Object = simdjson::dom::object;

  aws::Outcome<aws::Answer> answer(const aws::Call& call) {
    std::unique_lock lock(mutex_);
    seen_.emplace_back(call.operation, call.body);
    changed_.wait(lock, call.stop, [&] { return !held_; });
    if (call.stop.stop_requested()) return std::unexpected(failure("cancelled", base::ErrorKind::cancelled));
    if (call_fault_) {
      if (auto fault = call_fault_(call)) return std::unexpected(std::move(*fault));
    }
    simdjson::dom::parser parser;
    const Object request = parser.parse(call.body).get_object();
    if (call.operation == "GetQueueAttributes") return aws::Answer{R"({"Attributes":)" + attributes + "}", {}};
    if (call.operation == "ReceiveMessage") return receive(request, call, lock);
    return batch(request, call.operation);
  }

  aws::Outcome<aws::Answer> batch(const Object& request, std::string_view operation) {
    std::string good, bad;
    for (const Object entry : request["Entries"].get_array()) {
      const std::string id(text(entry, "Id"));
      const std::string subject(text(entry, operation == "SendMessageBatch" ? "MessageBody" : "ReceiptHandle"));
      const auto fault = entry_fault_ ? entry_fault_(operation, subject) : std::nullopt;
      if (fault == "missing") continue;
      if (fault && fault != "mismatch") {
        base::JsonObject failed;
        failed.add("Id", id)
            .add("Code", *fault)
            .add("Message", "ReceiptHandle")
            .add("SenderFault", fault->starts_with("I"));
        bad += (bad.empty() ? "" : ",") + failed.text();
        continue;
      }
      good += (good.empty() ? "" : ",") + carry_out(operation, entry, id, subject, fault.has_value());
    }
    return aws::Answer{R"({"Successful":[)" + good + R"(],"Failed":[)" + bad + "]}", {}};
  }

  std::string carry_out(std::string_view operation, const Object& entry, const std::string& id,
                        const std::string& subject, bool mismatch) {
    base::JsonObject done;
    done.add("Id", id);
    if (operation == "SendMessageBatch") {
      Stored& each = store(subject);
      each.group = text(entry, "MessageGroupId");
      each.deduplication_id = text(entry, "MessageDeduplicationId");
      changed_.notify_all();
      done.add("MD5OfMessageBody", mismatch ? "0" : md5_hex(subject));
    } else if (operation == "DeleteMessageBatch") {
      std::erase_if(messages_, [&](const auto& pair) { return pair.second.handle == subject; });
    } else {
      visibilities_[subject] = entry["VisibilityTimeout"].get_int64();
      for (auto& [key, each] : messages_) {
        if (each.handle == subject) {
          each.visible_at = std::chrono::steady_clock::now() + std::chrono::seconds(visibilities_[subject]);
        }
      }
      changed_.notify_all();
    }
    return done.text();
  }

  aws::Outcome<aws::Answer> receive(const Object& request, const aws::Call& call, std::unique_lock<std::mutex>& lock) {
    const auto until =
        std::chrono::steady_clock::now() + std::chrono::seconds(request["WaitTimeSeconds"].get_int64().value());
    const std::int64_t most = request["MaxNumberOfMessages"].get_int64();
    const std::chrono::seconds visibility(request["VisibilityTimeout"].get_int64().value());
    for (;;) {
      const auto now = std::chrono::steady_clock::now();
      std::string list;
      std::int64_t count = 0;
      for (auto& [key, each] : messages_) {
        if (count == most || each.visible_at > now) continue;
        each.visible_at = now + visibility;
        each.handle = "handle-" + each.id + "-" + std::to_string(++each.receives);
        list += (count++ == 0 ? "" : ",") + told(each);
      }
      if (count > 0) return aws::Answer{R"({"Messages":[)" + list + "]}", {}};
      if (now >= until) return aws::Answer{"{}", {}};
      // Messages become visible again without anyone's call, so look again soon.
      changed_.wait_for(lock, call.stop, std::chrono::milliseconds(5), [] { return false; });
      if (call.stop.stop_requested()) return std::unexpected(failure("cancelled", base::ErrorKind::cancelled));
    }
  }

  [[nodiscard]] std::string told(const Stored& each) const {
    const auto sent_ms = std::chrono::floor<std::chrono::milliseconds>(each.sent_at.time_since_epoch()).count();
    base::JsonObject attributes_told;
    attributes_told.add("ApproximateReceiveCount", std::to_string(each.receives))
        .add("SentTimestamp", std::to_string(sent_ms));
    return base::JsonObject()
        .add("MessageId", each.id)
        .add("ReceiptHandle", each.handle)
        .add("Body", each.body)
        .add("MD5OfBody", breaks_bodies ? "0" : md5_hex(each.body))
        .add_raw("Attributes", attributes_told.text())
        .text();
  }

  Stored& store(std::string body) {
    Stored& each = messages_[++ids_];
    each.id = "m" + std::to_string(ids_);
    each.body = std::move(body);
    return each;
  }
  static std::string_view text(const Object& object, std::string_view name) {
    std::string_view out;
    return object[name].get(out) == simdjson::SUCCESS ? out : std::string_view();
  }

  mutable std::mutex mutex_;  // guards all below
  std::condition_variable_any changed_;
  std::map<std::int64_t, Stored> messages_;
  std::int64_t ids_ = 0;
  std::vector<std::pair<std::string, std::string>> seen_;
  std::map<std::string, std::int64_t> visibilities_;
  EntryFault entry_fault_;
  CallFault call_fault_;
  bool held_ = false;
};

}  // namespace twinshift::queue::sqs
