#include "delivery/lane.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

#include "backlog/owed_body.hpp"
#include "base/assert.hpp"
#include "base/failpoint.hpp"
#include "base/thread.hpp"
#include "delivery/housekeeping.hpp"
#include "delivery/publisher.hpp"

namespace twinshift::delivery {
namespace {
constexpr std::size_t kCallsMax = 2;
constexpr std::size_t kJobsMax = 1;

using JobPtr = std::shared_ptr<JobSlip>;
using Work = std::variant<LaneCall, JobPtr>;
constexpr std::chrono::hours kWaitForCall{1};
}  // namespace

namespace {
Arrival arrival_of(queue::Lease& lease, base::Result<event::EventPtr> decoded) {
  Arrival arrival{.receipt = std::move(lease.receipt), .attempt = lease.attempt, .deadline = lease.deadline};
  if (decoded) arrival.event = std::move(*decoded);
  return arrival;
}
}  // namespace

Arrival decode_lease(queue::Lease lease, event::IdentityMode identity) {
  auto decoded = event::decode_event(std::move(lease.message.body), std::move(lease.message.message_id),
                                     lease.message.received_at, identity);
  return arrival_of(lease, std::move(decoded));
}

struct Lane::Core {
  Core(Parts parts_in, InputBoxPtr answers_in)
      : parts(std::move(parts_in)), answers(std::move(answers_in)), housekeeping(parts.name) {
    if (parts.announcement) publisher.announce(*parts.announcement);
  }

  void run();
  [[nodiscard]] std::chrono::milliseconds wait() const;
  void answer(Input input) { answers->try_put(input); }  // refused only after the conductor's end
  base::Status prepare();
  void get_ready_to_publish();
  base::Result<warehouse::WriteReport> write(const warehouse::Batch& batch);
  template <class T>
  void note_failure(const base::Result<T>& result) {
    if (!result && result.error().kind != base::ErrorKind::rejected) prepared = false;
  }

  void carry_out(const WriteBatch& call);
  void carry_out(const FindMarker& call);
  void carry_out(const Probe& call);
  void carry_out(const FetchBacklog& call);
  void carry_out(const LaneCall& call) {
    std::visit([this](const auto& each) { carry_out(each); }, call);
  }
  void carry_out(const JobPtr& job);
  base::Status run_job(const JobSlip& job);

  Parts parts;
  InputBoxPtr answers;
  base::Mailbox<Work> calls{kCallsMax + kJobsMax};
  std::atomic<bool> has_job{false};
  Housekeeping housekeeping;
  Publisher publisher;
  std::atomic<bool> counts_duplicates{true};
  bool prepared = false;  // the lane's thread only
};

void Lane::Core::run() {
  for (;;) {
    const std::vector<Work> taken = calls.take_all(wait());
    if (taken.empty() && calls.closed()) break;
    for (const Work& work : taken) std::visit([this](const auto& each) { carry_out(each); }, work);
    get_ready_to_publish();
    if (!prepared) continue;
    housekeeping.step(*parts.warehouse, std::chrono::steady_clock::now());
    publisher.step(*parts.warehouse, std::chrono::steady_clock::now());
  }
  if (prepared) publisher.finish(*parts.warehouse);
}

// Also an instance to which nothing comes has something to say: that it runs.
void Lane::Core::get_ready_to_publish() {
  const auto now = std::chrono::steady_clock::now();
  if (prepared || !parts.is_primary || !publisher.due(now)) return;
  if (!prepare()) publisher.postpone(*parts.warehouse, now);
}

std::chrono::milliseconds Lane::Core::wait() const {
  const auto now = std::chrono::steady_clock::now();
  if (!prepared) return parts.is_primary ? publisher.wait(now) : kWaitForCall;
  const auto until_next = housekeeping.wait(now);
  return parts.is_primary ? std::min(until_next, publisher.wait(now)) : until_next;
}

// Before the first use, and again after a failure: the driver reconnects there.
base::Status Lane::Core::prepare() {
  if (prepared) return {};
  base::Status status = parts.warehouse->prepare();
  prepared = status.has_value();
  if (!prepared) return status;
  counts_duplicates = parts.warehouse->counts_duplicates();
  publisher.begin(*parts.warehouse, std::chrono::steady_clock::now());
  return status;
}

base::Result<warehouse::WriteReport> Lane::Core::write(const warehouse::Batch& batch) {
  if (!base::failpoint_drops(base::Failpoint::delivery_drop_before_write)) return parts.warehouse->write(batch);
  // A planted loss: the last event is left out and reported as written.
  warehouse::Batch less = batch;
  less.events.pop_back();
  base::Result<warehouse::WriteReport> report;
  if (!less.events.empty()) report = parts.warehouse->write(less);
  if (!report) return report;
  report->outcomes.push_back(warehouse::Outcome::written);
  report->reasons.emplace_back();
  return report;
}

void Lane::Core::carry_out(const WriteBatch& call) {
  // The machine's own clock: this thread may outlive every clock that was handed in.
  const auto begin = std::chrono::steady_clock::now();
  base::Result<warehouse::WriteReport> result;
  if (base::Status ready = prepare(); !ready) {
    result = base::fail(std::move(ready.error()));
    // Nothing was sent, so nothing is unknown; and no row was refused.
    if (result.error().kind == base::ErrorKind::unknown_outcome || result.error().kind == base::ErrorKind::rejected) {
      result.error().kind = base::ErrorKind::unavailable;
    }
  } else {
    result = write(*call.batch);
    note_failure(result);
  }
  answer(Written{.lane = parts.index,
                 .result = std::move(result),
                 .took = std::chrono::steady_clock::now() - begin,
                 .statement_id = parts.warehouse->statement_of(call.batch->id)});
}

void Lane::Core::carry_out(const FindMarker& call) {
  base::Result<std::optional<warehouse::Marker>> result;
  if (base::Status ready = prepare(); !ready) {
    result = base::fail(std::move(ready.error()));
  } else {
    result = parts.warehouse->find_marker(call.batch->id);
    note_failure(result);
  }
  answer(MarkerAnswered{
      .lane = parts.index, .result = std::move(result), .statement_id = parts.warehouse->statement_of(call.batch->id)});
}

void Lane::Core::carry_out(const Probe&) {
  base::Status status = prepare();
  if (status) {
    status = parts.warehouse->ping();
    note_failure(status);
  }
  answer(Probed{.lane = parts.index, .status = std::move(status)});
}

void Lane::Core::carry_out(const FetchBacklog& call) {
  auto leases = parts.backlog->receive(call.rows_max, std::chrono::milliseconds(0), {});
  if (leases && !leases->empty()) base::failpoint(base::Failpoint::backlog_fetched);
  Fetched fetched{.lane = parts.index, .result = {}};
  if (!leases) {
    fetched.result = base::fail(std::move(leases.error()));
  } else {
    fetched.result->reserve(leases->size());
    for (queue::Lease& lease : *leases) {
      fetched.result->push_back(arrival_of(lease, backlog::decode_owed(std::move(lease.message), parts.identity)));
    }
  }
  answer(std::move(fetched));
}

void Lane::Core::carry_out(const JobPtr& job) {
  if (job->begin()) {
    base::Status result = run_job(*job);
    has_job = false;  // first: whoever is told may come with the next one
    job->end(std::move(result));
  } else {
    has_job = false;
  }
}

base::Status Lane::Core::run_job(const JobSlip& job) {
  if (calls.closed()) return base::fail(base::ErrorKind::cancelled, "the lane ends: nothing was done", parts.name);
  base::Status status = prepare();
  // Doubles keep the lane itself from writing, not who removes them.
  if (!status && status.error().kind == base::ErrorKind::conflict) status = parts.warehouse->prepare_to_mend();
  if (!status) {
    // Nothing was sent, so nothing is unknown.
    if (status.error().kind == base::ErrorKind::unknown_outcome) status.error().kind = base::ErrorKind::unavailable;
    return status;
  }
  status = job.run(*parts.warehouse);
  if (!status && status.error().kind != base::ErrorKind::rejected) prepared = false;
  return status;
}

Lane::Lane(Parts parts, InputBoxPtr answers)
    : product_(parts.warehouse->product()),
      core_(std::make_shared<Core>(std::move(parts), std::move(answers))),
      worker_("lane-" + core_->parts.name, [core = core_](std::stop_token) {
        // A secondary's batches, those of its backlog above all, must not be felt by intake and the primary (rule 5).
        if (!core->parts.is_primary) base::yield_to_other_threads();
        core->run();
      }) {}

void Lane::give(LaneCall call) {
  const bool taken = core_->calls.try_put(Work(std::move(call)));
  TWINSHIFT_ASSERT(taken);
}

base::Status Lane::run(LaneJob job, std::stop_token stop, std::chrono::milliseconds limit) {
  if (core_->has_job.exchange(true)) {
    return base::fail(base::ErrorKind::conflict, "an earlier command's work on this target has not ended",
                      core_->parts.name, "Try again when the target answers: nothing was done");
  }
  const auto slip = std::make_shared<JobSlip>(std::move(job));
  if (!core_->calls.try_put(Work(slip))) {
    core_->has_job = false;
    return base::fail(base::ErrorKind::cancelled, "the lane has ended: nothing was done", core_->parts.name);
  }
  return slip->wait(core_->parts.name, std::move(stop), limit);
}

void Lane::prune_before(base::WallTime before) {
  core_->housekeeping.prune_before(before);
}

void Lane::publish(const std::vector<warehouse::OwedRow>& rows) {
  core_->publisher.give(rows);
}

void Lane::speak(const warehouse::OwedRow& word) {
  core_->publisher.speak(word);
}

void Lane::settle() {
  core_->publisher.settle();
}

bool Lane::counts_duplicates() const {
  return core_->counts_duplicates;
}

void Lane::close() {
  core_->calls.close();
}

bool Lane::wait_for_end(std::chrono::nanoseconds limit) {
  return worker_.wait(limit);
}

}  // namespace twinshift::delivery
