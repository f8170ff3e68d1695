#include "base/thread.hpp"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

namespace twinshift::base {
namespace {

// sched(7), "The nice value": each step is a factor of 1.25, and on Linux it belongs to the thread.
constexpr int kYieldingNice = 10;

}  // namespace

void name_this_thread(const std::string& name) {
  pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
}

void yield_to_other_threads() {
  const auto self = static_cast<id_t>(::gettid());
  // One that yields more already (nice, a unit's Nice=) is left there.
  if (::getpriority(PRIO_PROCESS, self) < kYieldingNice) (void)::setpriority(PRIO_PROCESS, self, kYieldingNice);
}

}  // namespace twinshift::base
