#include "tests/simulation/catalogue.hpp"

#include <fmt/format.h>

#include "base/time_text.hpp"
#include "event/identity.hpp"

namespace twinshift::simulation {
namespace {

constexpr base::WallTime kFirstEventAt{std::chrono::sys_days(std::chrono::January / 1 / 2026)};
constexpr std::int64_t kSpreadSeconds = 4 * 3'600;
constexpr std::int64_t kStride = 7'919;    // neighbours in number are none in time
constexpr std::int64_t kWithoutTime = 16;  // one of so many has no time of its own: 1970
constexpr std::int64_t kSameSecond = 3;    // so many share one

std::string event_time(std::int64_t number) {
  if (number % kWithoutTime == kWithoutTime - 1) return {};
  const std::chrono::seconds off{number / kSameSecond * kStride % kSpreadSeconds};
  return fmt::format(R"("event_time":"{}",)", base::sql_timestamp(kFirstEventAt + off));
}

Content plain_content(std::int64_t number) {
  Content content{.json = fmt::format("{{\"event\":{}}}", number)};
  for (std::size_t i = 0; i < 8; ++i) content.id.bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
  return content;
}

Content real_content(std::int64_t number) {
  const std::string head = fmt::format(R"({{"appsflyer_id":"a{}",{}"customer_user_id":"{}")", number,
                                       event_time(number), person_name(person_of(number)));
  Content content{.json = head + "}", .changed_json = head + R"(,"event_revenue":"9"})"};
  const auto event = event::decode_event(content.json, {}, {});
  content.id = (*event)->id;
  content.hex = content.id.hex();
  content.key = (*event)->key;
  // Two changes that make up for each other would leave the sums equal: as likely as two keys that meet.
  content.changed_key = event::key_of(event::content_id(content.changed_json));
  content.event_at = (*event)->event_at;
  return content;
}

}  // namespace

std::string person_name(std::int64_t person) {
  return fmt::format("p{}", person);
}

const Content& Catalogue::of(std::int64_t number) {
  const auto at = static_cast<std::size_t>(number);
  if (at >= contents_.size()) contents_.resize(at + 1);
  if (!contents_[at]) {
    contents_[at] = std::make_unique<Content>(real_ ? real_content(number) : plain_content(number));
    if (real_) numbers_.emplace(contents_[at]->hex, number);
  }
  return *contents_[at];
}

std::optional<std::int64_t> Catalogue::find(const std::string& hex) const {
  const auto found = numbers_.find(hex);
  return found == numbers_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace twinshift::simulation
