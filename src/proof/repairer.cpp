#include "proof/repairer.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "warehouse/stored_event.hpp"

namespace twinshift::proof {
namespace {

// An order that is not done in its time is given again with the rest; one of which nothing is done at all is not.
base::Error stands_still(const std::string& target) {
  return {base::ErrorKind::timed_out, "the target takes so long that nothing was done of an order", target,
          "Run the command again when it is less busy: what was done stands"};
}

}  // namespace

std::optional<MendKind> remedy_of(FindingKind kind) {
  switch (kind) {
    case FindingKind::missing:
      return MendKind::copy;
    case FindingKind::doubled:
    case FindingKind::changed:
      return MendKind::replace;
    case FindingKind::foreign:
    case FindingKind::erased:
    case FindingKind::quarantined:
    case FindingKind::undecided:
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<MendKind> remedy_of(const Finding& finding) {
  return finding.hopeless ? std::nullopt : remedy_of(finding.kind);
}

Repairer::~Repairer() {
  if (report_.valid()) report_.wait();
}

// Tried also where a finding is hopeless: a sound row may have come by now, and what is left is counted with its
// reason.
base::Status Repairer::take(const Finding& finding) {
  const auto remedy = remedy_of(finding.kind);
  if (!remedy) return {};
  if (!warehouse::is_event_id(finding.id)) {  // no batch can write such a row, so none may remove it
    leave(finding.target, {finding.id, LeftWhy::foreign, {}});
    return {};
  }
  return gather({finding.target, *remedy},
                {.id = finding.id, .event_at = finding.event_at, .copies = std::max<std::int64_t>(1, finding.copies)},
                finding.timeless);
}

base::Status Repairer::gather(const Way& way, MendPlace place, bool timeless) {
  if (error_) return base::fail(*error_);
  const Span moment{place.event_at, place.event_at + std::chrono::microseconds(1)};
  if (timeless) {
    touched_timeless_ = true;
  } else {
    touched_ = touched_ ? Span{std::min(touched_->from, moment.from), std::max(touched_->to, moment.to)} : moment;
  }
  gathered_[way].push_back(std::move(place));
  return drain(false);
}

// As long as an order is under way the next one grows.
std::size_t Repairer::enough(MendKind kind) const {
  const bool idle = !report_.valid() || report_.wait_for(std::chrono::seconds(0)) != std::future_status::timeout;
  return idle ? mended_max(kind) : parts_.mender->order_max(kind);
}

// Begins an order for each way that has gathered enough for one, or anything at all.
base::Status Repairer::drain(bool all) {
  for (;;) {
    const auto some = std::ranges::find_if(
        gathered_, [&](const auto& each) { return each.second.size() >= (all ? 1 : enough(each.first.second)); });
    if (some == gathered_.end()) return {};
    std::vector<MendPlace>& places = some->second;
    MendOrder order{.target = some->first.first, .kind = some->first.second};
    const auto count = static_cast<std::ptrdiff_t>(std::min(places.size(), parts_.mender->order_max(order.kind)));
    order.places.assign(std::make_move_iterator(places.begin()), std::make_move_iterator(places.begin() + count));
    places.erase(places.begin(), places.begin() + count);
    if (auto begun = begin(std::move(order)); !begun) return begun;
  }
}

base::Status Repairer::begin(MendOrder order) {
  // In the tables' own order neighbours are read together, and written side by side.
  std::ranges::sort(order.places, {}, &MendPlace::event_at);
  if (auto settled = settle(); !settled) return settled;
  under_way_ = std::move(order);
  report_ = std::async(parts_.launch, [this] { return parts_.mender->mend(*under_way_); });
  return {};
}

base::Status Repairer::settle() {
  while (report_.valid()) {
    MendReport report = report_.get();
    MendOrder order = std::move(*under_way_);
    under_way_.reset();
    const std::size_t done = report.done;
    if (auto noted = note(order, std::move(report)); !noted) return noted;
    if (done >= order.places.size()) return {};
    if (done == 0) return base::fail(*(error_ = stands_still(order.target)));
    order.places.erase(order.places.begin(), order.places.begin() + static_cast<std::ptrdiff_t>(done));
    under_way_ = std::move(order);
    report_ = std::async(parts_.launch, [this] { return parts_.mender->mend(*under_way_); });
  }
  return error_ ? base::Status(base::fail(*error_)) : base::Status();
}

base::Status Repairer::note(const MendOrder& order, MendReport report) {
  Receipt& receipt = receipt_of(order.target);
  receipt.copied += report.copied;
  receipt.replaced += report.replaced;
  receipt.surplus += report.surplus;
  receipt.in_order += report.in_order;
  receipt.batches += report.batches;
  if (receipt.first_batch.empty()) receipt.first_batch = report.first_batch;
  if (!report.last_batch.empty()) receipt.last_batch = report.last_batch;
  for (const LeftEvent& left : report.left) leave(order.target, left);
  if (report.error) return base::fail(*(error_ = std::move(report.error)));
  auto& crooked = gathered_[{other_than(order.target), MendKind::replace}];
  std::ranges::move(report.crooked, std::back_inserter(crooked));
  return {};
}

void Repairer::leave(const std::string& target, const LeftEvent& left) {
  if (left_.size() < kLeftRememberedMax && !left_.emplace(target, left.id, left.why).second) return;
  ++receipt_of(target).left;
  if (parts_.left) parts_.left(target, left);
}

bool Repairer::has_left(const std::string& target, const std::string& id) const {
  const auto at = left_.lower_bound({target, id, LeftWhy{}});
  return at != left_.end() && std::get<0>(*at) == target && std::get<1>(*at) == id;
}

base::Status Repairer::finish() {
  do {
    if (auto drained = drain(true); !drained) return drained;
    if (auto settled = settle(); !settled) return settled;
  } while (std::ranges::any_of(gathered_, [](const auto& each) { return !each.second.empty(); }));
  return {};
}

Receipt& Repairer::receipt_of(const std::string& target) {
  return receipts_[target == parts_.targets[0] ? 0 : 1];
}

const std::string& Repairer::other_than(const std::string& target) const {
  return parts_.targets[target == parts_.targets[0] ? 1 : 0];
}

}  // namespace twinshift::proof
