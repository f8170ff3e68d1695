// Reload (SIGHUP): the configuration is read again; what can change live is given to the parts that have it, the rest
// is named as needing a restart. docs/operations.md#reload lists which is which;
// tests/integration/test_reload.py holds the two in step.
//
// One thread (main).
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "config/changes.hpp"
#include "config/settings.hpp"

namespace twinshift::app {

// A part of the service that takes some options live.
struct LivePart {
  std::string name;                       // for the log: "intake"
  std::vector<std::string_view> options;  // as options.def names them
  bool reads_files = false;               // called at each reload: the files that the options name may have changed
  // Called on the main thread where one of them has changed, with the settings as they are to be. After an error the
  // part goes on as before, and its options are named again at the next reload.
  std::function<base::Status(const config::Settings&)> apply;
};

struct ReloadPlan {
  std::vector<config::Change> live;
  std::vector<std::string> restart;  // names alone: nobody needs a secret to know what to do
};

// Pure. `live`: the options that some part takes. The switch of the secondary waits for a restart where what the
// targets are has changed as well: else it would switch on one that is no longer meant. So does TLS where it is
// switched on or off: connections that are open, and whoever checks the port, speak the other.
ReloadPlan plan_reload(const config::Loaded& now, const config::Loaded& fresh,
                       const std::vector<std::string_view>& live);

class Reloader {
 public:
  using Reread = std::function<base::Result<config::Loaded>()>;
  Reloader(config::Loaded now, Reread reread) : now_(std::move(now)), reread_(std::move(reread)) {}

  void add(LivePart part) { parts_.push_back(std::move(part)); }
  // What the parts take, all together.
  [[nodiscard]] std::vector<std::string_view> live_options() const;

  // Says in the log what became of it. After an error (of the configuration, named with all its faults; or a file
  // that was read before is gone or empty) nothing has changed.
  base::Status reload();
  // What is in effect: what needs a restart stands here as it was at the start.
  [[nodiscard]] const config::Loaded& now() const { return now_; }

 private:
  base::Status take(const config::Loaded& fresh, const ReloadPlan& plan);
  // False: it stays as it was.
  bool apply(const LivePart& part, const config::Loaded& fresh, const std::vector<config::Change>& changed,
             std::vector<std::string>& taken);

  config::Loaded now_;
  const Reread reread_;
  std::vector<LivePart> parts_;
};

// LOG_LEVEL: takes effect with the next line.
LivePart log_level_part();

}  // namespace twinshift::app
