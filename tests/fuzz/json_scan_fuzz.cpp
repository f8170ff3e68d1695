// Any bytes at all: our scanner and decoder against simdjson and against themselves.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tests/fuzz/json_oracle.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  const std::string wrong = twinshift::tests::disagreement(json);
  if (!wrong.empty()) {
    std::fprintf(stderr, "%s\n%.*s\n", wrong.c_str(), static_cast<int>(json.size()), json.data());
    std::abort();
  }
  return 0;
}
