// Compares our scanner and decoder with simdjson, which shares no line with them.
#pragma once

#include <string>
#include <string_view>

namespace twinshift::tests {

// Empty where both agree about `json`, or differ for a known reason; else what is wrong. What simdjson takes, we take,
// with the same keys, texts and kinds. What we take and simdjson refuses holds half a surrogate pair, a number beyond
// 64 bits or a double, or more levels than it allows. And what must hold for any text: the ways into our scanner agree,
// an accepted text decodes, has an id that does not change with white space, and lists all its members.
std::string disagreement(std::string_view json);

}  // namespace twinshift::tests
