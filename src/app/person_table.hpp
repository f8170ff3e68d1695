// A person's events in one target's table, and what was erased from it. Reads over a connection of its own; changes
// nothing. One thread.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "app/person.hpp"
#include "base/error.hpp"
#include "warehouse/warehouse.hpp"

namespace twinshift::app {

// Events of one erasure: with more it is no person's.
inline constexpr std::size_t kErasedEventsMax = 100'000;
// Rows that may be theirs, looked into to find out: a page is one statement over the table.
inline constexpr std::size_t kCandidatesPageMax = 100'000;
inline constexpr int kCandidatePagesMax = 20;

class PersonTable {
 public:
  // `warehouse` need not be prepared: it is only asked.
  PersonTable(std::string target, std::unique_ptr<warehouse::Warehouse> warehouse)
      : target_(std::move(target)), warehouse_(std::move(warehouse)) {}
  // For tests.
  void set_page(std::size_t candidates) { page_max_ = candidates; }

  [[nodiscard]] const std::string& target() const { return target_; }

  // Each event once: the typed column has the value, and the event that the row tells is not another's; or only `extra`
  // has it. `full`: more than kErasedEventsMax, or too many to look into. Other errors: those of Warehouse::query().
  base::Result<std::vector<warehouse::EventPlace>> find(const Person& person);
  // Which of these are noted as erased: their ids. None where there is no such table yet.
  base::Result<std::set<std::string>> noted(std::span<const warehouse::EventPlace> events);
  // Which of these stand in the table, at their times: their ids. None where there is no such table yet.
  base::Result<std::set<std::string>> standing(std::span<const warehouse::EventPlace> events);
  // A page (kErasedPageMax) of everybody's, by id, each once; likewise.
  base::Result<std::vector<warehouse::EventPlace>> erased(const std::optional<event::EventId>& after);

 private:
  base::Result<warehouse::Table> ask(const std::string& sql, std::size_t rows_max);
  // The first of the conditions that the table's columns take; empty where it takes none.
  base::Result<std::string> first_valid(const std::vector<std::string>& conditions);
  // Rows that may be theirs; `typed`: the column itself has the value. Empty where the table lacks the columns.
  struct Conditions {
    std::string typed;
    std::string extra;
  };
  base::Result<Conditions> conditions_for(const Person& person);
  // The person's among them, page by page: `extra` of a narrow table may match many that are others'.
  base::Result<std::vector<warehouse::EventPlace>> theirs(const Person& person, const std::string& condition,
                                                          bool typed);
  // By id; from `from` on.
  base::Result<std::vector<warehouse::EventPlace>> candidates(const std::string& condition,
                                                              const std::optional<event::EventId>& from);
  base::Result<std::vector<warehouse::EventPlace>> check(const Person& person,
                                                         std::vector<warehouse::EventPlace> candidates, bool typed);
  [[nodiscard]] bool is_redshift() const { return warehouse_->product() == "Redshift"; }

  const std::string target_;
  const std::unique_ptr<warehouse::Warehouse> warehouse_;
  std::size_t page_max_ = kCandidatesPageMax;
};

}  // namespace twinshift::app
