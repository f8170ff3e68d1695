// What HTTP costs by itself: reading a request, writing an answer, and both over a loopback connection with clients
// that wait for each answer. The whole-service load is elsewhere.
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "http/client.hpp"
#include "http/request_reader.hpp"
#include "http/response_text.hpp"
#include "http/server.hpp"

namespace twinshift::http {
namespace {

using namespace std::chrono_literals;

// As AppsFlyer sends: a handful of headers and about 2.5 KB of JSON.
const std::string kBody = "{\"padding\":\"" + std::string(2500, 'x') + "\"}";
const std::string kRequest =
    "POST /webhook/appsflyer HTTP/1.1\r\nHost: example.org\r\nUser-Agent: AppsFlyer-Push-API\r\n"
    "Content-Type: application/json\r\nAccept: */*\r\nContent-Length: " +
    std::to_string(kBody.size()) + "\r\n\r\n" + kBody;
constexpr std::string_view kAnswer =
    R"({"success":true,"messageId":"385bc165-dc82-45ea-9224-83a8e4616f07","timestamp":"2026-01-01T00:00:00.000Z"})";

void read_request(benchmark::State& state) {
  const KeptHeaders kept({"authorization"});
  const RequestReader::Limits limits{16 * 1024, 1024 * 1024, kept};
  RequestReader reader(limits);
  for (auto _ : state) {
    reader.reset();
    const auto progress = reader.feed(kRequest);
    if (progress.step != RequestReader::Step::complete) state.SkipWithError("not read");
    benchmark::DoNotOptimize(reader.request().body.data());
  }
}
BENCHMARK(read_request);

void write_answer(benchmark::State& state) {
  Response response;
  response.body = kAnswer;
  DateText date;
  std::string out;
  for (auto _ : state) {
    out.clear();
    append_response(out, response, {}, date.now());
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(write_answer);

// Client and server share the process: the CPU time of both is counted.
void exchange_over_loopback(benchmark::State& state) {
  Options options;
  options.host = "127.0.0.1";
  options.port = 0;
  Routes routes;
  routes.add("POST", "/webhook/appsflyer", [](const Request&, Responder responder) {
    Response response;
    response.body = kAnswer;
    responder.send(std::move(response));
  });
  Server server(options, routes);
  if (!server.start()) return state.SkipWithError("the server did not start");
  auto client = Client::connect("127.0.0.1", server.port(), 10s);
  if (!client) return state.SkipWithError("no connection");
  for (auto _ : state) {
    const auto answer = client->request("POST", "/webhook/appsflyer", kBody);
    if (!answer || answer->status != 200) return state.SkipWithError("not answered");
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(exchange_over_loopback)->MeasureProcessCPUTime()->UseRealTime();

}  // namespace
}  // namespace twinshift::http
