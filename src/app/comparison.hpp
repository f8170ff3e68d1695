// What commands that compare the two targets share: both tables, what is owed to them, the range, and how far it is.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "config/settings.hpp"
#include "proof/debts.hpp"
#include "proof/side.hpp"
#include "proof/verifier.hpp"

namespace twinshift::app {

inline const std::array<std::string, 2> kComparedTargets{"primary", "secondary"};

// Both tables over connections of their own, to be asked only. Nothing is connected yet.
using OpenedSides = std::array<std::unique_ptr<proof::Side>, 2>;
base::Result<OpenedSides> open_sides(const config::Settings& settings);

// Both tables over connections of their own, and whoever knows what is owed. One thread.
class Comparison {
 public:
  // invalid where no secondary is configured; else the errors of open_debts(). Nothing is connected yet. Holds the data
  // folder where no service does.
  static base::Result<Comparison> open(const config::Settings& settings);

  struct Hooks {
    std::function<void(const proof::Finding&)> found{};
    std::function<void(const proof::VerifyProgress&)> told{};
    std::function<bool()> stop{};  // may be empty
  };
  base::Result<proof::VerifyReport> run(const proof::VerifyOptions& options, const Hooks& hooks);

  // Gives up what it has open, the data folder too: nothing is compared any more.
  void close();

  // Whether a side holds anything at all.
  base::Result<bool> holds_anything(std::size_t side);
  // Within which event_at those events lie that arrived in the span, on either side, as far as it can be read.
  base::Result<std::optional<proof::Span>> extent_of_arrivals(const proof::Span& received);

 private:
  Comparison() = default;
  OpenedSides sides_;
  std::unique_ptr<proof::Debts> debts_;
};

// --from, --to and --window, into the options. `invalid` says which one is wrong.
base::Status read_range(const std::string& from, const std::string& to, const std::string& window,
                        proof::VerifyOptions& into);
// `name`: of the option, for the error. Nothing for an empty text.
base::Result<std::optional<base::WallTime>> read_moment(const std::string& text, const char* name);
// `invalid` where both are given and the range ends before it begins. `names` for the error: "--from, --to".
base::Status check_range(const std::optional<base::WallTime>& from, const std::optional<base::WallTime>& to,
                         const char* names);

// One line of a terminal that is written over again; nothing where standard error is none.
class ProgressLine {
 public:
  // `what`: "rows", "comparing".
  explicit ProgressLine(std::string what = {}) : what_(std::move(what)) {}
  void show(const proof::VerifyProgress& progress);
  void clear() const;

 private:
  const std::string what_;
  const bool on_ = is_terminal();
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point shown_ = begin_;
  static bool is_terminal();
};

}  // namespace twinshift::app
