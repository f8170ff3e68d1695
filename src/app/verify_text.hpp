// A comparison for people and programs. Pure functions.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "proof/finding.hpp"
#include "proof/verifier.hpp"

namespace twinshift::app {

enum class VerifyVerdict : std::uint8_t {
  equal,      // but for what is owed, and what waits in a quarantine
  different,  // events are named that one side lacks, has doubled, or holds changed
  undecided,  // none of these, but of some nobody can say whether they are owed
};

// What was found, counted: by target and kind.
class FindingCounts {
 public:
  void add(const proof::Finding& finding) { ++counts_[{finding.target, finding.kind}]; }
  [[nodiscard]] VerifyVerdict verdict() const;
  [[nodiscard]] bool has(proof::FindingKind kind) const;
  // "2 missing in secondary, 1 doubled in primary"; empty where there is none.
  [[nodiscard]] std::string text() const;
  // {"primary":{"missing":1},"secondary":{}}
  [[nodiscard]] std::string json(const std::array<std::string, 2>& targets) const;

 private:
  std::map<std::pair<std::string, proof::FindingKind>, std::uint64_t> counts_;
};

// "missing      secondary  0123...  event_at 2026-11-26 19:00:00  received_at ..."
std::string finding_as_text(const proof::Finding& finding);
std::string finding_as_json(const proof::Finding& finding);

// What was compared, in a sentence; and the verdict, in another.
std::string compared_text(const proof::VerifyReport& report, std::chrono::seconds window);
std::string verdict_text(const FindingCounts& counts, const proof::VerifyReport& report);
// What a person is to do about it, where we cannot: a line; empty where there is nothing.
std::string advice_text(const FindingCounts& counts);
// Why something could not be told, a line each; empty where all could.
std::string reasons_text(const proof::VerifyReport& report);
// The members of the JSON answer behind "findings", without braces.
std::string report_as_json(const FindingCounts& counts, const proof::VerifyReport& report,
                           const std::array<std::string, 2>& targets);

// "1h", "30m": as parse_window() reads it.
std::string window_text(std::chrono::seconds window);

}  // namespace twinshift::app
