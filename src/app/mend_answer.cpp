#include "app/mend_answer.hpp"

#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "warehouse/stored_event.hpp"

namespace twinshift::app {
namespace {

using base::ErrorKind;
using proof::LeftEvent;
using proof::LeftWhy;
using proof::MendKind;
using proof::MendPlace;
using proof::MendReport;

constexpr std::string_view kCopy = "copy";
constexpr std::string_view kReplace = "replace";
constexpr std::string_view kNone = "-";
// What went wrong is text, and stands last: message, where and hint, by this character.
constexpr char kUnit = '\x1f';

base::Error other_version() {
  return {ErrorKind::conflict, "the service's answer was not understood", "repair",
          "Service and command must be of one version"};
}

// Words by blanks, then the rest.
class Words {
 public:
  explicit Words(std::string_view text) : rest_(text) {}
  std::string_view next() {
    const std::size_t end = std::min(rest_.find(' '), rest_.size());
    const std::string_view word = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return word;
  }
  template <class Number>
  bool read(Number& number) {
    const std::string_view word = next();
    const auto [end, fault] = std::from_chars(word.data(), word.data() + word.size(), number);
    return !word.empty() && fault == std::errc() && end == word.data() + word.size();
  }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

// No word may be empty.
std::string word_of(const std::string& text) {
  return text.empty() ? std::string(kNone) : text;
}
std::string text_or_none(std::string_view word) {
  return std::string(word == kNone ? std::string_view() : word);
}

std::string text_of(const MendPlace& place) {
  return fmt::format("{} {} {}", place.id, place.event_at.time_since_epoch().count(), place.copies);
}

std::optional<MendPlace> read_place(Words& words) {
  MendPlace place{.id = std::string(words.next())};
  std::int64_t at = 0;
  if (!warehouse::is_event_id(place.id) || !words.read(at) || !words.read(place.copies)) return std::nullopt;
  place.event_at = base::WallTime(std::chrono::microseconds(at));
  return place;
}

std::optional<LeftEvent> read_left(Words& words) {
  LeftEvent left{.id = std::string(words.next())};
  int why = 0;
  if (!words.read(why) || why < 0 || why > static_cast<int>(proof::kLeftWhyLast)) return std::nullopt;
  left.why = static_cast<LeftWhy>(why);
  left.detail = text_or_none(words.next());
  return left;
}

template <class Each, class Read>
bool read_all(Words& words, std::vector<Each>& into, Read read) {
  std::size_t count = 0;
  if (!words.read(count) || count > 2 * proof::kCopiedMax) return false;
  for (std::size_t i = 0; i < count; ++i) {
    auto each = read(words);
    if (!each) return false;
    into.push_back(std::move(*each));
  }
  return true;
}

std::string text_of(const base::Error& error) {
  return fmt::format("{} {}{}{}{}{}", static_cast<int>(error.kind), error.message, kUnit, error.where, kUnit,
                     error.hint);
}

std::optional<base::Error> read_error(Words& words) {
  int kind = 0;
  if (!words.read(kind) || kind < 0 || kind > static_cast<int>(ErrorKind::internal)) return std::nullopt;
  std::array<std::string, 3> texts;
  std::size_t at = 0;
  for (const char c : words.rest()) {
    if (c == kUnit && at + 1 < texts.size()) {
      ++at;
    } else {
      texts[at] += c;
    }
  }
  return base::Error{static_cast<ErrorKind>(kind), std::move(texts[0]), std::move(texts[1]), std::move(texts[2])};
}

std::optional<MendReport> read_report(std::string_view text) {
  Words words(text);
  MendReport report;
  for (std::uint64_t* number : {&report.copied, &report.replaced, &report.surplus, &report.in_order, &report.batches}) {
    if (!words.read(*number)) return std::nullopt;
  }
  if (!words.read(report.done)) return std::nullopt;
  report.first_batch = text_or_none(words.next());
  report.last_batch = text_or_none(words.next());
  if (!read_all(words, report.left, read_left) || !read_all(words, report.crooked, read_place)) return std::nullopt;
  if (words.rest().empty()) return report;
  report.error = read_error(words);
  return report.error ? std::optional(std::move(report)) : std::nullopt;
}

}  // namespace

control::Request mend_request(const proof::MendOrder& order) {
  control::Request request{kMendVerb, {order.target, std::string(order.kind == MendKind::copy ? kCopy : kReplace)}};
  for (const MendPlace& place : order.places) request.arguments.push_back(text_of(place));
  return request;
}

base::Result<proof::MendOrder> read_mend_request(const control::Request& request) {
  const auto fault = base::fail(ErrorKind::invalid, "the request was not understood", "repair",
                                "Service and command must be of one version");
  constexpr std::size_t kBefore = 2;
  if (request.arguments.size() < kBefore) return fault;
  if (request.arguments[1] != kCopy && request.arguments[1] != kReplace) return fault;
  proof::MendOrder order{.target = request.arguments[0],
                         .kind = request.arguments[1] == kCopy ? MendKind::copy : MendKind::replace};
  if (request.arguments.size() - kBefore > proof::mended_max(order.kind)) return fault;
  for (std::size_t i = kBefore; i < request.arguments.size(); ++i) {
    Words words(request.arguments[i]);
    auto place = read_place(words);
    if (!place || !words.rest().empty()) return fault;
    order.places.push_back(std::move(*place));
  }
  return order;
}

control::Reply mend_reply(const MendReport& report) {
  std::string text = fmt::format("{} {} {} {} {} {}", report.copied, report.replaced, report.surplus, report.in_order,
                                 report.batches, report.done) +
                     fmt::format(" {} {}", word_of(report.first_batch), word_of(report.last_batch));
  text += fmt::format(" {}", report.left.size());
  for (const LeftEvent& left : report.left) {
    text += fmt::format(" {} {} {}", left.id, static_cast<int>(left.why), word_of(left.detail));
  }
  text += fmt::format(" {}", report.crooked.size());
  for (const MendPlace& place : report.crooked) text += ' ' + text_of(place);
  if (report.error) text += ' ' + text_of(*report.error);
  return {true, std::move(text)};
}

MendReport read_mend_reply(const control::Reply& reply) {
  if (!reply.ok) return {.error = base::Error{ErrorKind::conflict, "the service says: " + reply.text, "repair", ""}};
  auto report = read_report(reply.text);
  return report ? std::move(*report) : MendReport{.error = other_version()};
}

}  // namespace twinshift::app
