// What a message's text may be made of, and how such a text goes into a request. Any thread; no I/O.
#pragma once

#include <string>
#include <string_view>

namespace twinshift::queue::sqs {

// Can SQS carry these bytes as they are? Valid UTF-8 of #x9 | #xA | #xD | #x20-#xD7FF | #xE000-#xFFFD |
// #x10000-#x10FFFF (SendMessage, "MessageBody"); anything else is InvalidMessageContents.
bool is_carried_text(std::string_view bytes);

// Appends the inside of a JSON string (no quotes). `text` must be valid UTF-8, so nothing is looked at beyond ASCII:
// an event in an envelope has an escape every ten bytes, and base::append_json_string would check each byte in between.
void append_escaped(std::string& out, std::string_view text);

}  // namespace twinshift::queue::sqs
