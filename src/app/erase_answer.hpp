// `twinshift erase` through the control socket: what the service answers, and how the command asks it. docs/erase.md
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "app/erase_door.hpp"
#include "app/order_time.hpp"
#include "app/person.hpp"
#include "base/error.hpp"
#include "control/control.hpp"
#include "delivery/delivery.hpp"
#include "proof/store_debts.hpp"

namespace twinshift::app {

inline constexpr const char* kEraseWaitingVerb = "erase waiting";
inline constexpr const char* kEraseVerb = "erase";
// What the other target has noted already (erased_union.hpp). Likewise, but never refused for a backlog that keeps ids
// alone: the target that owes them settles them as duplicates, for its own list has them.
inline constexpr const char* kNoteErasedVerb = "erase noted";
// Events in one request: four steps of Warehouse::erase(), so that live batches wait for none of them long. As many of
// them are taken as there is time for (OrderTime).
inline constexpr std::size_t kErasePlacesMax = 4 * warehouse::kRemovedMax;
// Events in one answer.
inline constexpr std::size_t kWaitingMax = 10'000;

struct ErasedPart {
  std::uint64_t rows = 0;  // that went
  std::size_t events = 0;  // of the order's, from the first on: the others were not begun
};
// One step: at most kRemovedMax events, and how long it may take.
using EraseStep =
    std::function<base::Result<std::uint64_t>(std::span<const warehouse::EventPlace>, std::chrono::milliseconds limit)>;
// A step that others' writers did not let in (`throttled`, Warehouse::erase()) is tried so often in all, and live
// batches have their turn between.
inline constexpr int kEraseTriesMax = 5;
// Step by step, one at least.
base::Result<ErasedPart> erase_in_time(std::span<const warehouse::EventPlace> events, const OrderTime& time,
                                       const EraseStep& step);

// Goes through the queue. Nothing is lent or changed. `cancelled` where `stop` was requested meanwhile.
base::Result<WaitingEvents> find_waiting(const proof::StoreDebts::Parts& stores, const Person& person,
                                         const std::stop_token& stop = {});
// A backlog beyond its budget keeps ids alone and reads the events from the primary again: there they must stay until
// it has. `conflict` where one owes such events.
base::Status check_ids_only(const proof::StoreDebts::Parts& stores);

control::Request erase_waiting_request(const Person& person);
control::Request erase_request(const std::string& field, const std::string& target,
                               std::span<const warehouse::EventPlace> events);

control::Request note_erased_request(const std::string& target, std::span<const warehouse::EventPlace> events);

// Sends `head` with all of the events, as many requests as it takes. Rows that went, also before an error.
using AskService = std::function<base::Result<control::Reply>(const control::Request&)>;
base::Status erase_through(const AskService& ask, const control::Request& head,
                           std::span<const warehouse::EventPlace> events, std::uint64_t& rows);
// Likewise on a warehouse of this process's own, which is prepared.
base::Status erase_on(warehouse::Warehouse& warehouse, std::span<const warehouse::EventPlace> events,
                      std::uint64_t& rows);

// In the service. The first: any thread, several at once. The other: one at a time (Turns), on the target's lane;
// `delivery` null: the consumer is off. Nothing that they say or log holds a value.
control::Reply answer_erase_waiting(const proof::StoreDebts::Parts& stores, const control::Request& request,
                                    const std::stop_token& stop = {});
control::Reply answer_erase(const proof::StoreDebts::Parts& stores, delivery::Delivery* delivery,
                            const control::Request& request);

// `unavailable` where the service could not do it, `conflict` where it is no such answer (another version).
base::Result<WaitingEvents> read_waiting_answer(const control::Reply& reply);
// `asked`: events of the order.
base::Result<ErasedPart> read_erase_answer(const control::Reply& reply, std::size_t asked);

}  // namespace twinshift::app
