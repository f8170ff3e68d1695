// What glibc's malloc does with freed memory, by what the process is for. Before its first thread.
#pragma once

#include <malloc.h>

namespace twinshift::app {

// A command that moves rows from one table to another takes and frees the same few megabytes hundreds of times a
// second. By default each is given back to the system and faulted in anew, page by page: a tenth of all it costs.
inline void keep_freed_memory() {
  constexpr int kKept = 64 << 20;  // what the process has had at its height, at most
  constexpr int kGrown = 1 << 20;
  mallopt(M_MMAP_THRESHOLD, kKept);
  mallopt(M_TRIM_THRESHOLD, kKept);
  mallopt(M_TOP_PAD, kGrown);
}

}  // namespace twinshift::app
