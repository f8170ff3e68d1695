#include "tests/simulation/fiber.hpp"

#include <cstdint>
#include <source_location>
#include <utility>
#include <vector>

#include "base/assert.hpp"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace twinshift::simulation {
namespace {

constexpr std::size_t kStackBytes = 512U << 10U;  // a sanitizer's frames are large; what is not touched costs nothing
constexpr unsigned kHalf = 32;
constexpr std::size_t kStacksKept = 16;

// Stacks are used again: a new one would have to be mapped each time.
std::vector<std::unique_ptr<std::byte[]>>& stacks() {
  static std::vector<std::unique_ptr<std::byte[]>> kept;
  return kept;
}

std::unique_ptr<std::byte[]> take_stack() {
  if (stacks().empty()) return std::make_unique_for_overwrite<std::byte[]>(kStackBytes);
  std::unique_ptr<std::byte[]> stack = std::move(stacks().back());
  stacks().pop_back();
  return stack;
}

}  // namespace

Fiber::Fiber(Work work) : work_(std::move(work)), stack_(take_stack()) {
  TWINSHIFT_ASSERT(getcontext(&own_) == 0);
  own_.uc_stack.ss_sp = stack_.get();
  own_.uc_stack.ss_size = kStackBytes;
  own_.uc_link = nullptr;
  // makecontext() hands over ints alone.
  const auto self = reinterpret_cast<std::uintptr_t>(this);
  makecontext(&own_, reinterpret_cast<void (*)()>(&Fiber::enter), 2, static_cast<unsigned int>(self >> kHalf),
              static_cast<unsigned int>(self));
#if defined(__SANITIZE_THREAD__)
  thread_fiber_ = __tsan_create_fiber(0);
#endif
}

Fiber::~Fiber() {
  TWINSHIFT_ASSERT(done_ && !running_);
#if defined(__SANITIZE_THREAD__)
  __tsan_destroy_fiber(thread_fiber_);
#endif
  if (stacks().size() < kStacksKept) stacks().push_back(std::move(stack_));
}

void Fiber::enter(unsigned int high, unsigned int low) {
  const auto self = static_cast<std::uintptr_t>(high) << kHalf | low;
  reinterpret_cast<Fiber*>(self)->run();
}

void Fiber::run() {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, &caller_stack_, &caller_stack_bytes_);
#endif
  work_();
  done_ = true;
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(nullptr, caller_stack_, caller_stack_bytes_);
#endif
#if defined(__SANITIZE_THREAD__)
  __tsan_switch_to_fiber(thread_caller_, 0);
#endif
  // Left for good without returning: a sanitizer counts each return as one of the stack that it believes to be on.
  setcontext(&caller_);
  base::assertion_failed("a fiber ends once", std::source_location::current());
}

void Fiber::resume() {
  TWINSHIFT_ASSERT(!done_ && !running_);
  running_ = true;
#if defined(__SANITIZE_ADDRESS__)
  void* fake_stack = nullptr;
  __sanitizer_start_switch_fiber(&fake_stack, stack_.get(), kStackBytes);
#endif
#if defined(__SANITIZE_THREAD__)
  thread_caller_ = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(thread_fiber_, 0);
#endif
  TWINSHIFT_ASSERT(swapcontext(&caller_, &own_) == 0);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
#endif
  running_ = false;
}

void Fiber::pause() {
  TWINSHIFT_ASSERT(running_);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(&fake_stack_, caller_stack_, caller_stack_bytes_);
#endif
#if defined(__SANITIZE_THREAD__)
  __tsan_switch_to_fiber(thread_caller_, 0);
#endif
  TWINSHIFT_ASSERT(swapcontext(&own_, &caller_) == 0);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(fake_stack_, &caller_stack_, &caller_stack_bytes_);
#endif
}

}  // namespace twinshift::simulation
