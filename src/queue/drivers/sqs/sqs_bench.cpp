// What an event costs on its way into SQS and out of it, without the network: an envelope, its escapes, its sums, its
// share of a batch; a received ten.
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "event/sample.hpp"
#include "queue/drivers/sqs/calls.hpp"
#include "queue/drivers/sqs/digest.hpp"
#include "queue/drivers/sqs/envelope.hpp"
#include "queue/drivers/sqs/poller.hpp"
#include "queue/drivers/sqs/sqs_text.hpp"

namespace twinshift::queue::sqs {
namespace {

constexpr std::size_t kEvents = 64;
constexpr base::WallTime kAt{std::chrono::hours(475'000)};

std::vector<Message> events() {
  std::vector<Message> out;
  for (std::size_t i = 0; i < kEvents; ++i) {
    out.push_back({event::sample_event(1, i, kAt), "01900000-0000-7000-8000-000000000000", kAt});
  }
  return out;
}

std::vector<std::string> envelopes() {
  std::vector<std::string> out;
  for (const Message& each : events()) out.push_back(*write_envelope(each, kMessageBytesMax));
  return out;
}

void count(benchmark::State& state, std::size_t events_each, std::size_t bytes) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(events_each));
  state.counters["bytes/event"] = static_cast<double>(bytes);
}

void write_envelopes(benchmark::State& state) {
  const auto messages = events();
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(write_envelope(messages[i++ % kEvents], kMessageBytesMax));
  count(state, 1, messages[0].body.size());
}
BENCHMARK(write_envelopes);

void escape(benchmark::State& state) {
  const auto texts = envelopes();
  std::size_t i = 0;
  std::string out;
  for (auto _ : state) {
    out.clear();
    append_escaped(out, texts[i++ % kEvents]);
    benchmark::DoNotOptimize(out);
  }
  count(state, 1, texts[0].size());
}
BENCHMARK(escape);

void sum(benchmark::State& state) {
  const auto texts = envelopes();
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(md5_hex(texts[i++ % kEvents]));
  count(state, 1, texts[0].size());
}
BENCHMARK(sum);

// Everything that the driver does for ten messages on the way in.
void send_ten(benchmark::State& state) {
  const auto messages = events();
  std::size_t i = 0;
  for (auto _ : state) {
    std::vector<Outgoing> batch;
    for (std::size_t each = 0; each < kBatchEntriesMax; ++each) {
      batch.push_back({*write_envelope(messages[i++ % kEvents], kMessageBytesMax), {}, {}});
    }
    benchmark::DoNotOptimize(send_batch_request("https://sqs.us-east-1.amazonaws.com/1/queue", batch));
    for (const Outgoing& each : batch) benchmark::DoNotOptimize(md5_hex(each.text));
  }
  count(state, kBatchEntriesMax, messages[0].body.size());
}
BENCHMARK(send_ten);

// And on the way out.
void receive_ten(benchmark::State& state) {
  std::string answer = R"({"Messages":[)";
  const auto texts = envelopes();
  for (std::size_t i = 0; i < kBatchEntriesMax; ++i) {
    answer += i == 0 ? "" : ",";
    answer += R"({"MessageId":")" + std::to_string(i) + R"(","ReceiptHandle":")" + std::string(300, 'h') +
              R"(","MD5OfBody":")" + md5_hex(texts[i]) +
              R"(","Attributes":{"ApproximateReceiveCount":"1","SentTimestamp":"1704110400123"},"Body":")";
    append_escaped(answer, texts[i]);
    answer += "\"}";
  }
  answer += "]}";
  for (auto _ : state) {
    auto incoming = read_receive_answer(answer);
    benchmark::DoNotOptimize(read_messages(std::move(*incoming)));
  }
  count(state, kBatchEntriesMax, texts[0].size());
}
BENCHMARK(receive_ten);

}  // namespace
}  // namespace twinshift::queue::sqs
