// A warehouse as its promise describes it: one transaction a batch, each event once, a marker for each commit. Its mood
// decides what goes wrong.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>

#include "base/random.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::simulation {

enum class Mood { well, slow, refusing, hanging, moody };

class SimWarehouse {
 public:
  explicit SimWarehouse(std::uint64_t seed) : random_(seed) {}

  // What a write does to the table and what it answers. An answer `unknown_outcome` may or may not have committed.
  base::Result<warehouse::WriteReport> write(const warehouse::Batch& batch);
  base::Result<std::optional<warehouse::Marker>> find_marker(const std::string& batch_id);
  base::Status ping();
  // How long a call takes.
  std::chrono::milliseconds call_time();

  void set_mood(Mood mood) { mood_ = mood; }
  void refuse(std::int64_t event_key) { refused_.insert(event_key); }
  void refuse_all(bool all) { refuse_all_ = all; }
  void heal();
  void report_by_row(bool by_row) { by_row_ = by_row; }

  [[nodiscard]] int copies(std::int64_t event_key) const {
    const auto found = rows_.find(event_key);
    return found == rows_.end() ? 0 : found->second;
  }
  [[nodiscard]] std::size_t size() const { return rows_.size(); }

  // Planted faults of the simulator's own test.
  bool forget_to_look_up = false;
  bool invent_markers = false;

 private:
  base::Result<warehouse::WriteReport> commit(const warehouse::Batch& batch);
  base::Result<warehouse::WriteReport> write_moody(const warehouse::Batch& batch);
  [[nodiscard]] bool refuses(const event::Event& event) const { return refuse_all_ || refused_.contains(event.key); }

  base::Random random_;
  Mood mood_ = Mood::well;
  bool by_row_ = false;
  bool refuse_all_ = false;
  std::set<std::int64_t> refused_;
  std::unordered_map<std::int64_t, int> rows_;
  std::map<std::string, warehouse::Marker> markers_;
};

}  // namespace twinshift::simulation
