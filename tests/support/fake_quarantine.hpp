// A quarantine in memory that answers at once, and can be told to fail.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "quarantine/quarantine.hpp"

namespace twinshift::tests {

// Any thread.
class FakeQuarantine final : public quarantine::Quarantine {
 public:
  void put(std::vector<quarantine::Refused> events, quarantine::Done done) override {
    std::optional<base::Error> error;
    {
      const std::lock_guard lock(mutex_);
      error = error_;
      if (!error) {
        for (quarantine::Refused& each : events) {
          ++counts_[each.target];
          kept_.push_back(std::move(each));
        }
      }
    }
    done(error ? base::Status(base::fail(*error)) : base::Status());
  }
  void remove(std::vector<quarantine::Ticket>, quarantine::Removed done) override { done(std::uint64_t{0}); }
  quarantine::QuarantineStatus status() override {
    const std::lock_guard lock(mutex_);
    return {counts_, error_};
  }
  void close() override {}

  void fail_puts(std::optional<base::Error> error) {
    const std::lock_guard lock(mutex_);
    error_ = std::move(error);
  }
  std::vector<quarantine::Refused> kept() const {
    const std::lock_guard lock(mutex_);
    return kept_;
  }

 private:
  mutable std::mutex mutex_;  // guards all below
  std::vector<quarantine::Refused> kept_;
  std::map<std::string, std::uint64_t> counts_;
  std::optional<base::Error> error_;
};

}  // namespace twinshift::tests
