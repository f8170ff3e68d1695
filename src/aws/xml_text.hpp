// Reads one element's text out of the XML that AWS's Query protocol answers with. Any thread; no I/O.
//
// Not a general XML reader. Namespace prefixes and attributes are passed over; a document type is refused, so no entity
// but XML's own five and numbers exists; depth and size are bounded, and nothing recurses: any bytes may be given to
// it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace twinshift::aws {

inline constexpr std::size_t kXmlDepthMax = 32;
inline constexpr std::size_t kXmlBytesMax = 1'048'576;

// The text of the first element at `path`, from the root: "ErrorResponse/Error/Code". White space is kept; the text of
// elements within is left out. Nothing where there is no such element, or where what stands before its end is not
// well-formed.
std::optional<std::string> xml_text(std::string_view xml, std::string_view path);

}  // namespace twinshift::aws
