#include "netbios/xml_reader.h"

#include <expat.h>

#include <memory>

#include "model/nt_status.h"

namespace dozo::netbios {
namespace {

struct Walk {
  XML_Parser parser;
  XmlVisitor& visitor;
  std::vector<std::string> texts;  // of the elements that are open
  bool refused = false;

  void refuse() {
    refused = true;
    XML_StopParser(parser, XML_FALSE);
  }
};

Walk& walk_of(void* data) { return *static_cast<Walk*>(data); }

void on_start(void* data, const XML_Char* name, const XML_Char** /*attributes*/) {
  Walk& walk = walk_of(data);
  if (walk.refused) return;
  if (walk.texts.size() == kXmlDepthMax) return walk.refuse();
  walk.texts.emplace_back();
  walk.visitor.on_start(name);
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

void on_end(void* data, const XML_Char* name) {
  Walk& walk = walk_of(data);
  if (walk.refused || walk.texts.empty()) return;
  walk.visitor.on_end(name, trimmed(walk.texts.back()));
  walk.texts.pop_back();
}

void on_text(void* data, const XML_Char* text, int length) {
  Walk& walk = walk_of(data);
  if (walk.refused || walk.texts.empty()) return;
  std::string& current = walk.texts.back();
  if (current.size() + static_cast<std::size_t>(length) > kXmlTextMax) return walk.refuse();
  current.append(text, static_cast<std::size_t>(length));
}

void on_document_type(void* data, const XML_Char*, const XML_Char*, const XML_Char*, int) { walk_of(data).refuse(); }

}  // namespace

Result<> walk_xml(Bytes xml, XmlVisitor& visitor) {
  if (xml.size() > kXmlSizeMax) return fail(NtStatus::INVALID_PARAMETER);
  const std::unique_ptr<XML_ParserStruct, void (*)(XML_Parser)> parser(XML_ParserCreateNS(nullptr, ' '),
                                                                       XML_ParserFree);
  if (!parser) return fail(NtStatus::INSUFFICIENT_RESOURCES);
  Walk walk{parser.get(), visitor, {}};
  XML_SetUserData(parser.get(), &walk);
  XML_SetElementHandler(parser.get(), on_start, on_end);
  XML_SetCharacterDataHandler(parser.get(), on_text);
  XML_SetStartDoctypeDeclHandler(parser.get(), on_document_type);
  const XML_Status status = XML_Parse(parser.get(), as_chars(xml.data()), static_cast<int>(xml.size()), XML_TRUE);
  if (status != XML_STATUS_OK || walk.refused) return fail(NtStatus::INVALID_PARAMETER);
  return {};
}

}  // namespace dozo::netbios
