// The end of a world whose tables are compared: when all is calm its rows are spoilt once more, and then the commands
// must name just that, put it right, and find nothing more to do. A little traffic goes on beside them. One thread.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/simulation/commands.hpp"
#include "tests/simulation/corruption.hpp"

namespace twinshift::simulation {

class Inspection {
 public:
  Inspection(Outside& outside, Commands& commands, Corruption& corruption, const Verdicts& verdicts)
      : outside_(outside), around_(outside.around), commands_(commands), corruption_(corruption), verdicts_(verdicts) {}
  ~Inspection();

  // Once nothing is owed any more.
  void begin();
  [[nodiscard]] bool begun() const { return task_ != nullptr; }
  [[nodiscard]] bool done() const { return task_ != nullptr && task_->done(); }

 private:
  void inspect(Task& task);
  void finish_erasures(Task& task);
  void spoil();
  void check_named(const Commands::Compared& compared, bool deep);
  void put_right(Task& task);
  void check_put_right(const Commands::Compared& compared, const Commands::Repaired& repaired, bool deep);
  Instance& some_instance();

  Outside& outside_;
  Surroundings& around_;
  Commands& commands_;
  Corruption& corruption_;
  const Verdicts& verdicts_;
  TaskPtr task_;
  std::int64_t events_ = 0;  // that had come when the last spoiling began
};

}  // namespace twinshift::simulation
