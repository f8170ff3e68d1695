#include "tests/failpoints/plan.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "tests/failpoints/points.hpp"

namespace twinshift::failpoints {
namespace {

constexpr std::string_view kParting = ", \t\r\n";
constexpr auto kActions = std::to_array<std::pair<std::string_view, Action>>(
    {{"kill", Action::kill}, {"pause", Action::pause}, {"error", Action::error}, {"drop", Action::drop}});

std::unexpected<base::Error> wrong(std::string_view order, const std::string& why) {
  return base::fail(base::ErrorKind::invalid, "failpoint order '" + std::string(order) + "': " + why,
                    "TWINSHIFT_FAILPOINTS", "`twinshift_failpoints --failpoints` lists names and what each may do");
}

bool can(May may, Action action) {
  if (action == Action::error) return may == May::error;
  if (action == Action::drop) return may == May::drop;
  return true;
}

std::optional<std::uint64_t> count_from(std::string_view text) {
  std::uint64_t count = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (fault != std::errc() || end != text.data() + text.size() || count == 0) return std::nullopt;
  return count;
}

base::Result<Order> parse_order(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return wrong(text, "it is not NAME=ACTION or NAME=ACTION@COUNT");
  const std::optional<Point> point = find_point(text.substr(0, equals));
  if (!point) return wrong(text, "there is no failpoint of that name");
  std::string_view action = text.substr(equals + 1);
  std::uint64_t at = 1;
  if (const std::size_t sign = action.find('@'); sign != std::string_view::npos) {
    const auto count = count_from(action.substr(sign + 1));
    if (!count) return wrong(text, "after @ stands a whole number from 1");
    at = *count;
    action = action.substr(0, sign);
  }
  const auto* known = std::ranges::find(kActions, action, &std::pair<std::string_view, Action>::first);
  if (known == kActions.end()) return wrong(text, "the actions are kill, pause, error and drop");
  if (!can(point->may, known->second)) return wrong(text, "this point cannot do that");
  return Order{point->point, known->second, at};
}

}  // namespace

std::string_view to_string(Action action) {
  return std::ranges::find(kActions, action, &std::pair<std::string_view, Action>::second)->first;
}

base::Result<Plan> Plan::parse(std::string_view text) {
  Plan plan;
  for (std::size_t at = text.find_first_not_of(kParting); at != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(kParting, at), text.size());
    const std::string_view word = text.substr(at, end - at);
    auto order = parse_order(word);
    if (!order) return base::fail(std::move(order.error()));
    if (std::ranges::find(plan.orders_, order->point, &Order::point) != plan.orders_.end()) {
      return wrong(word, "it is ordered twice");
    }
    plan.orders_.push_back(*order);
    at = text.find_first_not_of(kParting, end);
  }
  plan.passed_.resize(plan.orders_.size());
  return plan;
}

const Order* Plan::pass(base::Failpoint point) {
  const auto found = std::ranges::find(orders_, point, &Order::point);
  if (found == orders_.end()) return nullptr;
  const std::uint64_t passed = ++passed_[static_cast<std::size_t>(found - orders_.begin())];
  const bool acts = found->action == Action::pause ? passed >= found->at : passed == found->at;
  return acts ? &*found : nullptr;
}

bool Plan::pauses(base::Failpoint point) const {
  const auto found = std::ranges::find(orders_, point, &Order::point);
  return found != orders_.end() && found->action == Action::pause;
}

}  // namespace twinshift::failpoints
