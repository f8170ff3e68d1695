#include "app/debts_answer.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "app/instance_name.hpp"
#include "app/reply_words.hpp"

namespace twinshift::app {
namespace {

constexpr std::size_t kOwedArguments = 4;  // target, from, to, window
constexpr char kOwed = 'y';
constexpr char kNotOwed = 'n';
constexpr char kPerhaps = 'p';
constexpr char kUnknown = 'u';

char letter_of(proof::Owing owing) {
  switch (owing) {
    case proof::Owing::no:
      return kNotOwed;
    case proof::Owing::yes:
      return kOwed;
    case proof::Owing::perhaps:
      return kPerhaps;
    case proof::Owing::unknown:
    case proof::Owing::untold:   // what only others' rows can say is
    case proof::Owing::refused:  // never asked of a service
      return kUnknown;
  }
  return kUnknown;
}

std::optional<proof::Owing> owing_of(char letter) {
  for (const auto owing : {proof::Owing::no, proof::Owing::yes, proof::Owing::perhaps, proof::Owing::unknown}) {
    if (letter_of(owing) == letter) return owing;
  }
  return std::nullopt;
}

std::optional<std::int64_t> number_in(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || fault != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

base::WallTime time_of(std::int64_t microseconds) {
  return base::WallTime(std::chrono::microseconds(microseconds));
}

control::Reply refuse(const base::Error& error) {
  return {false, error.text()};
}

control::Reply not_understood() {
  return {false, "the request was not understood. Service and command must be of one version"};
}

control::Reply answer_owed(proof::StoreDebts debts, const control::Request& request) {
  if (request.arguments.size() != kOwedArguments) return not_understood();
  const auto from = number_in(request.arguments[1]);
  const auto to = number_in(request.arguments[2]);
  const auto window = number_in(request.arguments[3]);
  if (!from || !to || !window || *window <= 0) return not_understood();
  auto digests = debts.owed(request.arguments[0], {time_of(*from), time_of(*to)}, std::chrono::seconds(*window));
  if (!digests) return refuse(digests.error());
  if (digests->size() > kOwedWindowsMax) {
    return {false, "what is owed lies in more windows than one answer holds. Choose a larger --window"};
  }
  std::string text;
  for (const auto& [number, digest] : *digests) {
    text += fmt::format("{}{} {} {} {}", text.empty() ? "" : " ", number, digest.rows, digest.key_low_sum,
                        digest.key_high_sum);
  }
  return {true, std::move(text)};
}

control::Reply answer_owes(proof::StoreDebts debts, const control::Request& request) {
  if (request.arguments.empty() || request.arguments.size() > kOwesIdsMax + 1) return not_understood();
  const std::span<const std::string> ids = std::span(request.arguments).subspan(1);
  auto owes = debts.owes(request.arguments[0], ids);
  if (!owes) return refuse(owes.error());
  std::string text;
  for (const proof::Owing each : *owes) text += letter_of(each);
  return {true, std::move(text)};
}

base::Error other_version() {
  return {base::ErrorKind::conflict, "the service's answer was not understood", "verify",
          "Service and command must be of one version"};
}

base::Error refused(const control::Reply& reply) {
  return {base::ErrorKind::conflict, "the service says: " + reply.text, "verify", ""};
}

}  // namespace

control::Request owed_request(const std::string& target, const proof::Span& span, std::chrono::seconds window) {
  return {kOwedVerb,
          {target, std::to_string(span.from.time_since_epoch().count()),
           std::to_string(span.to.time_since_epoch().count()), std::to_string(window.count())}};
}

control::Request owes_request(const std::string& target, std::span<const std::string> ids) {
  control::Request request{kOwesVerb, {target}};
  request.arguments.insert(request.arguments.end(), ids.begin(), ids.end());
  return request;
}

bool is_about_debts(const control::Request& request) {
  return request.verb == kOwedVerb || request.verb == kOwesVerb || request.verb == kInstanceVerb;
}

control::Reply answer_debts(const proof::StoreDebts::Parts& stores, const control::Request& request,
                            const std::stop_token& stop) {
  proof::StoreDebts debts(stores, stop);
  if (request.verb == kInstanceVerb) return {true, instance_name()};
  return request.verb == kOwedVerb ? answer_owed(std::move(debts), request) : answer_owes(std::move(debts), request);
}

base::Result<proof::Digests> read_owed_answer(const control::Reply& reply) {
  if (!reply.ok) return base::fail(refused(reply));
  const auto words = words_of(reply.text);
  constexpr std::size_t kWordsEach = 4;
  if (words.size() % kWordsEach != 0) return base::fail(other_version());
  proof::Digests digests;
  for (std::size_t i = 0; i < words.size(); i += kWordsEach) {
    const auto number = number_in(words[i]);
    const auto rows = number_in(words[i + 1]);
    const auto low = number_in(words[i + 2]);
    const auto high = number_in(words[i + 3]);
    if (!number || !rows || !low || !high) return base::fail(other_version());
    digests[*number] = {*rows, *low, *high};
  }
  return digests;
}

base::Result<std::vector<proof::Owing>> read_owes_answer(const control::Reply& reply, std::size_t ids) {
  if (!reply.ok) return base::fail(refused(reply));
  if (reply.text.size() != ids) return base::fail(other_version());
  std::vector<proof::Owing> owes;
  owes.reserve(ids);
  for (const char letter : reply.text) {
    const auto owing = owing_of(letter);
    if (!owing) return base::fail(other_version());
    owes.push_back(*owing);
  }
  return owes;
}

}  // namespace twinshift::app
