// `twinshift serve`: start, reload at SIGHUP, stop at another signal.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <malloc.h>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>

#include "app/admin_token.hpp"
#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/reload.hpp"
#include "app/service.hpp"
#include "app/version.hpp"
#include "base/log.hpp"

namespace twinshift::app {
namespace {

namespace log = base::log;

// Blocked before the first thread starts, so that every thread inherits it and only wait() takes the signal.
class Signals {
 public:
  Signals() : hup_stops_(hup_stops()) {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    std::signal(SIGPIPE, SIG_IGN);  // a client that goes away is an error code, not the end
    std::signal(SIGXFSZ, SIG_IGN);  // so is a file size limit
  }
  // One SIGHUP is kept while a reload is under way, however many come: the kernel keeps no more of a kind.
  int wait() const {
    int signal = 0;
    while (sigwait(&set_, &signal) != 0) {
    }
    return signal;
  }
  [[nodiscard]] bool is_stop(int signal) const { return signal != SIGHUP || hup_stops_; }
  // A stop waits to be taken.
  [[nodiscard]] static bool stop_pending() { return pending(SIGTERM) || pending(SIGINT); }
  [[nodiscard]] static bool pending(int signal) {
    sigset_t waiting;
    return sigpending(&waiting) == 0 && sigismember(&waiting, signal) == 1;
  }

 private:
  // In a terminal the signal says that it has closed; under nohup nobody minds.
  static bool hup_stops() {
    struct sigaction before{};
    const bool ignored = sigaction(SIGHUP, nullptr, &before) == 0 && before.sa_handler == SIG_IGN;
    return !ignored && (isatty(STDIN_FILENO) == 1 || isatty(STDERR_FILENO) == 1);
  }

  const bool hup_stops_;
  sigset_t set_{};
};

// Events are made on one thread and freed on others; with glibc's default of eight arenas a core each of them keeps its
// own free memory. Two cost no speed that could be measured and save some 15 MB at full load.
void bound_heaps() {
  mallopt(M_ARENA_MAX, 2);
}

void say_what_was_read(const config::Loaded& loaded) {
  for (const std::string& warning : loaded.warnings) log::warn(warning);
  for (const std::string& note : loaded.notes) log::info(note);
}

int tell_failed_start(const base::Error& error) {
  log::fatal("Cannot start").add(error);
  std::fprintf(stderr, "twinshift: cannot start: %s\n", error.text().c_str());
  return kExitCannotStart;
}

int finish(Service& service, std::chrono::milliseconds limit, std::string_view reason, int code_if_clean = kExitOk) {
  log::info("Stopping").add("signal", reason);
  const delivery::StopReport report = service.stop(limit);
  {
    auto line = report.clean ? log::info("Stopped") : log::warn("Stopped with work left; it stays in the queue");
    line.add("parked", report.parked).add("released", report.released);
    for (const std::string& lane : report.stuck_lanes) line.add("stuckLane", lane);
  }
  if (Signals::pending(SIGHUP)) log::info("SIGHUP came while the service stopped: nothing is reloaded");
  log::flush();
  const int code = report.clean ? code_if_clean : kExitStopIncomplete;
  // A lane whose call never came back cannot be joined, and must not meet destructors; everything durable is closed
  // already.
  if (!report.stuck_lanes.empty() || service.leaves_threads()) _exit(code);
  return code;
}

Reloader make_reloader(Service& service, const config::Loaded& loaded, Reloader::Reread reread) {
  Reloader reloader(loaded, std::move(reread));
  reloader.add(log_level_part());
  for (LivePart& part : service.live_parts()) reloader.add(std::move(part));
  return reloader;
}

// Until a signal says stop. What a reload takes of the time that a stop then has is taken off: whoever sent the signal
// counts from there.
int serve_until_stopped(Service& service, const Signals& signals, const config::Loaded& loaded, Reloader reloader) {
  std::chrono::milliseconds limit = loaded.settings.shutdown_timeout;
  for (;;) {
    const int signal = signals.wait();
    if (signals.is_stop(signal)) return finish(service, limit, std::string("SIG") + sigabbrev_np(signal));
    if (Signals::stop_pending()) {
      log::info("SIGHUP: the service is about to stop, so nothing is reloaded");
      continue;
    }
    const auto begun = std::chrono::steady_clock::now();
    log::info("SIGHUP: reading the configuration again");
    (void)reloader.reload();  // has said what became of it
    if (service.delivery_lost()) {
      log::fatal("Delivery cannot begin again after a reload").add(*service.delivery_lost());
      return finish(service, limit, "none: delivery cannot begin again", kExitCannotStart);
    }
    const auto took = std::chrono::ceil<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun);
    limit = loaded.settings.shutdown_timeout;
    if (Signals::stop_pending()) limit = std::max(limit - took, limit / 2);
  }
}

}  // namespace

int serve(const config::Loaded& loaded, std::function<base::Result<config::Loaded>()> reread) {
  bound_heaps();
  const Signals signals;
  log::set_level(log::level_from(loaded.settings.log_level).value_or(log::Level::info));
  log::info("Twinshift starting").add("version", kVersion).add("pid", static_cast<std::int64_t>(getpid()));
  say_what_was_read(loaded);
  const auto settings = with_admin_token(loaded.settings);
  if (!settings) return tell_failed_start(settings.error());
  Service service(*settings, base::system_clock());
  if (auto started = service.start(); !started) {
    tell_failed_start(started.error());
    if (service.leaves_threads()) _exit(kExitCannotStart);
    return kExitCannotStart;
  }
  return serve_until_stopped(service, signals, loaded, make_reloader(service, loaded, std::move(reread)));
}

}  // namespace twinshift::app
