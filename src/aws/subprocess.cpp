#include "aws/subprocess.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include "base/descriptor.hpp"

namespace twinshift::aws {
namespace {

using base::ErrorKind;
using Clock = std::chrono::steady_clock;

// How often we look whether a program that has closed its output has ended.
constexpr std::chrono::milliseconds kLookEvery{5};

// What the program finds: files, signals, process group.
class Setting {
 public:
  explicit Setting(int output) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes_, 0);
    // We block and ignore some; a program that inherits that hangs or writes into broken pipes.
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes_, &signals);
    sigfillset(&signals);
    posix_spawnattr_setsigdefault(&attributes_, &signals);
  }
  Setting(const Setting&) = delete;
  Setting& operator=(const Setting&) = delete;
  ~Setting() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

// A running program; killed, with all its children, where it is not waited for to its end.
class Child {
 public:
  // 0, or errno.
  int start(const std::vector<std::string>& words, int output) {
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const Setting setting(output);
    pid_t pid = -1;
    const int error =
        posix_spawnp(&pid, arguments[0], &setting.actions_, &setting.attributes_, arguments.data(), environ);
    if (error == 0) pid_ = pid;
    return error;
  }
  Child() = default;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ >= 0) end();
  }
  // Its status once it has ended; what it has left behind in its group ends with it.
  std::optional<int> ended() {
    siginfo_t info{};
    const int asked = ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
    if (asked == 0 && info.si_pid == 0) return std::nullopt;
    return end();
  }

 private:
  // The group is killed before its leader is reaped: until then nobody else can have that number.
  int end() {
    ::kill(-pid_, SIGKILL);
    int status = -1;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }

  pid_t pid_ = -1;
};

class Run {
 public:
  Run(const Program& program, const std::stop_token& stop)
      : program_(program),
        stop_(stop),
        until_(Clock::now() + program.time_max),
        wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

  base::Result<std::string> run() {
    const std::stop_callback on_stop(stop_, [this] {
      const std::uint64_t one = 1;
      [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
    });
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(std::strerror(errno));
    output_.reset(ends[0]);
    base::Descriptor input(ends[1]);
    const int error = child_.start(program_.words, input.get());
    input.reset();
    if (error != 0) return fail(std::string("cannot be started: ") + std::strerror(error));
    if (auto read = read_all(); !read) return base::fail(std::move(read.error()));
    return end();
  }

 private:
  [[nodiscard]] std::unexpected<base::Error> fail(std::string what, ErrorKind kind = ErrorKind::unavailable) const {
    return base::fail(kind, "The credential process " + std::move(what), program_.words.front(),
                      "Run it by hand as the service's user and see what it says");
  }
  [[nodiscard]] std::unexpected<base::Error> out_of_time() const {
    if (stop_.stop_requested()) return fail("was ended: we are stopping", ErrorKind::cancelled);
    return fail("did not end within " + std::to_string(program_.time_max.count()) + " ms");
  }
  [[nodiscard]] bool time_is_up() const { return stop_.stop_requested() || Clock::now() >= until_; }

  // Until its output ends.
  base::Status read_all() {
    while (!time_is_up()) {
      std::array<pollfd, 2> both{{{output_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}}};
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until_ - Clock::now());
      if (::poll(both.data(), both.size(), static_cast<int>(left.count())) <= 0 || both[0].revents == 0) continue;
      std::array<char, 4096> buffer{};
      const ssize_t count = ::read(output_.get(), buffer.data(), buffer.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return {};
      text_.append(buffer.data(), static_cast<std::size_t>(count));
      if (text_.size() > program_.output_bytes_max) {
        return fail("wrote more than " + std::to_string(program_.output_bytes_max) + " bytes");
      }
    }
    return out_of_time();
  }

  base::Result<std::string> end() {
    std::optional<int> status;
    while (!(status = child_.ended())) {
      if (time_is_up()) return out_of_time();
      std::this_thread::sleep_for(kLookEvery);
    }
    if (*status == 0) return std::move(text_);
    if (*status < 0) return fail("was reaped by someone else");
    if (WIFSIGNALED(*status)) return fail("ended by signal " + std::to_string(WTERMSIG(*status)));
    return fail("ended with exit status " + std::to_string(WEXITSTATUS(*status)));
  }

  const Program& program_;
  const std::stop_token& stop_;
  const Clock::time_point until_;
  const base::Descriptor wake_;
  base::Descriptor output_;
  std::string text_;
  Child child_;
};

}  // namespace

base::Result<std::string> run_program(const Program& program, const std::stop_token& stop) {
  return Run(program, stop).run();
}

}  // namespace twinshift::aws
