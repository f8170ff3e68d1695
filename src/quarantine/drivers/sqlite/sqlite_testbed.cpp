// An empty quarantine file in a temporary folder, with a clock that the test moves.
#include <string>

#include "base/assert.hpp"
#include "quarantine/drivers/sqlite/sqlite_quarantine.hpp"
#include "tests/conformance/quarantine_testbed.hpp"
#include "tests/support/temporary_folder.hpp"

namespace twinshift::quarantine {
namespace {

class SqliteQuarantineTestbed final : public QuarantineTestbed {
 public:
  std::unique_ptr<Quarantine> open() override {
    auto opened = open_sqlite_quarantine({.path = path(), .clock = &clock_});
    TWINSHIFT_ASSERT(opened.has_value());
    return std::move(*opened);
  }
  std::unique_ptr<Reader> reader() override {
    auto opened = open_sqlite_quarantine_reader(path());
    TWINSHIFT_ASSERT(opened.has_value());
    return std::move(*opened);
  }
  tests::ManualClock& clock() override { return clock_; }

 private:
  [[nodiscard]] std::string path() const { return (folder_ / "quarantine.db").string(); }

  tests::ManualClock clock_;
  tests::TemporaryFolder folder_;
};

}  // namespace

std::unique_ptr<QuarantineTestbed> make_sqlite_quarantine_testbed() {
  return std::make_unique<SqliteQuarantineTestbed>();
}

}  // namespace twinshift::quarantine
