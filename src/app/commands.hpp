// The commands behind the command line. Each returns an exit code (exit_code.hpp), writes its result to standard output
// and faults to standard error.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "app/table_text.hpp"
#include "config/settings.hpp"

namespace twinshift::app {

// Takes events until SIGTERM or SIGINT.
int serve(const config::Loaded& loaded);

struct QueryOptions {
  std::string sql;
  std::string target = "both";  // primary, secondary, both
  TableFormat format = TableFormat::table;
  std::size_t rows_max = 1000;
};
int query(const config::Settings& settings, const QueryOptions& options);

struct GenerateOptions {
  std::uint64_t events = 0;
  double rate_per_second = 0;  // 0: as fast as the other side answers
  std::string url;
  std::uint64_t seed = 1;
  unsigned connections = 8;
  std::string out_file;  // where set: one event a line into this file ("-": standard output), nothing is sent
};
int generate(const GenerateOptions& options);

}  // namespace twinshift::app
