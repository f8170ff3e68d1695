// A simulated target's table as a comparison asks it (src/proof/side.hpp), in the time of the command that asks. One
// thread.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "proof/side.hpp"
#include "tests/simulation/sim_warehouse.hpp"
#include "tests/simulation/task.hpp"

namespace twinshift::simulation {

class SimSide final : public proof::Side {
 public:
  // `knows_bytes`: says that all of it is read at once; else the comparison goes in bites.
  SimSide(Surroundings& around, Task& task, SimWarehouse& warehouse, std::string name, bool knows_bytes)
      : around_(around), task_(task), warehouse_(warehouse), name_(std::move(name)), knows_bytes_(knows_bytes) {}

  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] bool asked_beside() const override { return false; }
  base::Result<std::optional<proof::Span>> extent(const proof::Span& span) override;
  base::Result<std::optional<proof::Span>> extent_of_arrivals(const proof::Span& received) override;
  base::Result<std::int64_t> without_id() override;
  base::Result<std::optional<std::int64_t>> bytes() override;
  base::Result<proof::Digests> windows(std::span<const proof::Span> spans, std::chrono::seconds window) override;
  base::Result<proof::Digests> parts(const proof::Slice& slice) override;
  base::Result<std::vector<proof::Listed>> list(const proof::Slice& slice) override;
  base::Result<std::vector<proof::Listed>> doubles(const proof::Slice& slice) override;
  base::Result<std::map<std::string, proof::Presence>> present(std::span<const proof::Listed> asked,
                                                               proof::Where where) override;
  base::Result<std::set<std::string>> erased(std::span<const proof::Listed> asked) override;
  base::Result<std::vector<warehouse::StoredEvent>> rows(const proof::Slice& slice, std::size_t rows_max) override;
  base::Result<std::vector<warehouse::StoredEvent>> rows_of(std::span<const proof::Listed> asked,
                                                            proof::Where where) override;

 private:
  // One row as it stands there.
  struct Seen {
    const Content* content = nullptr;
    const event::Event* event = nullptr;
    Spoil spoil = Spoil::none;
    std::int64_t key = 0;
    base::WallTime event_at{};
  };
  base::Status ask();
  template <class See>
  void each(See see) const;
  template <class See>
  void each_of(std::span<const proof::Listed> asked, proof::Where where, See see) const;
  [[nodiscard]] Seen seen(std::int64_t number, int copy) const;
  static bool in(const Seen& row, const proof::Slice& slice);
  static proof::Listed listed(const Seen& row);
  static warehouse::StoredEvent stored(const Seen& row);
  template <class Group>
  proof::Digests digests(const proof::Slice& slice, Group group) const;
  std::vector<proof::Listed> by_id(const proof::Slice& slice) const;

  Surroundings& around_;
  Task& task_;
  SimWarehouse& warehouse_;
  const std::string name_;
  const bool knows_bytes_;
};

}  // namespace twinshift::simulation
