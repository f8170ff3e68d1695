// Both tables' connections for reading, which the service keeps open from one order of repair or rebuild to the next:
// to open them anew costs as much as some hundred events.
//
// One order at a time takes them (Turns); a thread of its own closes them when none has come for a while.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "base/error.hpp"
#include "config/settings.hpp"
#include "proof/side.hpp"

namespace twinshift::app {

// Two to the one that is copied from.
struct Readers {
  std::unique_ptr<proof::Side> here;
  std::unique_ptr<proof::Side> elsewhere;
  std::unique_ptr<proof::Side> elsewhere_too;
};
// Nothing is connected yet.
base::Result<Readers> open_readers(const config::Settings& settings, const std::string& target);

class KeptReaders {
 public:
  // A command's next order comes at once; what is left behind by one that was killed costs the databases little.
  static constexpr std::chrono::seconds kIdleMax{10};

  // Of one order. Gives them back when it goes, with what has been learned.
  class Loan {
   public:
    explicit Loan(KeptReaders& from) : from_(&from) {}
    Loan(Loan&& other) noexcept : from_(std::exchange(other.from_, nullptr)) {}
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    Loan& operator=(Loan&&) = delete;
    ~Loan() {
      if (from_ != nullptr) from_->give_back();
    }
    Readers& readers() { return from_->readers_; }
    // How many events to read at once; 0: nothing is known.
    std::size_t& read_at_once() { return from_->read_at_once_; }
    // They are not kept: something went wrong with one of them.
    void spoil() { from_->spoilt_ = true; }

   private:
    KeptReaders* from_;
  };

  explicit KeptReaders(std::chrono::milliseconds idle_max = kIdleMax) : idle_max_(idle_max) {}
  ~KeptReaders();
  KeptReaders(const KeptReaders&) = delete;
  KeptReaders& operator=(const KeptReaders&) = delete;

  [[nodiscard]] bool keeps_any();

  // Those of the order before where it was the same target's, else new ones. Errors: of the configuration.
  base::Result<Loan> take(const config::Settings& settings, const std::string& target);

 private:
  void give_back();
  void close_when_idle(const std::stop_token& stop);

  const std::chrono::milliseconds idle_max_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  bool lent_ = false;                                 // mutex_
  std::chrono::steady_clock::time_point returned_{};  // mutex_
  std::string target_{};                              // mutex_; empty: there are none
  // Whoever has them on loan, else mutex_.
  Readers readers_{};
  std::size_t read_at_once_ = 0;
  bool spoilt_ = false;
  std::jthread thread_;  // from the first loan on
};

}  // namespace twinshift::app
