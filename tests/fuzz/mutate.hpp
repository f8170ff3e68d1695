// Seeded damage to a text, of the kinds that make parsers stumble. One thread at a time.
#pragma once

#include <string>

#include "base/random.hpp"

namespace twinshift::tests {

// Makes 0 to 8 changes: bytes flipped, taken out, put in, doubled; JSON's own tokens, broken UTF-8 and escapes put in;
// cut off at the end.
void mutate(std::string& text, base::Random& random);

// Up to `bytes_max` bytes, drawn from JSON's own alphabet (most of the time) or from all bytes.
std::string random_bytes(std::size_t bytes_max, base::Random& random);

}  // namespace twinshift::tests
