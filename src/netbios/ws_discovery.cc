#include "netbios/ws_discovery.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "model/nt_status.h"
#include "netbios/xml_reader.h"

namespace dozo::netbios {
namespace {

constexpr std::size_t kMatchesMax = 16;
constexpr std::size_t kAddressesMax = 16;

// The namespaces of what Windows speaks, WS-Discovery 1.0 (April 2005) and DPWS of 2006.
#define DOZO_WSD "http://schemas.xmlsoap.org/ws/2005/04/discovery"
#define DOZO_WSA "http://schemas.xmlsoap.org/ws/2004/08/addressing"
#define DOZO_WSDP "http://schemas.xmlsoap.org/ws/2006/02/devprof"
#define DOZO_SOAP "http://www.w3.org/2003/05/soap-envelope"

constexpr std::string_view kEnvelope =
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
    "<soap:Envelope xmlns:soap=\"" DOZO_SOAP "\" xmlns:wsa=\"" DOZO_WSA "\" xmlns:wsd=\"" DOZO_WSD
    "\" xmlns:wsdp=\"" DOZO_WSDP
    "\"><soap:Header><wsa:To>{}</wsa:To><wsa:Action>{}</wsa:Action><wsa:MessageID>{}</wsa:MessageID></soap:Header>"
    "<soap:Body>{}</soap:Body></soap:Envelope>\n";

std::vector<std::string> list_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty() && words.size() < kAddressesMax) {
    const std::size_t begin = text.find_first_not_of(" \t\r\n");
    if (begin == text.npos) break;
    text.remove_prefix(begin);
    const std::size_t end = text.find_first_of(" \t\r\n");
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end, text.size()));
  }
  return words;
}

std::string without_prefix(const std::string& name) { return name.substr(name.find(':') + 1); }

class MatchesVisitor : public XmlVisitor {
 public:
  ProbeMatches found;
  bool is_answer = false;

  void on_start(std::string_view name) override {
    if (name == DOZO_WSD " ProbeMatches") is_answer = true;
    if (name == DOZO_WSD " ProbeMatch") in_match_ = true, match_ = {};
  }

  void on_end(std::string_view name, std::string_view text) override {
    if (name == DOZO_WSA " RelatesTo") found.relates_to = text;
    if (!in_match_) return;
    if (name == DOZO_WSA " Address") match_.endpoint = text;
    if (name == DOZO_WSD " XAddrs") match_.addresses = list_of(text);
    if (name == DOZO_WSD " Types") {
      for (const std::string& type : list_of(text)) match_.types.push_back(without_prefix(type));
    }
    if (name != DOZO_WSD " ProbeMatch") return;
    in_match_ = false;
    if (found.matches.size() < kMatchesMax) found.matches.push_back(std::move(match_));
  }

 private:
  bool in_match_ = false;
  ProbeMatch match_;
};

}  // namespace

std::string message_uuid(const std::array<std::uint8_t, 16>& random) {
  const std::string hex = fmt::format("{:02x}", fmt::join(random, ""));
  return fmt::format("urn:uuid:{}-{}-4{}-a{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(13, 3),
                     hex.substr(17, 3), hex.substr(20));
}

std::string encode_probe(std::string_view message_id) {
  return fmt::format(kEnvelope, "urn:schemas-xmlsoap-org:ws:2005:04:discovery", DOZO_WSD "/Probe", message_id,
                     "<wsd:Probe><wsd:Types>wsdp:Device</wsd:Types></wsd:Probe>");
}

Result<ProbeMatches> decode_probe_matches(Bytes xml) {
  MatchesVisitor visitor;
  DOZO_CHECK(walk_xml(xml, visitor));
  if (!visitor.is_answer) return fail(NtStatus::INVALID_PARAMETER);
  return std::move(visitor.found);
}

}  // namespace dozo::netbios
