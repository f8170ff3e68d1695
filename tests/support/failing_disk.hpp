// While it lives every write beyond a file's first page fails, in this whole process (setrlimit(2), RLIMIT_FSIZE).
#pragma once

#include <csignal>
#include <sys/resource.h>

namespace twinshift::tests {

class FailingDisk {
 public:
  FailingDisk() {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = 4096;
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FailingDisk() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  FailingDisk(const FailingDisk&) = delete;
  FailingDisk& operator=(const FailingDisk&) = delete;

 private:
  rlimit before_{};
};

}  // namespace twinshift::tests
