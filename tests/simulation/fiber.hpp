// A stack of its own for code that waits, so that the service's blocking code runs as it is in a world of one thread.
// One thread; fibers may begin and go on within each other.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <ucontext.h>

namespace twinshift::simulation {

class Fiber {
 public:
  using Work = std::move_only_function<void()>;  // must not throw
  explicit Fiber(Work work);
  // Only once it is done: what lives on the stack would not be ended.
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // From outside: goes on until the next pause() or the end.
  void resume();
  // From within: back to whoever resumed it.
  void pause();
  [[nodiscard]] bool done() const { return done_; }
  [[nodiscard]] bool running() const { return running_; }

 private:
  static void enter(unsigned int high, unsigned int low);
  [[noreturn]] void run();

  Work work_;
  std::unique_ptr<std::byte[]> stack_;
  ucontext_t own_{};
  ucontext_t caller_{};
  bool done_ = false;
  bool running_ = false;
  // What the address and thread sanitizers want to know of a stack.
  void* fake_stack_ = nullptr;
  const void* caller_stack_ = nullptr;
  std::size_t caller_stack_bytes_ = 0;
  void* thread_fiber_ = nullptr;
  void* thread_caller_ = nullptr;
};

}  // namespace twinshift::simulation
