// Linked into every test binary: takes the locale from the environment before the first test, for C and for C++, as a
// library that the service is linked with might one day do. Under elsewhere.sh that is one whose decimal sign is a
// comma.
#include <clocale>
#include <locale>
#include <stdexcept>

namespace {

const bool kTaken = [] {
  std::setlocale(LC_ALL, "");
  try {
    std::locale::global(std::locale(""));
  } catch (const std::runtime_error&) {
    // The environment names a locale that is not there: the tests then run in the classic one.
    return false;
  }
  return true;
}();

}  // namespace
