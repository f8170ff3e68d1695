// Every bound of delivery, by name. docs/delivery.md says what each one is for.
#pragma once

#include <chrono>
#include <cstddef>

#include "base/backoff.hpp"

namespace twinshift::delivery {

// Of one target. The defaults suit the embedded driver.
struct TargetLimits {
  std::size_t batch_rows_max = 1'000;
  std::size_t batch_bytes_max = 8U << 20U;
  // How long an unfilled batch may gather behind a busy lane. A lane that has been idle starts at once.
  std::chrono::milliseconds batch_age_max{10};

  // A secondary's own share of memory: beyond it, events are parked as soon as the primary has them.
  std::size_t budget_rows_max = 3'000;
  std::size_t budget_bytes_max = 24U << 20U;
  // Not committed this long after the primary committed: parked (PARK_AFTER).
  std::chrono::milliseconds park_after{1'000};
  // Of a secondary's first call since the start, which makes its tables where they are missing (through the Data API
  // that takes seconds): park_after counts from its answer, or from here.
  std::chrono::milliseconds greeting_max{10'000};
  // Events on their way into the backlog. Beyond it they go back to the queue with a delay.
  std::size_t parking_rows_max = 3'000;
  std::size_t park_group_rows_max = 500;

  // Tries after a failed batch, and how many failures in a row open the breaker.
  base::BackoffLimits retry{std::chrono::milliseconds(100), std::chrono::milliseconds(5'000)};
  int breaker_failures_max = 5;
  base::BackoffLimits breaker_pause{std::chrono::milliseconds(1'000), std::chrono::milliseconds(30'000)};

  // While live traffic flows, every n-th batch is the backlog's (5: at least 20 %).
  int backlog_batch_every = 5;
  // How often an empty backlog is looked into again (delayed events become due).
  std::chrono::milliseconds backlog_poll{2'000};

  // Refused rows among the last 1,000 beyond which it is the table, not the rows.
  std::size_t rejected_rows_max = 10;
};

// Of the flow as a whole.
struct FlowLimits {
  // Messages in hand that the primary has not settled. The receiver stops at this: back pressure.
  std::size_t hold_rows_max = 2'000;
  std::size_t hold_bytes_max = 48U << 20U;
  std::size_t receive_rows_max = 250;
  std::chrono::milliseconds receive_wait{1'000};

  // A held lease is moved on to `lease` from now when less than half of it is left.
  std::chrono::milliseconds lease{60'000};
  // Held for longer it is released with a delay: SQS ends a visibility timeout 12 h after the receive, whatever was
  // extended (API reference, "ChangeMessageVisibility").
  std::chrono::milliseconds hold_max{std::chrono::hours(11)};
  // Delay of a released message, by its attempts.
  base::BackoffLimits release{std::chrono::milliseconds(1'000), std::chrono::milliseconds(300'000)};
};

}  // namespace twinshift::delivery
