#include "backlog/drivers/segments/lender.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace twinshift::backlog::segments {
namespace {

using Leftovers = Ledger::Leftovers;

// What one receive() brings into memory at most, one event at least.
constexpr std::size_t kReceiveBytesMax = 16'000'000;
// Segments whose blocks' places are kept in memory.
constexpr std::size_t kLoadedMax = 8;
constexpr std::size_t kJudgedMax = 4'096;
constexpr std::size_t kIdsShownMax = 20;
constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();

std::vector<EventRange> ranges_with(const DecodedBlock& block, Slot::State state) {
  std::vector<std::int64_t> events;
  for (std::size_t i = 0; i < block.slots.size(); ++i) {
    if (block.slots[i].state == state) events.push_back(block.header.first + static_cast<std::int64_t>(i));
  }
  return ranges_of(std::move(events));
}

std::string ids_with(const DecodedBlock& block, Slot::State state) {
  std::string text;
  std::size_t shown = 0;
  for (const Slot& slot : block.slots) {
    if (slot.state != state || slot.id == event::EventId{} || shown == kIdsShownMax) continue;
    text += (shown++ == 0 ? "" : " ") + slot.id.hex();
  }
  return text;
}

std::uint64_t count_of(const std::vector<EventRange>& ranges) {
  std::int64_t count = 0;
  for (const EventRange& range : ranges) count += range.count;
  return static_cast<std::uint64_t>(count);
}

}  // namespace

bool Lender::Gathered::full() const {
  return leases.size() >= events_max || bytes >= kReceiveBytesMax;
}

base::Result<std::vector<queue::Lease>> Lender::receive(std::size_t events_max, std::chrono::milliseconds wait,
                                                        const std::stop_token& stop) {
  const std::lock_guard lock(mutex_);
  const auto until = parts_.clock->steady() + std::min<std::chrono::milliseconds>(wait, std::chrono::hours(24));
  for (;;) {
    if (parts_.ledger->closed()) {
      return base::fail(base::ErrorKind::cancelled, "the backlog is closing", parts_.target, "Send again later");
    }
    if (events_max == 0 || stop.stop_requested()) return std::vector<queue::Lease>();
    const std::uint64_t seen = parts_.ledger->changes();
    Gathered out{.leases = {}, .events_max = events_max, .deadline = parts_.clock->steady() + parts_.lease_timeout};
    gather_due(out);
    if (parts_.refiller) gather_refilled(out);
    gather_in_order(out);
    if (!out.leases.empty() || parts_.clock->steady() >= until) return std::move(out.leases);
    parts_.ledger->wait(seen, until, stop);
  }
}

void Lender::gather_due(Gathered& out) {
  for (const queue::LeaseBook::Loan& loan : parts_.ledger->lend_due(out.deadline, out.events_max)) {
    lend_again(loan, out);
  }
}

// A loan that cannot be carried out now is taken back: the next pass offers its event again.
void Lender::lend_again(const queue::LeaseBook::Loan& loan, Gathered& out) {
  auto offer = parts_.ledger->offer_of(loan.id);
  if (offer && !offer->has_places && load_places(*offer)) offer = parts_.ledger->offer_of(loan.id);
  const auto block = offer && offer->place && !out.full() ? read(*offer) : nullptr;
  if (block) {
    const Slot& slot = block->slots[static_cast<std::size_t>(loan.id - block->header.first)];
    if (slot.state == Slot::State::whole) {
      out.bytes += slot.json.size();
      out.leases.push_back({.message = {slot.json, slot.message_id, slot.received_at},
                            .receipt = {.id = loan.id, .generation = loan.generation, .handle = {}},
                            .attempt = loan.attempt,
                            .deadline = out.deadline});
      return;
    }
  }
  if (!parts_.ledger->forget(loan.id)) return parts_.inbox->put_lost({{loan.id, 1}});
  if (offer) parts_.ledger->offered_up_to(offer->segment, 0, Leftovers::soon);
}

void Lender::gather_refilled(Gathered& out) {
  while (!out.full() && parts_.ledger->has_room_to_lend()) {
    if (refilled_.empty()) {
      auto job = parts_.refiller->take();
      if (!job) return;
      refilled_.push_back(std::move(*job));
    }
    RefillJob& job = refilled_.front();
    if (job.events.empty()) {
      refilled_.pop_front();
      continue;
    }
    RefillJob::Event& next = job.events.back();  // the job's events stand last first
    if (next.slot.state == Slot::State::whole) {
      lend_one(next.number, std::move(next.slot), out);
    } else {
      parts_.ledger->offered_up_to(job.segment, 0, Leftovers::later);
    }
    job.events.pop_back();
  }
}

void Lender::gather_in_order(Gathered& out) {
  std::uint32_t from = 0;
  while (!out.full() && parts_.ledger->has_room_to_lend()) {
    const auto offer = parts_.ledger->next_offer(from);
    if (!offer) return;
    if (!lend_offer(*offer, out)) from = offer->segment + 1;
  }
}

bool Lender::lend_offer(const Ledger::Offer& offer, Gathered& out) {
  if (!offer.has_places) {
    if (load_places(offer)) return true;
    parts_.ledger->offered_up_to(offer.segment, kEnd, Leftovers::later);
    return false;
  }
  if (!offer.place) {
    lose(offer, offer.event, offer.next_place);
    parts_.ledger->offered_up_to(offer.segment, offer.next_place, Leftovers::none);
    return true;
  }
  const auto block = read(offer);
  if (!block) {
    parts_.ledger->offered_up_to(offer.segment, offer.place->header.end(), Leftovers::later);
    return true;
  }
  const bool has_ids_only =
      std::ranges::any_of(block->slots, [](const Slot& slot) { return slot.state == Slot::State::ids_only; });
  if (has_ids_only && !request_refill(offer, *block)) return false;
  lend_block(offer, *block, out);
  return true;
}

void Lender::lend_block(const Ledger::Offer& offer, const DecodedBlock& block, Gathered& out) {
  const std::int64_t first = block.header.first;
  for (const std::int64_t event : parts_.ledger->lendable(offer.event, block.header.end())) {
    const Slot& slot = block.slots[static_cast<std::size_t>(event - first)];
    if (slot.state != Slot::State::whole) continue;
    if (out.full() || !parts_.ledger->has_room_to_lend()) {
      parts_.ledger->offered_up_to(offer.segment, event, Leftovers::none);
      return;
    }
    lend_one(event, slot, out);
  }
  parts_.ledger->offered_up_to(offer.segment, block.header.end(), Leftovers::none);
}

bool Lender::lend_one(std::int64_t event, Slot slot, Gathered& out) {
  const auto loan = parts_.ledger->lend(event, out.deadline);
  if (!loan) return false;
  out.bytes += slot.json.size();
  out.leases.push_back({.message = {std::move(slot.json), std::move(slot.message_id), slot.received_at},
                        .receipt = {.id = event, .generation = loan->generation, .handle = {}},
                        .attempt = loan->attempt,
                        .deadline = out.deadline});
  return true;
}

// False: not now, the refiller has its hands full.
bool Lender::request_refill(const Ledger::Offer& offer, const DecodedBlock& block) {
  const std::int64_t first = block.header.first;
  if (!parts_.refiller) {
    parts_.ledger->offered_up_to(offer.segment, 0, Leftovers::later);
    return true;
  }
  if (parts_.refiller->holds(first) ||
      std::ranges::any_of(refilled_, [&](const RefillJob& job) { return job.block == first; })) {
    return true;
  }
  if (!parts_.refiller->has_room()) return false;
  RefillJob job{.segment = offer.segment, .block = first, .id_version = block.header.id_version, .events = {}};
  for (const std::int64_t event : parts_.ledger->lendable(first, block.header.end())) {
    const Slot& slot = block.slots[static_cast<std::size_t>(event - first)];
    if (slot.state == Slot::State::ids_only) job.events.push_back({.number = event, .slot = slot});
  }
  std::ranges::reverse(job.events);
  if (!job.events.empty()) parts_.refiller->request(std::move(job));
  return true;
}

std::shared_ptr<const DecodedBlock> Lender::read(const Ledger::Offer& offer) {
  auto block = reader_.block(offer.path, *offer.place);
  if (!block) {
    trouble(offer, block.error());
    return nullptr;
  }
  if ((*block)->damaged) judge(offer, **block);
  return std::move(*block);
}

bool Lender::load_places(const Ledger::Offer& offer) {
  auto places = reader_.places(offer.path, offer.end);
  if (!places) {
    trouble(offer, places.error());
    return false;
  }
  parts_.ledger->set_places(offer.segment, std::move(*places));
  loaded_.push_back(offer.segment);
  if (loaded_.size() > kLoadedMax) {
    parts_.ledger->drop_places(loaded_.front());
    loaded_.pop_front();
  }
  return true;
}

// A block in which something is damaged: once in the log, and what is lost into the journal.
void Lender::judge(const Ledger::Offer& offer, const DecodedBlock& block) {
  if (judged_.size() >= kJudgedMax) judged_.clear();
  if (!judged_.insert(block.header.first).second) return;
  parts_.ledger->mark_damaged(offer.segment);
  const auto lost = ranges_with(block, Slot::State::lost);
  auto without_body = std::vector<EventRange>();
  if (block.header.kind == BlockKind::bodies) without_body = ranges_with(block, Slot::State::ids_only);
  for (const EventRange& range : without_body) {
    parts_.ledger->without_bodies(offer.segment, range.first, range.first + range.count);
  }
  base::log::error("A block of the backlog is damaged: what is sound in it is served")
      .add("target", parts_.target)
      .add("file", offer.path)
      .add("at", offer.place->at)
      .add("events", static_cast<std::uint64_t>(block.header.count))
      .add("lost", count_of(lost))
      .add("lostIds", ids_with(block, Slot::State::lost))
      .add("fromPrimary", count_of(without_body))
      .add("fromPrimaryIds", ids_with(block, Slot::State::ids_only))
      .add("hint", "Look at the disk; compare both targets afterwards");
  if (!lost.empty()) parts_.inbox->put_lost(lost);
}

void Lender::lose(const Ledger::Offer& offer, std::int64_t first, std::int64_t end) {
  base::log::error("Events of the backlog are lost: their blocks are no longer in the file")
      .add("target", parts_.target)
      .add("file", offer.path)
      .add("lost", end - first)
      .add("hint", "Look at the disk; compare both targets afterwards");
  parts_.inbox->put_lost({{first, end - first}});
}

void Lender::trouble(const Ledger::Offer& offer, const base::Error& error) {
  if (error.kind == base::ErrorKind::not_found) return parts_.inbox->put_gone(offer.segment);
  if (const auto count = throttle_.pass(error.message, parts_.clock->steady())) {
    base::log::error("A segment of the backlog cannot be read now: its events stay owed")
        .add("target", parts_.target)
        .add("count", *count)
        .add(error);
  }
}

}  // namespace twinshift::backlog::segments
