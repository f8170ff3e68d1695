// `twinshift generate`: AppsFlyer-like events over HTTP, or into a file.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <mutex>
#include <thread>
#include <unistd.h>
#include <vector>

#include "app/commands.hpp"
#include "app/event_sender.hpp"
#include "app/exit_code.hpp"
#include "event/sample.hpp"

namespace twinshift::app {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

// A refused or failed event is sent again this often before it counts as failed; AppsFlyer itself tries four times.
constexpr int kTriesMax = 5;
constexpr auto kPauseBetweenTries = 500ms;
// So many events in a row that failed end the run: the other side is gone.
constexpr std::uint64_t kFailedInARowMax = 50;
constexpr auto kProgressEvery = 1s;
// Where the sample events' times lie: fixed, so that the same seed gives the same bytes on any day.
constexpr auto kSampleTime = base::WallTime(std::chrono::sys_days(std::chrono::year(2026) / 1 / 15));

class Run {
 public:
  Run(const GenerateOptions& options, MakeSender make_sender)
      : options_(options), make_sender_(std::move(make_sender)) {}

  int execute() {
    started_ = SteadyClock::now();
    std::vector<std::jthread> senders;
    const auto count = static_cast<unsigned>(std::min<std::uint64_t>(options_.connections, options_.events));
    senders_left_ = count;
    for (unsigned i = 0; i < count; ++i) senders.emplace_back([this] { send_all(); });
    show_progress();
    senders.clear();
    finish();
    return failed_ == 0 && accepted_ == options_.events ? kExitOk : kExitFailed;
  }

 private:
  void send_all() {
    const std::unique_ptr<EventSender> sender = make_sender_();
    std::vector<double> latencies;
    for (std::uint64_t index = next_++; index < options_.events; index = next_++) {
      wait_for_turn(index);
      const std::string body = event::sample_event(options_.seed, index, kSampleTime);
      const auto begun = SteadyClock::now();
      if (send(*sender, body)) {
        latencies.push_back(std::chrono::duration<double, std::milli>(SteadyClock::now() - begun).count());
        ++accepted_;
        failed_in_a_row_ = 0;
      } else {
        ++failed_;
        if (++failed_in_a_row_ >= kFailedInARowMax) next_ = options_.events;
      }
    }
    const std::lock_guard lock(mutex_);
    latencies_ms_.insert(latencies_ms_.end(), latencies.begin(), latencies.end());
    --senders_left_;
  }

  // Event number `index` is due at index / rate after the start: a late start of one does not delay those after it.
  void wait_for_turn(std::uint64_t index) const {
    if (options_.rate_per_second <= 0) return;
    const std::chrono::duration<double> due(static_cast<double>(index) / options_.rate_per_second);
    std::this_thread::sleep_until(started_ + std::chrono::duration_cast<SteadyClock::duration>(due));
  }

  bool send(EventSender& sender, const std::string& body) {
    for (int attempt = 0; attempt < kTriesMax; ++attempt) {
      if (attempt > 0) std::this_thread::sleep_for(kPauseBetweenTries);
      const auto status = sender.post(body);
      if (!status) {
        remember(status.error().text());
        if (status.error().kind == base::ErrorKind::invalid) return false;
        continue;
      }
      if (*status == 200) return true;
      if (*status == 401) {
        remember("the service answered 401: give it a token that it knows (--token)");
        return false;
      }
      remember("the service answered " + std::to_string(*status));
      if (*status < 500) return false;
    }
    return false;
  }

  void remember(std::string error) {
    const std::lock_guard lock(mutex_);
    last_error_ = std::move(error);
  }

  void show_progress() {
    const bool terminal = isatty(STDERR_FILENO) != 0;
    auto next = started_ + kProgressEvery;
    while (senders_left_ > 0) {
      std::this_thread::sleep_for(50ms);
      if (SteadyClock::now() < next) continue;
      next += kProgressEvery;
      std::fprintf(stderr, "%s%llu of %llu events, %.0f/s, %llu failed%s", terminal ? "\r" : "",
                   number(accepted_ + failed_), number(options_.events), rate(), number(failed_),
                   terminal ? "   " : "\n");
    }
    if (terminal) std::fputc('\r', stderr);
  }

  void finish() {
    std::ranges::sort(latencies_ms_);
    const auto at = [this](double share) {
      if (latencies_ms_.empty()) return 0.0;
      return latencies_ms_[static_cast<std::size_t>(share * static_cast<double>(latencies_ms_.size() - 1))];
    };
    std::printf("%llu events sent, %llu accepted, %llu failed, %.0f/s, answered in %.1f ms (p50), %.1f ms (p99)\n",
                number(options_.events), number(accepted_), number(failed_), rate(), at(0.5), at(0.99));
    if (failed_ > 0) std::fprintf(stderr, "twinshift: the last fault was: %s\n", last_error_.c_str());
    const std::uint64_t left = options_.events - accepted_ - failed_;
    if (left > 0) {
      std::fprintf(stderr, "twinshift: gave up after %llu events in a row failed; %llu were not tried\n",
                   number(kFailedInARowMax), number(left));
    }
  }

  [[nodiscard]] double rate() const {
    const double seconds = std::chrono::duration<double>(SteadyClock::now() - started_).count();
    return seconds > 0 ? static_cast<double>(accepted_) / seconds : 0;
  }
  static unsigned long long number(std::uint64_t value) { return value; }

  const GenerateOptions& options_;
  const MakeSender make_sender_;
  SteadyClock::time_point started_;
  std::atomic<std::uint64_t> next_{0}, accepted_{0}, failed_{0}, failed_in_a_row_{0}, senders_left_{0};
  std::mutex mutex_;
  std::string last_error_;
  std::vector<double> latencies_ms_;
};

int write_file(const GenerateOptions& options) {
  const bool to_stdout = options.out_file == "-";
  std::FILE* file = to_stdout ? stdout : std::fopen(options.out_file.c_str(), "wb");
  if (file == nullptr) {
    std::fprintf(stderr, "twinshift: cannot write %s: check the folder and its rights\n", options.out_file.c_str());
    return kExitFailed;
  }
  bool ok = true;
  for (std::uint64_t index = 0; ok && index < options.events; ++index) {
    const std::string line = event::sample_event(options.seed, index, kSampleTime) + '\n';
    ok = std::fwrite(line.data(), 1, line.size(), file) == line.size();
  }
  ok = (to_stdout ? std::fflush(file) : std::fclose(file)) == 0 && ok;
  if (!ok) std::fprintf(stderr, "twinshift: writing %s failed: is the disk full?\n", options.out_file.c_str());
  return ok ? kExitOk : kExitFailed;
}

}  // namespace

int generate(const GenerateOptions& options) {
  if (!options.out_file.empty()) return write_file(options);
  http::ClientHeaders headers{{"Content-Type", "application/json"}};
  if (!options.token.empty()) headers.emplace_back(options.token_header, options.token);
  auto make_sender = sender_to(options.url, options.ca_file, std::move(headers));
  if (!make_sender) {
    std::fprintf(stderr, "twinshift: %s\n", make_sender.error().text().c_str());
    return kExitUsage;
  }
  return Run(options, std::move(*make_sender)).execute();
}

}  // namespace twinshift::app
