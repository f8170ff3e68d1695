// The oldest arrival that queue and backlogs still owe: how far "identical up to T" may go. No I/O but theirs.
//
// Threads: any.
#pragma once

#include <chrono>

#include "backlog/backlog.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "proof/parity.hpp"
#include "proof/store_debts.hpp"
#include "queue/event_queue.hpp"

namespace twinshift::app {

// SQS's counts are approximate, and right about a minute after the last change (SQS API reference, GetQueueAttributes).
inline constexpr std::chrono::minutes kCountsSettle{1};

// Of a store of ours. By hours, which are counted in the messages' own transactions; within the oldest hour by
// `oldest_age`, where that lies in it: 0 is none.
proof::OldestDebt oldest_in(const base::Result<queue::Arrivals>& arrivals, std::chrono::milliseconds oldest_age,
                            base::WallTime now);
// Of a queue elsewhere: what arrived since nothing waited there any more, and what we hold.
proof::OldestDebt oldest_elsewhere(const queue::QueueStatus& status, base::WallTime now);
// Of a backlog, wherever it is.
proof::OldestDebt oldest_owed(backlog::Backlog& backlog, base::WallTime now);

// `queue_tells`: the queue is the embedded one.
proof::OldestDebt oldest_debt(const proof::StoreDebts::Parts& stores, bool queue_tells, base::WallTime now);

}  // namespace twinshift::app
