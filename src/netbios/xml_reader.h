// A bounded walk through XML from the network. The only file besides its source that knows the XML library.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace dozo::netbios {

inline constexpr std::size_t kXmlSizeMax = 64 * 1024;
inline constexpr std::size_t kXmlDepthMax = 32;
inline constexpr std::size_t kXmlTextMax = 4096;

// Is told of each element when it ends. Names are "NAMESPACE LOCAL".
class XmlVisitor {
 public:
  virtual ~XmlVisitor() = default;
  virtual void on_start(std::string_view name) = 0;
  // `text`: what stood in the element itself, blanks at both ends cut.
  virtual void on_end(std::string_view name, std::string_view text) = 0;
};

// INVALID_PARAMETER when it is not well-formed, has a document type (so that there are no entities to expand), or is
// larger, deeper or has longer texts than the limits above. The visitor may have been told of a part by then.
Result<> walk_xml(Bytes xml, XmlVisitor& visitor);

}  // namespace dozo::netbios
