#include "app/mending.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "app/call_limit.hpp"
#include "app/debts_answer.hpp"
#include "app/driver_table.hpp"
#include "app/erase_answer.hpp"
#include "app/journal_witness.hpp"
#include "app/mend_answer.hpp"
#include "app/order_time.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"
#include "event/event.hpp"
#include "proof/settled_write.hpp"
#include "proof/side.hpp"
#include "proof/table_mender.hpp"
#include "warehouse/schema_access.hpp"

namespace twinshift::app {
namespace {

using proof::MendReport;

proof::TableMender::Parts parts_of(const config::Settings& settings, const Readers& readers) {
  return {.here = readers.here.get(),
          .elsewhere = readers.elsewhere.get(),
          .elsewhere_too = readers.elsewhere_too.get(),
          .write = {},
          .mint_id = [] { return base::uuid_v7(); },
          .rows_max = static_cast<std::size_t>(settings.batch_rows_max),
          .bytes_max = static_cast<std::size_t>(settings.batch_bytes_max),
          .ids_from_content = identity_mode(settings) == event::IdentityMode::content,
          .clock = &base::system_clock()};
}

// Outlives whoever gives it to a lane: the lane may run on when nobody waits any more.
struct LaneWrite {
  proof::BatchPtr batch;
  std::uint64_t standing = 0;
  proof::FindOwed find_owed{};
  proof::WriteSums sums{};
};

// Live batches wait for this look; where more is owed than can be looked through meanwhile, the command's own look
// before the order has to do.
proof::FindOwed owed_to(const std::string& target, const proof::StoreDebts::Parts& stores) {
  return [target, stores](std::span<const event::EventPtr> events) {
    std::vector<std::string> ids;
    ids.reserve(events.size());
    for (const event::EventPtr& event : events) ids.push_back(event->id.hex());
    const CallLimit limit(kOwedLookMax);
    const auto answers = proof::StoreDebts(stores, limit.token()).owes(target, ids);
    std::vector<bool> owed(events.size());
    for (std::size_t i = 0; answers && i < owed.size(); ++i) owed[i] = (*answers)[i] == proof::Owing::yes;
    return owed;
  };
}

// So that `twinshift trace` knows the batch.
void note_landed(delivery::Witness* witness, const std::string& target, const warehouse::Batch& batch,
                 const proof::WriteSums& sums) {
  if (witness != nullptr) witness->landed({.target = target, .batch = batch, .outcomes = sums.outcomes});
}

base::Result<proof::WriteSums> write_in_lane(const MendingParts& parts, const OrderTime& time,
                                             const std::string& target, proof::BatchPtr batch, std::uint64_t standing) {
  const auto write = std::make_shared<LaneWrite>(LaneWrite{std::move(batch), standing, owed_to(target, parts.stores)});
  auto job = [write](warehouse::Warehouse& warehouse) -> base::Status {
    auto sums = proof::write_unowed(warehouse, *write->batch, write->standing, write->find_owed);
    if (!sums) return base::fail(std::move(sums.error()));
    write->sums = std::move(*sums);
    return {};
  };
  auto done = parts.delivery->run_in_lane(target, std::move(job), time.job_max());
  if (!done) return base::fail(std::move(done.error()));
  note_landed(parts.witness, target, *write->batch, write->sums);
  return std::move(write->sums);
}

// A table that was dropped beside the lane's open connection is not seen before its next batch: it is made here.
base::Status make_dropped(warehouse::SchemaAccess& schema) {
  const auto table = schema.describe();
  if (!table) return base::fail(table.error());
  return table->exists ? base::Status() : schema.apply([](std::string_view) {});
}

// In the lane, so that nothing is written meanwhile.
base::Status make_ready(const config::Settings& settings, delivery::Delivery& delivery, const std::string& target) {
  auto opened = open_schema(settings, target);
  if (!opened) return base::fail(std::move(opened.error()));
  const std::shared_ptr<warehouse::SchemaAccess> schema = std::move(*opened);
  return delivery.run_in_lane(target, [schema](warehouse::Warehouse&) { return make_dropped(*schema); });
}

MendReport mend_in_service(const config::Settings& settings, const MendingParts& service,
                           const proof::MendOrder& order) {
  const OrderTime time(base::system_clock());
  if (order.places.empty()) {
    auto ready = make_ready(settings, *service.delivery, order.target);
    return ready ? MendReport() : MendReport{.error = std::move(ready.error())};
  }
  auto loan = service.readers->take(settings, order.target);
  if (!loan) return {.error = std::move(loan.error())};
  proof::TableMender::Parts parts = parts_of(settings, loan->readers());
  parts.read_first = loan->read_at_once();
  if (order.target == "primary") parts.rows_max = std::min(parts.rows_max, kMendRowsOfPrimaryMax);
  parts.write = [&](proof::BatchPtr batch, std::uint64_t standing) {
    return write_in_lane(service, time, order.target, std::move(batch), standing);
  };
  parts.until = time.begin_until();
  parts.stop = service.stop;
  proof::TableMender mender(std::move(parts));
  MendReport report = mender.mend(order);
  loan->read_at_once() = mender.read_at_once();
  if (report.error) loan->spoil();
  return report;
}

void log_mended(const proof::MendOrder& order, const MendReport& report) {
  if (report.batches == 0 && !report.error) return;
  base::log::Line line =
      report.error ? base::log::warn("A repair's order was not carried out whole") : base::log::info("Repaired");
  line.add("target", order.target)
      .add("asked", static_cast<std::uint64_t>(order.places.size()))
      .add("copied", report.copied)
      .add("replaced", report.replaced)
      .add("surplus_rows_removed", report.surplus)
      .add("left", static_cast<std::uint64_t>(report.left.size()))
      .add("batches", report.batches);
  if (report.error) line.add(*report.error);
}

class ServiceMender final : public TargetMender {
 public:
  explicit ServiceMender(const config::Settings& settings) : settings_(settings) {}

  MendReport mend(const proof::MendOrder& order) override {
    auto reply = control::ask(settings_.data_dir, mend_request(order));
    if (!reply) return {.error = std::move(reply.error())};
    return read_mend_reply(*reply);
  }
  base::Status note_erased(const std::string& target, std::span<const warehouse::EventPlace> events,
                           std::uint64_t& rows) override {
    const auto ask = [this](const control::Request& request) { return control::ask(settings_.data_dir, request); };
    return erase_through(ask, note_erased_request(target, {}), events, rows);
  }

 private:
  const config::Settings settings_;
};

// Writes both targets itself, while no service can.
class OwnMender final : public TargetMender {
 public:
  explicit OwnMender(const config::Settings& settings)
      : settings_(settings), witness_(open_journal(settings, base::system_clock())) {}

  MendReport mend(const proof::MendOrder& order) override {
    auto writer = writer_of(order.target);
    if (!writer) return {.error = std::move(writer.error())};
    if (order.places.empty()) return {};
    if (auto ready = readers_of(order.target); !ready) return {.error = std::move(ready.error())};
    return mender_of(order.target, std::move(*writer)).mend(order);
  }
  [[nodiscard]] std::size_t order_max(proof::MendKind kind) const override {
    return kind == proof::MendKind::copy ? proof::kCopiedHereMax : proof::mended_max(kind);
  }
  base::Status note_erased(const std::string& target, std::span<const warehouse::EventPlace> events,
                           std::uint64_t& rows) override {
    auto writer = writer_of(target);
    if (!writer) return base::fail(std::move(writer.error()));
    return erase_on(**writer, events, rows);
  }

 private:
  base::Result<std::shared_ptr<warehouse::Warehouse>> writer_of(const std::string& target) {
    if (const auto found = writers_.find(target); found != writers_.end()) return found->second;
    auto chosen = find_target(settings_, target);
    if (!chosen) return base::fail(std::move(chosen.error()));
    auto opened = open_warehouse(settings_, **chosen);
    if (!opened) return base::fail(std::move(opened.error()));
    if (auto ready = (*opened)->prepare_to_mend(); !ready) return base::fail(std::move(ready.error()));
    return writers_[target] = std::move(*opened);
  }

  // Kept from order to order: it has learned how many events to read at once.
  proof::TableMender& mender_of(const std::string& target, std::shared_ptr<warehouse::Warehouse> writer) {
    if (const auto found = menders_.find(target); found != menders_.end()) return found->second;
    proof::TableMender::Parts parts = parts_of(settings_, readers_.at(target));
    parts.write = [this, target, writer = std::move(writer)](const proof::BatchPtr& batch, std::uint64_t standing) {
      auto sums = proof::write_settled(*writer, *batch, standing);
      if (sums) note_landed(witness_.get(), target, *batch, *sums);
      return sums;
    };
    return menders_.try_emplace(target, std::move(parts)).first->second;
  }

  base::Status readers_of(const std::string& target) {
    if (readers_.contains(target)) return {};
    auto opened = open_readers(settings_, target);
    if (!opened) return base::fail(std::move(opened.error()));
    readers_[target] = std::move(*opened);
    return {};
  }

  const config::Settings settings_;
  std::map<std::string, std::shared_ptr<warehouse::Warehouse>> writers_;
  std::map<std::string, Readers> readers_;
  std::map<std::string, proof::TableMender> menders_;  // after what they use
  const std::unique_ptr<JournalWitness> witness_;      // null where TRACE_BYTES_MAX is 0
};

}  // namespace

control::Reply answer_mend(const config::Settings& settings, const MendingParts& parts,
                           const control::Request& request) {
  auto order = read_mend_request(request);
  if (!order) return {false, order.error().text()};
  if (parts.delivery == nullptr) {
    return {false,
            "the service writes no target (ENABLE_SQS_CONSUMER=false). Stop it, or let it deliver, and try again"};
  }
  const MendReport report = mend_in_service(settings, parts, *order);
  log_mended(*order, report);
  return mend_reply(report);
}

base::Result<bool> service_runs(const config::Settings& settings) {
  auto reply = control::ask(settings.data_dir, owes_request("primary", {}));
  if (reply) return true;
  if (reply.error().kind != base::ErrorKind::not_found) return base::fail(std::move(reply.error()));
  return false;
}

base::Result<std::unique_ptr<TargetMender>> open_mender(const config::Settings& settings) {
  const auto runs = service_runs(settings);
  if (!runs) return base::fail(runs.error());
  if (*runs) return std::make_unique<ServiceMender>(settings);
  return std::make_unique<OwnMender>(settings);
}

}  // namespace twinshift::app
