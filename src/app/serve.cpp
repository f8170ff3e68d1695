// `twinshift serve`: start, wait for a signal, stop.
#include <csignal>
#include <cstdio>
#include <cstring>
#include <malloc.h>
#include <unistd.h>

#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "app/service.hpp"
#include "app/version.hpp"
#include "base/log.hpp"

namespace twinshift::app {
namespace {

namespace log = base::log;

// Blocked before the first thread starts, so that every thread inherits it and only wait() takes the signal.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGHUP);  // the terminal it was started in has closed
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    std::signal(SIGPIPE, SIG_IGN);  // a client that goes away is an error code, not the end
    std::signal(SIGXFSZ, SIG_IGN);  // so is a file size limit
  }
  int wait() const {
    int signal = 0;
    while (sigwait(&set_, &signal) != 0) {
    }
    return signal;
  }

 private:
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

int finish(Service& service, const config::Settings& settings, int signal) {
  log::info("Stopping").add("signal", std::string("SIG") + sigabbrev_np(signal));
  const delivery::StopReport report = service.stop(settings.shutdown_timeout);
  {
    auto line = report.clean ? log::info("Stopped") : log::warn("Stopped with work left; it stays in the queue");
    line.add("parked", report.parked).add("released", report.released);
    for (const std::string& lane : report.stuck_lanes) line.add("stuckLane", lane);
  }
  log::flush();
  const int code = report.clean ? kExitOk : kExitStopIncomplete;
  // A lane whose call never came back cannot be joined, and must not meet destructors; everything durable is closed
  // already.
  if (!report.stuck_lanes.empty() || service.leaves_threads()) _exit(code);
  return code;
}

}  // namespace

int serve(const config::Loaded& loaded) {
  bound_heaps();
  const StopSignals signals;
  log::set_level(log::level_from(loaded.settings.log_level).value_or(log::Level::info));
  log::info("Twinshift starting").add("version", kVersion).add("pid", static_cast<std::int64_t>(getpid()));
  say_what_was_read(loaded);
  Service service(loaded.settings, base::system_clock());
  if (auto started = service.start(); !started) {
    log::fatal("Cannot start").add(started.error());
    std::fprintf(stderr, "twinshift: cannot start: %s\n", started.error().text().c_str());
    if (service.leaves_threads()) _exit(kExitCannotStart);
    return kExitCannotStart;
  }
  return finish(service, loaded.settings, signals.wait());
}

}  // namespace twinshift::app
