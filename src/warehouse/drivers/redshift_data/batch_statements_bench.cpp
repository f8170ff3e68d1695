// What a batch costs us before it is sent: rows to literals, literals to statements, statements to a request.
#include <benchmark/benchmark.h>

#include "base/ids.hpp"
#include "warehouse/drivers/redshift_data/batch_statements.hpp"
#include "warehouse/drivers/redshift_data/data_api.hpp"
#include "warehouse/schema/real_testing.hpp"

namespace twinshift::warehouse {
namespace {

constexpr std::size_t kEventBytes = 2'500;

// As AppsFlyer sends it: some 60 fields, half of them short texts.
event::EventPtr typical_event(std::size_t number) {
  std::string json = R"({"event_time":"2024-01-01 12:00:00.123","appsflyer_id":"1700000000000-)" +
                     std::to_string(number) +
                     R"(","event_name":"af_purchase","event_value":"{\"af_revenue\":\"9.99\",\"af_currency\":\"USD\"}")"
                     R"(,"event_revenue":9.99,"is_retargeting":false,"wifi":true,"install_time":"2023-12-31 08:00:00")";
  int columns = 0;
  for (const event::Column& column : event::catalogue()) {
    if (json.size() + 2 > kEventBytes) break;
    if (column.type != event::ColumnType::text ||
        json.find('"' + std::string(column.name) + '"') != std::string::npos) {
      continue;
    }
    json += ",\"" + std::string(column.name) + "\":\"a value's " + std::to_string(columns++) + "\"";
  }
  return *event::decode_event(json + "}", "m", base::WallTime(std::chrono::hours(480'000)));
}

Layout made_layout() {
  Layout layout;
  layout.table = kTable;
  layout.real = made_table(Dialect::redshift);
  layout.fit = fit_table(Dialect::redshift, layout.real, layout.table);
  return layout;
}

void BM_BatchToRequest(benchmark::State& state) {
  const Layout layout = made_layout();
  Batch batch{base::uuid_v7(), {}};
  for (std::int64_t i = 0; i < state.range(0); ++i) batch.events.push_back(typical_event(static_cast<std::size_t>(i)));
  const MarkerOrigin origin{"t", "twinshift", batch.id, batch.events[0]->received_at};
  const DataApiPlace place{"cluster", "", "dev", "user", ""};
  std::size_t statements = 0;
  std::size_t bytes = 0;
  std::size_t staged = 0;
  for (auto _ : state) {
    BatchStatements made = make_batch_statements(batch, layout, origin);
    statements = made.statements.size();
    staged = made.staged;
    const std::string body =
        submit_body(place, {std::move(made.statements), "token", "name"}, std::chrono::seconds(30));
    bytes = body.size();
    benchmark::DoNotOptimize(body.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(staged));
  state.counters["statements"] = static_cast<double>(statements);
  state.counters["staged"] = static_cast<double>(staged);
  state.counters["request_bytes"] = static_cast<double>(bytes);
}
BENCHMARK(BM_BatchToRequest)->Arg(1)->Arg(100)->Arg(1'000)->Arg(1'500)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace twinshift::warehouse
