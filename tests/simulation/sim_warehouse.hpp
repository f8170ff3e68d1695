// A warehouse as its promise describes it: one transaction a batch under a writer lock, each event once, a marker and
// the duplicates' rows with each commit. A batch goes on in the database when its writer dies or no longer listens.
// Its mood decides what goes wrong. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "tests/simulation/sim_table.hpp"
#include "tests/simulation/surroundings.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::simulation {

enum class Mood : std::uint8_t { well, slow, refusing, throttling, full, hanging, moody };
inline constexpr std::size_t kMoods = 7;

class SimWarehouse {
 public:
  SimWarehouse(Surroundings& around, std::string name, const TargetPlan& plan)
      : table(around, plan.unique),
        around_(around),
        random_(around.random.next()),
        name_(std::move(name)),
        by_row_(plan.reports_by_row) {}

  // A batch that was sent. The database ends it at `ends_at`, committed or not; the writer hears `answer` at
  // `answers_at`, which may be sooner: the connection broke, the outcome is unknown.
  struct Call {
    warehouse::Batch batch{};
    std::uint32_t instance = 0;
    std::uint64_t number = 0;
    bool commits = true;
    bool unheard = false;
    std::optional<base::ErrorKind> fails{};
    bool defers = false;
    bool ended = false;
    base::SteadyTime ends_at{};
    base::SteadyTime answers_at{};
    // An erasure: the events of batch.remove are noted, and their rows go.
    bool erases = false;
    bool notes = true;              // false: of a plant
    std::vector<bool> looked_up{};  // of a plant
    std::optional<base::Result<warehouse::WriteReport>> answer{};
  };
  using CallPtr = std::shared_ptr<Call>;

  CallPtr begin(const warehouse::Batch& batch, std::uint32_t instance);
  // `notes` false: of a plant.
  CallPtr begin_erasure(const warehouse::Batch& batch, std::uint32_t instance, bool notes);
  // Does what the call does in the database; its answer stands in it then.
  void end(Call& call);
  // Its writer has died: the database may go on with what it had begun, or not.
  void forget_writer(std::uint32_t instance);

  // When the last running transaction of this batch is over; nothing where none runs.
  [[nodiscard]] std::optional<base::SteadyTime> busy_until(const std::string& batch_id) const;
  base::Result<std::optional<warehouse::Marker>> find_marker(const warehouse::Batch& batch);
  base::Status ping();
  std::chrono::milliseconds call_time();

  void set_mood(Mood mood) { mood_ = mood; }
  [[nodiscard]] Mood mood() const { return mood_; }
  void refuse(std::int64_t event_key) { refused_.insert(event_key); }
  [[nodiscard]] std::size_t refused() const { return refused_.size(); }
  void refuse_all(bool all) { refuse_all_ = all; }
  void heal(bool keeps_refusing);

  SimTable table;
  [[nodiscard]] const Row& row(std::int64_t event_key) const { return table.row(event_key); }
  [[nodiscard]] bool has(std::int64_t event_key) const { return table.has(event_key); }
  [[nodiscard]] bool running() const { return !running_.empty(); }
  // A read-only question: how long it takes, and whether it fails then.
  std::chrono::milliseconds question_time();
  [[nodiscard]] base::Status question_answered();
  // What the markers of an instance sum up to.
  [[nodiscard]] std::int64_t landed(std::uint32_t instance, std::size_t hour) const { return landed_[instance][hour]; }
  // Of these how often this message's; the truth, whatever the markers say.
  [[nodiscard]] std::uint32_t landed_as(MessageIndex message) const {
    return message < landed_as_.size() ? landed_as_[message] : 0;
  }
  // How often `twinshift_duplicates` names this message.
  [[nodiscard]] std::uint32_t duplicates(MessageIndex message) const {
    return message < duplicates_.size() ? duplicates_[message] : 0;
  }

 private:
  base::Result<warehouse::WriteReport> commit(Call& call);
  warehouse::Outcome insert(const event::EventPtr& event, Call& call, std::size_t at, warehouse::Marker& marker);
  void note_duplicate(const event::Event& event);
  std::uint64_t remove(const Call& call);
  warehouse::WriteReport erase(const Call& call);
  void write_marker(const Call& call, const warehouse::Marker& marker);
  void choose_moody(Call& call);
  [[nodiscard]] bool refuses(const event::Event& event) const {
    return !table.row(event.key).erased && (refuse_all_ || refused_.contains(event.key));
  }

  Surroundings& around_;
  base::Random random_;
  const std::string name_;
  const bool by_row_;
  Mood mood_ = Mood::well;
  bool refuse_all_ = false;
  std::set<std::int64_t> refused_;
  std::unordered_map<std::string, warehouse::Marker> markers_;
  std::array<std::array<std::int64_t, kHours>, 4> landed_{};  // by instance
  std::vector<std::uint32_t> duplicates_;                     // by message
  std::vector<std::uint32_t> landed_as_;                      // likewise
  std::vector<CallPtr> running_;
  std::uint64_t calls_ = 0;
  std::map<std::string, std::uint64_t> said_absent_;  // by batch: the calls begun until then
};

}  // namespace twinshift::simulation
