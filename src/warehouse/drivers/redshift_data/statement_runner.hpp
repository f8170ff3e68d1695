// Carries out what StatementRun says: one statement (a transaction of several) from its sending to its end.
//
// One thread at a time; blocks until the end, or until what is known of it will not change soon.
#pragma once

#include <functional>
#include <string>

#include "warehouse/drivers/redshift_data/data_api.hpp"
#include "warehouse/drivers/redshift_data/statement_run.hpp"

namespace twinshift::warehouse {

struct RunReport {
  StatementRun::End end = StatementRun::End::unknown;
  std::string id;           // the service's name for it; empty where it never said
  Description description;  // of a statement that ended
  base::Error error;        // of the last call that failed; empty where none did
};

class StatementRunner {
 public:
  // `target`: for log lines. `pause` waits: a test hands in its own.
  StatementRunner(DataApi& api, std::string target, std::function<void(std::chrono::milliseconds)> pause,
                  const base::Clock& clock)
      : api_(api), target_(std::move(target)), pause_(std::move(pause)), clock_(clock) {}

  // `id`: of a statement whose name is known already.
  RunReport run(const StatementRun& run, const DataRequest& request, std::string id = {});
  void pause(std::chrono::milliseconds wait) { pause_(wait); }

 private:
  struct Trip {
    StatementRun run;
    const DataRequest& request;
    RunReport report;
  };
  void send(Trip& trip, std::chrono::milliseconds wait);
  void look(Trip& trip, std::chrono::milliseconds wait);
  void cancel(Trip& trip);

  DataApi& api_;
  std::string target_;
  std::function<void(std::chrono::milliseconds)> pause_;
  const base::Clock& clock_;
  bool told_of_cancel_ = false;
};

// What an end that is not `finished` means for who asked for it. `target`: "primary".
base::Error error_of_end(const RunReport& report, const std::string& target);

// The text of the statement that failed, as the server gave it: quotes values, perhaps.
std::string server_text(const Description& description);
// Its place among the statements; their number where none of them failed.
std::size_t failed_statement(const Description& description);

}  // namespace twinshift::warehouse
