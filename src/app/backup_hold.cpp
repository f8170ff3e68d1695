#include "app/backup_hold.hpp"

#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "base/log.hpp"
#include "queue/settling_hold.hpp"

namespace twinshift::app {
namespace {

using base::ErrorKind;

constexpr const char* kLasted = "lasted";
constexpr const char* kRanOut = "ran out";

std::optional<std::uint64_t> number_in(const std::string& text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, fault] = std::from_chars(text.data(), end, number);
  return fault == std::errc() && rest == end ? std::optional(number) : std::nullopt;
}

control::Reply begin(Turns& turns, queue::SettlingHold* queue) {
  const auto number = turns.hold(kBackupHoldMax);
  if (!number) return {false, number.error().text()};
  // A queue elsewhere is not copied: it settles as it likes.
  if (queue != nullptr) {
    if (auto held = queue->hold_settling(kBackupHoldMax); !held) {
      turns.end_hold(*number);
      return {false, held.error().text()};
    }
  }
  return {true, std::to_string(*number)};
}

control::Reply end(Turns& turns, queue::SettlingHold* queue, std::uint64_t number) {
  // The queue's first: while the turn lasts it is nobody else's. (A number that has run out may end another's, who is
  // told so and begins again.)
  const bool queue_lasted = queue == nullptr || queue->end_hold();
  const bool lasted = turns.end_hold(number) && queue_lasted;
  if (lasted) base::log::info("A backup has begun: it copies what stood here at this moment");
  return {true, lasted ? kLasted : kRanOut};
}

base::Result<std::string> text_of(base::Result<control::Reply> reply) {
  if (!reply) return base::fail(std::move(reply.error()));
  if (!reply->ok) return base::fail(ErrorKind::conflict, std::move(reply->text), "the running service");
  return std::move(reply->text);
}

std::unexpected<base::Error> not_understood() {
  return base::fail(ErrorKind::conflict, "the service's answer was not understood", "backup",
                    "Service and command must be of one version");
}

}  // namespace

bool is_about_backup(const control::Request& request) {
  return request.verb == kBackupBeginVerb || request.verb == kBackupEndVerb;
}

control::Reply answer_backup(Turns& turns, queue::EventQueue& queue, const control::Request& request) {
  auto* const hold = dynamic_cast<queue::SettlingHold*>(&queue);
  if (request.verb == kBackupBeginVerb) return begin(turns, hold);
  const auto number = request.arguments.size() == 1 ? number_in(request.arguments.front()) : std::nullopt;
  return number ? end(turns, hold, *number) : control::Reply{false, "the request was not understood"};
}

void end_any_hold(queue::EventQueue& queue) {
  if (auto* const hold = dynamic_cast<queue::SettlingHold*>(&queue)) (void)hold->end_hold();
}

base::Result<std::uint64_t> ask_to_hold(const config::Settings& settings) {
  const auto text = text_of(control::ask(settings.data_dir, {kBackupBeginVerb, {}}));
  if (!text) return base::fail(text.error());
  const auto number = number_in(*text);
  if (!number) return not_understood();
  return *number;
}

base::Result<bool> ask_to_end_hold(const config::Settings& settings, std::uint64_t number) {
  const auto text = text_of(control::ask(settings.data_dir, {kBackupEndVerb, {std::to_string(number)}}));
  if (!text) return base::fail(text.error());
  if (*text != kLasted && *text != kRanOut) return not_understood();
  return *text == kLasted;
}

}  // namespace twinshift::app
