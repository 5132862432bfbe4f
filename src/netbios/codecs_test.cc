// Names, the parts of packets the golden ones do not show, XML, and files of names.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hex_for_tests.h"
#include "netbios/browse.h"
#include "netbios/datagram.h"
#include "netbios/local_link.h"
#include "netbios/name_files.h"
#include "netbios/name_service.h"
#include "netbios/resolve.h"
#include "netbios/ws_discovery.h"
#include "netbios/xml_reader.h"

namespace dozo::netbios {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(NetbiosName, first_level_encoding_is_that_of_the_rfc) {
  // RFC 1001 14.1
  EXPECT_EQ(encode_first_level({"FRED", ' ', ""}), "EGFCEFEECACACACACACACACACACACACA");
  EXPECT_EQ(encode_first_level(any_name()), "CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
  EXPECT_EQ(encode_first_level(master_browsers()), "ABACFPFPENFDECFCEPFHFDEFFPFPACAB");
}

TEST(NetbiosName, every_suffix_comes_back) {
  for (int suffix = 0; suffix < 256; ++suffix) {
    const Name name{"STORE HOUSE", static_cast<std::uint8_t>(suffix), ""};
    EXPECT_EQ(decode_first_level(encode_first_level(name)), name);
  }
}

TEST(NetbiosName, what_is_no_computer_name_is_refused) {
  for (const char* typed : {"", "SIXTEEN-BYTES-XX", "*", "a.b", "tab\t"})
    EXPECT_FALSE(name_from_text(typed, 0)) << typed;
  EXPECT_EQ(name_from_text("storehouse", 0x20), (Name{"STOREHOUSE", 0x20, ""}));
  EXPECT_FALSE(decode_first_level("CKAA"));
  EXPECT_FALSE(decode_first_level(std::string(32, 'Q')));
}

TEST(NetbiosName, usage_depends_on_suffix_and_kind) {
  EXPECT_EQ(usage_of({"A", 0x20, ""}, false), "File Server Service");
  EXPECT_EQ(usage_of({"A", 0x00, ""}, true), "Domain or Workgroup Name");
  EXPECT_EQ(usage_of({"A", 0x1C, ""}, true), "Domain Controllers");
  EXPECT_EQ(usage_of({"A", 0x77, ""}, false), "unknown");
}

TEST(NamePacket, a_scope_that_is_too_long_is_not_encoded) {
  Name name{"A", 0, std::string(64, 'x')};
  EXPECT_FALSE(encode_name_packet(name_query(1, name, false)));
  name.scope = "a..b";
  EXPECT_FALSE(encode_name_packet(name_query(1, name, false)));
}

TEST(NamePacket, two_questions_are_refused) {
  const Labels name = {encode_first_level(any_name())};
  const DnsMessage message{.questions = {{name, kTypeNb, kClassIn}, {name, kTypeNb, kClassIn}}};
  EXPECT_FALSE(decode_name_packet(encode_dns(message)));
}

TEST(DnsName, limits_are_those_of_the_rfc) {
  EXPECT_THAT(labels_of("a.b."), ElementsAre("a", "b"));
  EXPECT_THAT(labels_of("a..b"), IsEmpty());
  EXPECT_THAT(labels_of(std::string(64, 'a')), IsEmpty());
  std::string longest = std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') + ".";
  EXPECT_THAT(labels_of(longest + std::string(61, 'd')), SizeIs(4));
  EXPECT_THAT(labels_of(longest + std::string(62, 'd')), IsEmpty());
  EXPECT_TRUE(same_labels(labels_of("Store.LOCAL"), labels_of("store.local")));
}

TEST(DnsAnswers, aliases_are_followed_and_circles_end) {
  const auto alias = [](const char* from, const char* to) {
    DnsRecord record{labels_of(from), kTypeCname, kClassIn, 1, {}};
    append_labels(record.data, labels_of(to));
    return record;
  };
  DnsMessage message{.answers = {alias("a", "b"), {labels_of("b"), kTypeA, kClassIn, 1, {192, 0, 2, 7}}}};
  EXPECT_THAT(addresses_of(message, labels_of("a")), ElementsAre("192.0.2.7"));
  message.answers = {alias("a", "b"), alias("b", "a")};
  EXPECT_THAT(addresses_of(message, labels_of("a")), IsEmpty());
}

TEST(DnsAnswers, address_data_of_another_size_are_none) {
  EXPECT_EQ(address_in({labels_of("a"), kTypeA, kClassIn, 1, {1, 2, 3}}), "");
  EXPECT_EQ(address_in({labels_of("a"), kTypeAaaa, kClassIn, 1, {1, 2, 3, 4}}), "");
}

// --- Datagrams

NetbiosDatagram announcement_datagram(const Announcement& announcement) {
  return {.source = {"STOREHOUSE", kFileServer, ""},
          .destination = {"HARBOUR", kLocalMaster, ""},
          .data = encode_mailslot_write({"\\MAILSLOT\\BROWSE", encode_announcement(announcement)})};
}

TEST(Datagram, an_announcement_tells_name_comment_and_roles) {
  const Announcement announced{
      .name = "STOREHOUSE", .server_type = kServerTypeMasterBrowser | kServerTypePrint, .comment = "thick walls"};
  Neighbour host;
  ASSERT_TRUE(take_announcement(*encode_datagram(announcement_datagram(announced)), host));
  EXPECT_EQ(host.name, "STOREHOUSE");
  EXPECT_EQ(host.comment, "thick walls");
  EXPECT_THAT(host.roles, ElementsAre("master browser", "print server"));
}

TEST(Datagram, fragments_and_wrong_lengths_are_refused) {
  const ByteVector whole = *encode_datagram(announcement_datagram({.name = "A"}));
  ByteVector changed = whole;
  changed[1] |= 0x01;  // more fragments
  EXPECT_FALSE(decode_datagram(changed));
  changed = whole;
  changed.push_back(0);
  EXPECT_FALSE(decode_datagram(changed));
}

TEST(Mailslot, data_that_begin_before_the_name_ends_are_refused) {
  ByteVector write = encode_mailslot_write({"\\MAILSLOT\\BROWSE", {1, 2, 3}});
  EXPECT_EQ(decode_mailslot_write(write)->data, (ByteVector{1, 2, 3}));
  store_le<std::uint16_t>(write.data() + 58, 40);  // DataOffset
  EXPECT_FALSE(decode_mailslot_write(write));
}

TEST(NodeStatusTable, says_group_roles_and_file_service) {
  const NodeStatus status{.names = {{{"STOREHOUSE", 0x00, ""}, {}},
                                    {{"HARBOUR", 0x00, ""}, {.group = true}},
                                    {{"STOREHOUSE", 0x20, ""}, {}},
                                    {{"HARBOUR", 0x1C, ""}, {.group = true}}}};
  Neighbour host;
  take_node_status(status, host);
  EXPECT_EQ(host.name, "STOREHOUSE");
  EXPECT_EQ(host.group, "HARBOUR");
  EXPECT_TRUE(host.file_server);
  EXPECT_THAT(host.roles, ElementsAre("domain controller"));
}

// --- XML

constexpr std::string_view kMatches =
    R"(<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"
 xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery">
 <s:Header><a:RelatesTo>urn:uuid:1</a:RelatesTo></s:Header><s:Body><d:ProbeMatches><d:ProbeMatch>
 <a:EndpointReference><a:Address>urn:uuid:2</a:Address></a:EndpointReference><d:Types>wsdp:Device pub:Computer</d:Types>
 <d:XAddrs>http://192.0.2.7:5357/x</d:XAddrs></d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>)";

TEST(WsDiscovery, a_match_tells_endpoint_types_and_addresses) {
  const auto found = decode_probe_matches(as_bytes(kMatches));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->relates_to, "urn:uuid:1");
  ASSERT_THAT(found->matches, SizeIs(1));
  EXPECT_EQ(found->matches[0].endpoint, "urn:uuid:2");
  EXPECT_THAT(found->matches[0].types, ElementsAre("Device", "Computer"));
  EXPECT_THAT(found->matches[0].addresses, ElementsAre("http://192.0.2.7:5357/x"));
}

TEST(WsDiscovery, every_truncation_is_refused) {
  for (std::size_t size = 0; size < kMatches.size(); ++size) {
    EXPECT_FALSE(decode_probe_matches(as_bytes(kMatches.substr(0, size)))) << size;
  }
}

TEST(WsDiscovery, the_probe_is_xml_but_no_match) {
  const std::string probe = encode_probe("urn:uuid:3");
  EXPECT_THAT(probe, HasSubstr("<wsa:MessageID>urn:uuid:3<"));
  EXPECT_FALSE(decode_probe_matches(as_bytes(probe)));
  EXPECT_EQ(message_uuid({}), "urn:uuid:00000000-0000-4000-a000-000000000000");
}

struct Nothing : XmlVisitor {
  void on_start(std::string_view) override {}
  void on_end(std::string_view, std::string_view) override {}
};

bool is_walked(const std::string& xml) {
  Nothing visitor;
  return walk_xml(as_bytes(xml), visitor).has_value();
}

std::string nested(std::size_t depth) {
  std::string open, close;
  for (std::size_t i = 0; i < depth; ++i) open += "<a>", close += "</a>";
  return open + close;
}

TEST(Xml, bounds_hold) {
  EXPECT_TRUE(is_walked(nested(kXmlDepthMax)));
  EXPECT_FALSE(is_walked(nested(kXmlDepthMax + 1)));
  EXPECT_TRUE(is_walked("<a>" + std::string(kXmlTextMax, 'x') + "</a>"));
  EXPECT_FALSE(is_walked("<a>" + std::string(kXmlTextMax + 1, 'x') + "</a>"));
  EXPECT_FALSE(is_walked("<a>" + std::string(kXmlSizeMax, ' ') + "</a>"));
}

TEST(Xml, a_document_type_is_refused_so_that_no_entity_is_expanded) {
  EXPECT_FALSE(is_walked("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"));
  EXPECT_FALSE(is_walked("<a>&b;</a>"));
  EXPECT_TRUE(is_walked("<a>&amp;</a>"));
}

// --- Files

TEST(NameFiles, hosts_gives_all_addresses_of_a_name) {
  const std::string_view file =
      "127.0.0.1 localhost\n192.0.2.7\tStore storehouse # x\n2001:db8::1 STOREHOUSE\nno storehouse\n";
  EXPECT_THAT(addresses_in_hosts(file, "storehouse"), ElementsAre("192.0.2.7", "2001:db8::1"));
  EXPECT_THAT(addresses_in_hosts(file, "x"), IsEmpty());
}

TEST(NameFiles, lmhosts_knows_its_keywords) {
  // [MS-NBTE] 4.2
  const auto entries = entries_in_lmhosts(
      "# comment\r\n102.54.94.97  rhino  #PRE #DOM:networking #net group's DC\r\n"
      "102.54.94.102 \"appname  \\0x14\" #special app server\n#INCLUDE \\\\server\\public\\lmhosts\n102.54.94.123 "
      "popular #PRE\n");
  ASSERT_THAT(entries, SizeIs(3));
  EXPECT_EQ(entries[0].name, "rhino");
  EXPECT_TRUE(entries[0].preloaded);
  EXPECT_EQ(entries[0].domain, "networking");
  EXPECT_EQ(entries[1].name, "appname");
  EXPECT_EQ(entries[1].suffix, 0x14);
  EXPECT_FALSE(entries[1].preloaded);
}

TEST(NameFiles, resolver_settings_and_order) {
  const auto settings =
      settings_in_resolv_conf("search a.example\nnameserver 192.0.2.53\nnameserver x\nsearch b.example c\n");
  EXPECT_THAT(settings.servers, ElementsAre("192.0.2.53"));
  EXPECT_THAT(settings.search, ElementsAre("b.example", "c"));
  EXPECT_THAT(host_sources_in_nsswitch("passwd: files\nhosts: files mdns4_minimal [NOTFOUND=return] dns\n"),
              ElementsAre("files", "mdns4_minimal", "dns"));
}

// --- What answers say together

Step step_of(Mechanism mechanism, std::vector<std::pair<std::string, std::string>> answers) {
  Step step{.mechanism = mechanism, .where = "eth0"};
  for (auto& [from, address] : answers) step.answers.push_back({.from = from, .addresses = {address}});
  return step;
}

std::vector<Finding::Kind> kinds_of(const std::vector<Step>& steps) {
  std::vector<Finding::Kind> kinds;
  for (const Finding& finding : findings_of(steps)) kinds.push_back(finding.kind);
  return kinds;
}

TEST(Findings, mechanisms_that_disagree_are_a_conflict) {
  EXPECT_THAT(
      kinds_of({step_of(Mechanism::dns, {{"d", "192.0.2.1"}}), step_of(Mechanism::llmnr, {{"h", "192.0.2.2"}})}),
      ElementsAre(Finding::Kind::conflict));
}

TEST(Findings, two_families_of_one_host_are_none) {
  EXPECT_THAT(
      kinds_of({step_of(Mechanism::dns, {{"d", "192.0.2.1"}}), step_of(Mechanism::mdns, {{"h", "2001:db8::1"}})}),
      IsEmpty());
}

TEST(Findings, two_hosts_that_answer_one_multicast_are_suspicious) {
  EXPECT_THAT(kinds_of({step_of(Mechanism::dns, {{"d", "192.0.2.1"}}),
                        step_of(Mechanism::nbns_broadcast, {{"192.0.2.1", "192.0.2.1"}, {"192.0.2.9", "192.0.2.9"}})}),
              ElementsAre(Finding::Kind::several_answer));
}

TEST(Findings, a_name_that_only_multicast_knows_is_not_proven) {
  EXPECT_THAT(kinds_of({step_of(Mechanism::llmnr, {{"h", "192.0.2.2"}})}), ElementsAre(Finding::Kind::only_multicast));
}

}  // namespace
}  // namespace dozo::netbios
