#include "queue/drivers/sqs/loan_book.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"

namespace twinshift::queue::sqs {
namespace {

// A receipt's id: the loan's key, then the event's place in its message. 1 MiB has room for no more than 2^16 events.
constexpr unsigned kPartBits = 16;
constexpr std::uint64_t kPartMask = (std::uint64_t{1} << kPartBits) - 1;
constexpr std::uint64_t kKeyMask = (std::uint64_t{1} << 46U) - 1;
// A loan that ran out is remembered for so long: its handle may still be the newest one.
constexpr std::chrono::seconds kGrace{60};
// With less than this left of the time that SQS allows, a message is given back instead.
constexpr std::chrono::seconds kExtensionMin{60};

std::chrono::seconds whole_seconds(std::chrono::milliseconds duration) {
  return std::clamp(std::chrono::ceil<std::chrono::seconds>(duration), std::chrono::seconds(0), kVisibilityMax);
}

// What SQS still allows for a message that was received at that time.
std::chrono::milliseconds allowed(base::SteadyTime received_at, base::SteadyTime now) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(received_at + LoanBook::kKeptMax - now);
}

}  // namespace

void LoanBook::add(Received received, base::SteadyTime now) {
  TWINSHIFT_ASSERT(!received.messages.empty() && received.messages.size() <= kPartMask);
  if (const auto known = keys_.find(received.sqs_id); known != keys_.end()) forget(known->second);
  const std::uint64_t key = next_key_++ & kKeyMask;
  Loan loan;
  loan.sqs_id = received.sqs_id;
  loan.handle = std::move(received.handle);
  loan.messages = std::move(received.messages);
  loan.parts.assign(loan.messages.size(), Part::stocked);
  loan.parts_open = loan.parts.size();
  loan.attempt = received.attempt;
  loan.sent_at = received.sent_at;
  loan.received_at = now;
  loan.deadline = now + lease_;
  stock_events_ += loan.messages.size();
  for (const Message& each : loan.messages) stock_bytes_ += each.body.size();
  keys_.emplace(std::move(received.sqs_id), key);
  loans_.emplace(key, std::move(loan));
  stock_.push_back(key);
}

std::vector<Lease> LoanBook::lend(std::size_t events_max, std::size_t bytes_max) {
  std::vector<Lease> leases;
  std::size_t bytes = 0;
  while (leases.size() < events_max && !stock_.empty()) {
    const auto found = loans_.find(stock_.front());
    if (found == loans_.end() || found->second.lent_to == found->second.parts.size()) {
      stock_.pop_front();
      continue;
    }
    bytes += found->second.messages[found->second.lent_to].body.size();
    if (bytes > bytes_max && !leases.empty()) break;
    leases.push_back(lend_part(found->first, found->second));
  }
  return leases;
}

Lease LoanBook::lend_part(std::uint64_t key, Loan& loan) {
  const std::size_t part = loan.lent_to++;
  loan.parts[part] = Part::lent;
  --stock_events_;
  stock_bytes_ -= loan.messages[part].body.size();
  Lease lease{.message = std::move(loan.messages[part]),
              .receipt = {.id = static_cast<std::int64_t>(key << kPartBits | part),
                          .generation = static_cast<std::uint32_t>(key),
                          .handle = {}},
              .attempt = loan.attempt,
              .deadline = loan.deadline};
  loan.messages[part] = {};
  return lease;
}

LoanBook::Loan* LoanBook::find(const Receipt& receipt, std::size_t& part) {
  const auto id = static_cast<std::uint64_t>(receipt.id);
  part = id & kPartMask;
  const auto found = loans_.find(id >> kPartBits);
  if (found == loans_.end() || part >= found->second.parts.size()) return nullptr;
  if (static_cast<std::uint32_t>(found->first) != receipt.generation) return nullptr;
  return found->second.parts[part] == Part::lent ? &found->second : nullptr;
}

std::optional<Settling> LoanBook::acknowledge(const Receipt& receipt, base::SteadyTime now) {
  std::size_t part = 0;
  if (find(receipt, part) == nullptr) return std::nullopt;
  return settle(static_cast<std::uint64_t>(receipt.id) >> kPartBits, part, Part::done, now);
}

std::optional<Settling> LoanBook::release(const Receipt& receipt, std::chrono::milliseconds delay,
                                          base::SteadyTime now) {
  std::size_t part = 0;
  Loan* const loan = find(receipt, part);
  if (loan == nullptr) return std::nullopt;
  loan->gives_back = true;
  loan->delay = std::max(loan->delay, delay);
  return settle(static_cast<std::uint64_t>(receipt.id) >> kPartBits, part, Part::given_back, now);
}

std::optional<Settling> LoanBook::settle(std::uint64_t key, std::size_t part, Part outcome, base::SteadyTime now) {
  Loan& loan = loans_.find(key)->second;
  loan.parts[part] = outcome;
  if (--loan.parts_open > 0) return std::nullopt;
  Settling settling{.handle = loan.handle, .visibility = std::nullopt};
  if (loan.gives_back) settling.visibility = whole_seconds(std::min(loan.delay, allowed(loan.received_at, now)));
  forget(key);
  return settling;
}

std::optional<Settling> LoanBook::extend(const Receipt& receipt, std::chrono::milliseconds duration,
                                         base::SteadyTime now) {
  std::size_t part = 0;
  Loan* const loan = find(receipt, part);
  if (loan == nullptr) return std::nullopt;
  const std::chrono::milliseconds left = allowed(loan->received_at, now);
  if (left < kExtensionMin) return give_back(static_cast<std::uint64_t>(receipt.id) >> kPartBits, kGiveBackDelay);
  const std::chrono::seconds visibility = whole_seconds(std::min(duration, left));
  // The events of one pack are extended one after the other: once is enough.
  if (loan->deadline >= now + visibility) return std::nullopt;
  loan->deadline = now + visibility;
  return Settling{.handle = loan->handle, .visibility = visibility};
}

std::vector<Settling> LoanBook::age(base::SteadyTime now, bool keep) {
  std::vector<Settling> settlings;
  std::vector<std::uint64_t> old;
  std::vector<std::uint64_t> gone;
  for (auto& [key, loan] : loans_) {
    if (loan.deadline + kGrace < now) {
      gone.push_back(key);
    } else if (loan.lent_to < loan.parts.size() && loan.deadline - now < lease_ / 2) {
      old.push_back(key);
    }
  }
  for (const std::uint64_t key : gone) forget(key);
  for (const std::uint64_t key : old) {
    Loan& loan = loans_.find(key)->second;
    if (!keep || allowed(loan.received_at, now) < lease_) {
      settlings.push_back(give_back(key, kGiveBackDelay));
      continue;
    }
    loan.deadline = now + lease_;
    settlings.push_back({.handle = loan.handle, .visibility = whole_seconds(lease_)});
  }
  return settlings;
}

std::vector<Settling> LoanBook::give_back_all(std::chrono::seconds delay) {
  std::vector<Settling> settlings;
  settlings.reserve(loans_.size());
  for (auto& [key, loan] : loans_) {
    settlings.push_back({.handle = std::move(loan.handle), .visibility = delay});
  }
  loans_.clear();
  keys_.clear();
  stock_.clear();
  stock_events_ = 0;
  stock_bytes_ = 0;
  return settlings;
}

Settling LoanBook::give_back(std::uint64_t key, std::chrono::seconds delay) {
  Settling settling{.handle = loans_.find(key)->second.handle, .visibility = delay};
  forget(key);
  return settling;
}

void LoanBook::forget(std::uint64_t key) {
  const auto found = loans_.find(key);
  const Loan& loan = found->second;
  for (std::size_t part = loan.lent_to; part < loan.parts.size(); ++part) {
    --stock_events_;
    stock_bytes_ -= loan.messages[part].body.size();
  }
  keys_.erase(loan.sqs_id);
  loans_.erase(found);
}

std::size_t LoanBook::events_lent(base::SteadyTime now) const {
  std::size_t events = 0;
  for (const auto& [key, loan] : loans_) {
    if (loan.deadline > now) events += static_cast<std::size_t>(std::ranges::count(loan.parts, Part::lent));
  }
  return events;
}

std::optional<base::WallTime> LoanBook::oldest_sent_at() const {
  std::optional<base::WallTime> oldest;
  for (const auto& [key, loan] : loans_) {
    if (!oldest || loan.sent_at < *oldest) oldest = loan.sent_at;
  }
  return oldest;
}

}  // namespace twinshift::queue::sqs
