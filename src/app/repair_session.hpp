// What repair and rebuild do alike: compare, put right what is found as it comes, look again at what was touched, and
// say so. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/comparison.hpp"
#include "app/repair_text.hpp"
#include "app/verify_text.hpp"
#include "base/error.hpp"
#include "config/settings.hpp"
#include "proof/finding.hpp"
#include "proof/mend.hpp"
#include "proof/repairer.hpp"
#include "proof/verifier.hpp"

namespace twinshift::app {

class RepairSession {
 public:
  struct Parts {
    Comparison* comparison = nullptr;
    proof::Mender* mender = nullptr;  // null: nothing is changed, the plan is told
    const config::Settings* settings = nullptr;
    bool json = false;
    bool lists = true;  // each finding, not only their number
    std::size_t ids_max = 0;
  };
  explicit RepairSession(Parts parts);

  using Wanted = std::function<bool(const proof::Finding&)>;
  // One comparison. What it finds, and `wanted` lets through, is told and, with a mender, put right. `progress` stands
  // before the progress line. Errors: of the comparison or of an order; what was done stands.
  base::Result<proof::VerifyReport> put_right(const proof::VerifyOptions& options, const Wanted& wanted,
                                              const char* progress);
  // What was put right until now is not looked at again, and what was left as missing not counted again.
  void begin_anew();
  // Compares once more where something was put right or left; what is still different is told.
  base::Status look_again(proof::VerifyOptions options, const Wanted& wanted);

  // What else was done or would be, told with the rest: a line; a member of the JSON answer (`"erased":{...}`).
  // `open`: something is left to be done.
  void note_beside(const std::string& line, const std::string& json_member, bool open);

  // Nothing is left to be put right, as of now.
  [[nodiscard]] bool is_done() const;

  // Writes what was compared, done and left; the program's exit code.
  int finish(const proof::VerifyReport& compared, std::chrono::seconds window);
  // Likewise where there was nothing yet that could be compared: what was noted beside.
  int finish_unseen();
  // Likewise where it could not be ended.
  int give_up(const base::Error& error);

 private:
  void note(const proof::Finding& finding);
  void note_left(const std::string& target, const proof::LeftEvent& left);
  void note_again(const proof::Finding& finding);
  void print(const std::string& text, const std::string& json);
  void finish_text(const proof::VerifyReport& compared, std::chrono::seconds window) const;
  void finish_json(const char* verdict) const;
  void print_receipts() const;
  [[nodiscard]] int exit_code() const;

  const Parts parts_;
  std::optional<proof::Repairer> repairer_;  // none without a mender
  bool deep_ = false;                        // the last comparison
  bool anew_ = false;                        // it is not the first
  std::size_t printed_ = 0;
  PlanCounts plan_;
  FindingCounts found_;
  FindingCounts rest_;      // what nobody puts right, and what was still different
  std::uint64_t left_ = 0;  // that a person has to look into
  std::uint64_t left_told_ = 0;
  bool left_unsound_ = false;            // of these one without a row that tells it
  std::vector<std::string> left_json_;   // at most ids_max
  std::vector<std::string> again_json_;  // likewise
  std::string beside_;                   // lines
  std::string beside_json_;              // members, each behind a comma
  bool beside_open_ = false;
  std::optional<proof::VerifyReport> again_;
  std::string looked_text_;  // where
  FindingCounts again_found_;
};

}  // namespace twinshift::app
