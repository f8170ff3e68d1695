// FNV-1a of 64 bits, which is in the public domain: quick, the same on every machine, and nothing against whoever wants
// two texts to collide.
#pragma once

#include <cstdint>
#include <string_view>

namespace twinshift::base {

inline constexpr std::uint64_t kFnv1aBegin = 0xCBF29CE484222325ULL;

// `hash`: of the text before this one.
constexpr std::uint64_t fnv1a(std::string_view text, std::uint64_t hash = kFnv1aBegin) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
  return hash;
}

// The algorithm's own test vectors.
static_assert(fnv1a("") == kFnv1aBegin && fnv1a("a") == 0xAF63DC4C8601EC8CULL &&
              fnv1a("foobar") == 0x85944171F73967E8ULL);

}  // namespace twinshift::base
