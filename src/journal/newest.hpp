// The newest of what comes from several files: newest file first, within a file oldest first. Bounded. One thread.
#pragma once

#include <cstddef>
#include <deque>
#include <utility>
#include <vector>

namespace twinshift::journal {

template <class T>
class Newest {
 public:
  explicit Newest(std::size_t entries_max) : entries_max_(entries_max) {}

  void add(T entry) {
    of_file_.push_back(std::move(entry));
    if (of_file_.size() <= entries_max_) return;
    of_file_.pop_front();
    cut_ = true;
  }
  void end_of_file() {
    for (; !of_file_.empty() && kept_.size() < entries_max_; of_file_.pop_back()) {
      kept_.push_back(std::move(of_file_.back()));
    }
    cut_ = cut_ || !of_file_.empty();
    of_file_.clear();
  }
  [[nodiscard]] bool cut() const { return cut_; }
  std::vector<T> take() { return std::move(kept_); }  // the newest first

 private:
  const std::size_t entries_max_;
  std::deque<T> of_file_;
  std::vector<T> kept_;
  bool cut_ = false;
};

}  // namespace twinshift::journal
