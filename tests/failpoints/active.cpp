#include "tests/failpoints/active.hpp"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <unistd.h>
#include <utility>

#include "tests/failpoints/plan.hpp"
#include "tests/failpoints/points.hpp"

namespace twinshift::failpoints {
namespace {

using base::failpoint_link::Verdict;

constexpr std::string_view kFilePrefix = "file:";
constexpr std::chrono::milliseconds kLookEvery{5};
constexpr int kExitWrongPlan = 2;

std::string environment_text() {
  const char* text = std::getenv("TWINSHIFT_FAILPOINTS");
  return text == nullptr ? "" : text;
}

class Keeper {
 public:
  Keeper() : text_(environment_text()) {
    if (!text_.starts_with(kFilePrefix)) return;
    file_ = text_.substr(kFilePrefix.size());
    text_.clear();
  }

  base::Status load() {
    const std::lock_guard lock(mutex_);
    return file_.empty() ? parse(text_) : refresh();
  }

  Verdict reach(base::Failpoint point) {
    std::unique_lock lock(mutex_);
    insist(refresh());
    const Order* found = plan_.pass(point);
    if (found == nullptr) return Verdict::go_on;
    const Action action = found->action;
    note(point, action);
    switch (action) {
      case Action::kill:
        (void)::kill(::getpid(), SIGKILL);
        for (;;) ::pause();
      case Action::pause:
        wait_while_paused(lock, point);
        return Verdict::go_on;
      case Action::error:
        return Verdict::fail;
      case Action::drop:
        return Verdict::drop;
    }
    return Verdict::go_on;
  }

 private:
  // The functions below: mutex_ is held.

  base::Status parse(std::string_view text) {
    auto parsed = Plan::parse(text);
    if (!parsed) return base::fail(std::move(parsed.error()));
    plan_ = std::move(*parsed);
    return {};
  }

  // Counting begins anew where the text has changed.
  base::Status refresh() {
    if (file_.empty()) return {};
    std::ostringstream read;
    if (std::ifstream file(file_); file && file.peek() != std::ifstream::traits_type::eof()) read << file.rdbuf();
    std::string text = std::move(read).str();
    if (text == text_) return {};
    text_ = std::move(text);
    return parse(text_);
  }

  void note(base::Failpoint point, Action action) const {
    if (file_.empty()) return;
    std::ofstream acted(file_ + ".acted", std::ios::app);
    acted << all_points()[static_cast<std::size_t>(point)].name << ' ' << to_string(action) << '\n' << std::flush;
  }

  void wait_while_paused(std::unique_lock<std::mutex>& lock, base::Failpoint point) {
    while (plan_.pauses(point)) {
      lock.unlock();
      std::this_thread::sleep_for(kLookEvery);
      lock.lock();
      insist(refresh());
    }
  }

  static void insist(const base::Status& read) {
    if (read) return;
    std::fprintf(stderr, "twinshift_failpoints: %s\n", read.error().text().c_str());
    ::_exit(kExitWrongPlan);
  }

  std::mutex mutex_;
  std::string text_;
  std::string file_;
  Plan plan_;
};

// Never destroyed: threads that a stop leaves behind still pass.
Keeper& keeper() {
  static Keeper& made = *new Keeper;
  return made;
}

}  // namespace

base::Status check_plan() {
  return keeper().load();
}

}  // namespace twinshift::failpoints

namespace twinshift::base::failpoint_link {

Verdict reach(Failpoint point) noexcept {
  return failpoints::keeper().reach(point);
}

}  // namespace twinshift::base::failpoint_link
