// The MD5 sums by which SQS says what it got and what it gives (SQS Developer Guide, "Calculating the MD5 message
// digest for message attributes"). Any thread; no I/O. A guard against a broken way, not against an attacker.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace twinshift::queue::sqs {

// Lower-case hex; empty where this machine's OpenSSL gives no MD5 (FIPS mode).
std::string md5_hex(std::string_view bytes);

struct TextAttribute {
  std::string_view name;
  std::string_view value;  // of type String
};
// The attributes in the order of their names.
std::string md5_of_attributes(const std::vector<TextAttribute>& attributes);

// Does the sum that SQS names fit ours? An empty one on either side cannot be compared, and is let pass.
inline bool digests_agree(std::string_view ours, std::string_view theirs) {
  return ours.empty() || theirs.empty() || ours == theirs;
}

}  // namespace twinshift::queue::sqs
