// Which events receive() lends: those that fall due again, those whose body the primary has told, then the next ones in
// order. Any thread; one at a time goes in, and none holds the ledger while the disk is read.
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "backlog/drivers/segments/block_reader.hpp"
#include "backlog/drivers/segments/inbox.hpp"
#include "backlog/drivers/segments/ledger.hpp"
#include "backlog/drivers/segments/refiller.hpp"
#include "base/log.hpp"

namespace twinshift::backlog::segments {

class Lender {
 public:
  struct Parts {
    std::string target;
    std::chrono::milliseconds lease_timeout{};
    Ledger* ledger = nullptr;
    Inbox* inbox = nullptr;              // where losses are told
    std::shared_ptr<Refiller> refiller;  // none: bodies that are not here cannot be had
    const base::Clock* clock = nullptr;
  };
  explicit Lender(Parts parts) : parts_(std::move(parts)) {}

  base::Result<std::vector<queue::Lease>> receive(std::size_t events_max, std::chrono::milliseconds wait,
                                                  const std::stop_token& stop);

 private:
  struct Gathered {
    std::vector<queue::Lease> leases;
    std::size_t events_max = 0;
    std::size_t bytes = 0;
    base::SteadyTime deadline{};
    [[nodiscard]] bool full() const;
  };
  void gather_due(Gathered& out);
  void gather_refilled(Gathered& out);
  void gather_in_order(Gathered& out);
  // False where the segment has nothing more to give now.
  bool lend_offer(const Ledger::Offer& offer, Gathered& out);
  void lend_block(const Ledger::Offer& offer, const DecodedBlock& block, Gathered& out);
  bool request_refill(const Ledger::Offer& offer, const DecodedBlock& block);
  bool lend_one(std::int64_t event, Slot slot, Gathered& out);
  void lend_again(const queue::LeaseBook::Loan& loan, Gathered& out);
  std::shared_ptr<const DecodedBlock> read(const Ledger::Offer& offer);
  bool load_places(const Ledger::Offer& offer);
  void judge(const Ledger::Offer& offer, const DecodedBlock& block);
  void lose(const Ledger::Offer& offer, std::int64_t first, std::int64_t end);
  void trouble(const Ledger::Offer& offer, const base::Error& error);

  const Parts parts_;
  std::mutex mutex_;
  // All below: mutex_.
  BlockReader reader_;
  std::deque<RefillJob> refilled_;    // told by the primary, not yet lent
  std::deque<std::uint32_t> loaded_;  // segments whose places are in memory
  std::set<std::int64_t> judged_;     // damaged blocks that were told in the log
  base::log::Throttle throttle_;
};

}  // namespace twinshift::backlog::segments
