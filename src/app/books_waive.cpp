#include "app/books_waive.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "app/books_answer.hpp"
#include "app/books_text.hpp"
#include "base/log.hpp"
#include "base/time_text.hpp"
#include "event/json_string.hpp"

namespace twinshift::app {
namespace {

using base::ErrorKind;
using books::TargetBooks;

constexpr std::size_t kArguments = 5;
// No argument of a request may be empty.
constexpr std::string_view kReasonFollows = "reason:";

// 0 where it is none.
std::uint64_t number_in(const std::string& text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  return parsed.ec == std::errc() && parsed.ptr == end ? number : 0;
}

base::Result<WaiveOrder> parse(const control::Request& request) {
  const auto& arguments = request.arguments;
  WaiveOrder order;
  const auto hour = arguments.size() == kArguments ? parse_hour(arguments[2]) : std::nullopt;
  if (hour) order.events = number_in(arguments[3]);
  if (!hour || order.events == 0 || !arguments[4].starts_with(kReasonFollows))
    return base::fail(ErrorKind::invalid, "the request was not understood", "books waive",
                      "Is it another version of twinshift?");
  order.yes = arguments[0] == "yes";
  order.target = arguments[1];
  order.hour = *hour;
  order.reason = arguments[4].substr(kReasonFollows.size());
  if (auto checked = check_reason(order.reason); !checked) return base::fail(std::move(checked.error()));
  return order;
}

// The books of the order's target; null where there are none.
const TargetBooks* find(const std::vector<TargetBooks>& books, const WaiveOrder& order) {
  const auto found = std::ranges::find(books, order.target, &TargetBooks::name);
  return found == books.end() ? nullptr : &*found;
}

std::string state_in(const TargetBooks& books, books::Hour hour) {
  const auto line = std::ranges::find(books.lines, hour, &books::Line::hour);
  return line == books.lines.end() ? "not there" : to_string(line->state);
}

// How many events are missing for certain in the order's hour, at least as many as it names.
base::Result<std::uint64_t> missing_of(const std::vector<TargetBooks>& counted, const WaiveOrder& order) {
  const TargetBooks* const books = find(counted, order);
  const std::string where = order.target + ", " + hour_text(order.hour);
  if (books == nullptr) {
    return base::fail(ErrorKind::not_found, "there is no target '" + order.target + "' here, or it is switched off",
                      where, "`twinshift books` shows the targets that are counted");
  }
  if (!books->fresh || !books->counted_at) {
    return base::fail(ErrorKind::unavailable,
                      "the target cannot be counted now" + (books->error.empty() ? "" : ": " + books->error), where,
                      "Try again when it answers");
  }
  const auto missing = books->confirmed.find(order.hour);
  if (missing == books->confirmed.end()) {
    return base::fail(ErrorKind::conflict,
                      "nothing is missing for certain in this hour: it is " + state_in(*books, order.hour), where,
                      "`twinshift books` shows the hours; an open one is judged when nothing of it is owed");
  }
  if (order.events > missing->second) {
    return base::fail(ErrorKind::conflict,
                      fmt::format("only {} events of this hour are missing, not {}", missing->second, order.events),
                      where, "Waive so many at most: what is waived beyond hides a loss to come");
  }
  return missing->second;
}

std::string told(const WaiveOrder& order, std::uint64_t missing, std::string_view done) {
  return fmt::format("{} of {} missing events of the hour {} {} for {}", order.events, missing, hour_text(order.hour),
                     done, order.target);
}

base::Result<std::string> waive(books::Keeper& keeper, books::BooksFile& file, const WaiveOrder& order) {
  auto signed_off = file.signed_off(order.target);
  if (!signed_off) return base::fail(std::move(signed_off.error()));
  // Two in a row: a residual of one count alone may be an event on its way.
  auto books = keeper.count_now(kCountMax);
  if (const TargetBooks* first = find(books, order); first != nullptr && first->fresh)
    books = keeper.count_now(kCountMax);
  const auto missing = missing_of(books, order);
  if (!missing) return base::fail(missing.error());
  if (!order.yes) return told(order, *missing, "would be waived") + "; add --yes to do so";
  auto done = file.sign_off({order.target, order.hour, order.events, order.reason, base::system_clock().now()},
                            (*signed_off)[order.hour]);
  if (!done) return base::fail(std::move(done.error()));
  base::log::info("Missing events were signed off: the books count them as waived")
      .add("target", order.target)
      .add("hour", hour_text(order.hour))
      .add("events", order.events)
      .add("reason", order.reason);
  books = keeper.count_now(kCountMax);
  const TargetBooks* const now = find(books, order);
  return told(order, *missing, "waived") +
         (now != nullptr && now->fresh ? "; the hour is " + state_in(*now, order.hour) : "");
}

warehouse::Table table_of(const std::vector<books::BooksFile::SignOff>& losses) {
  warehouse::Table table{{"target", "hour", "events", "reason", "signed_at"}, {}, false};
  for (const auto& each : losses) {
    table.rows.push_back(
        {each.target, hour_text(each.hour), std::to_string(each.events), each.reason, base::iso8601_ms(each.at)});
  }
  return table;
}

}  // namespace

base::Status check_reason(std::string_view reason) {
  const bool plain = std::ranges::none_of(reason, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  });
  if (plain && event::is_utf8(reason) && reason.size() <= kReasonBytesMax) return {};
  return base::fail(ErrorKind::invalid,
                    fmt::format("a reason is one line of at most {} bytes, in UTF-8", kReasonBytesMax), "--reason");
}

control::Request waive_request(const WaiveOrder& order) {
  return {kWaiveVerb,
          {order.yes ? "yes" : "check", order.target, hour_text(order.hour), std::to_string(order.events),
           std::string(kReasonFollows) + order.reason}};
}

control::Reply answer_waive(books::Keeper& keeper, books::BooksFile& file, const control::Request& request) {
  const auto order = parse(request);
  if (!order) return {false, order.error().text()};
  auto done = waive(keeper, file, *order);
  if (!done) return {false, done.error().text()};
  return {true, std::move(*done)};
}

control::Request waived_request(TableFormat format) {
  return {kWaivedVerb, {name_of(format)}};
}

control::Reply answer_waived(books::BooksFile& file, const control::Request& request) {
  const auto losses = file.sign_offs();
  if (!losses) return {false, losses.error().text()};
  const TableFormat format = format_named(request.arguments.empty() ? "table" : request.arguments.front());
  return {true, folded(table_in(table_of(*losses), format, "nothing was signed off\n"))};
}

}  // namespace twinshift::app
