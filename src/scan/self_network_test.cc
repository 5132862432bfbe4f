#include "scan/self_network.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "scan/evidence.h"
#include "scan/fact_fields.h"

namespace dozo::scan {
namespace {

constexpr std::string_view kTcp =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 0100007F:01BD 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0\n"
    "   1: 00000000:01BD 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2 1 0 100 0 0 10 0\n"
    "   2: 0701A8C0:01BD 0801A8C0:C001 01 00000000:00000000 00:00000000 00000000     0        0 3 1 0 100 0 0 10 0\n"
    "nonsense\n   3: zz:01BD 0:0 0A\n";
constexpr std::string_view kTcp6 =
    "   0: 00000000000000000000000000000000:008B 00000000000000000000000000000000:0000 0A x\n"
    "   1: 00000000000000000000000001000000:008B 00000000000000000000000000000000:0000 0A x\n"
    "   2: B80D01200000000000000000010000FF:01BD 00000000000000000000000000000000:0000 0A x\n";

TEST(ProcNet, SocketsThatListenAreRead) {
  EXPECT_EQ(sockets_in_proc_net(kTcp, Transport::tcp),
            (std::vector<ListeningSocket>{{Transport::tcp, "127.0.0.1", 445}, {Transport::tcp, "0.0.0.0", 445}}));
  EXPECT_EQ(sockets_in_proc_net(kTcp6, Transport::tcp),
            (std::vector<ListeningSocket>{
                {Transport::tcp, "::", 139}, {Transport::tcp, "::1", 139}, {Transport::tcp, "2001:db8::ff00:1", 445}}));
  EXPECT_TRUE(sockets_in_proc_net("", Transport::tcp).empty());
}

TEST(ProcNet, UdpSocketsAreBoundInAnotherState) {
  EXPECT_EQ(sockets_in_proc_net("  5: 00000000:0089 00000000:0000 07 0\n", Transport::udp),
            (std::vector<ListeningSocket>{{Transport::udp, "0.0.0.0", 137}}));
  EXPECT_TRUE(sockets_in_proc_net("  5: 00000000:0089 00000000:0000 07 0\n", Transport::tcp).empty());
}

// A chain "input" of a filter table with these rules, each the JSON of its expressions.
std::string ruleset(std::string_view policy, std::initializer_list<const char*> rules, std::string_view more = "") {
  std::string text = fmt::format(
      R"({{"nftables": [{{"metainfo": {{}}}}, {{"chain": {{"family": "inet", "table": "f", "name": "input",
          "type": "filter", "hook": "input", "prio": 0, "policy": "{}"}}}})",
      policy);
  for (const char* rule : rules) {
    text += fmt::format(R"(, {{"rule": {{"family": "inet", "table": "f", "chain": "input", "expr": [{}]}}}})", rule);
  }
  return text + std::string(more) + "]}";
}

constexpr const char* kAccept445 =
    R"({"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 445}},
       {"accept": null})";
constexpr const char* kDropSmb =
    R"({"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}},
        "right": {"set": [139, {"range": [440, 450]}]}}}, {"drop": null})";
constexpr const char* kAcceptLan =
    R"({"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}},
        "right": {"prefix": {"addr": "10.0.0.0", "len": 8}}}}, {"accept": null})";
constexpr const char* kAcceptLoopback =
    R"({"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "lo"}}, {"accept": null})";
constexpr const char* kAcceptEstablished =
    R"({"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}},
       {"accept": null})";
constexpr const char* kStates =
    R"({"vmap": {"key": {"ct": {"key": "state"}}, "data": {"set": [["invalid", {"drop": null}],
        ["established", {"accept": null}]]}}})";
constexpr const char* kJump =
    R"({"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right":
       {"set": [139, 445]}}}, {"jump": {"target": "smb"}})";
constexpr const char* kChainSmb =
    R"(, {"chain": {"family": "inet", "table": "f", "name": "smb"}},
       {"rule": {"family": "inet", "table": "f", "chain": "smb", "expr": [
         {"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": "@lan"}},
         {"accept": null}]}},
       {"rule": {"family": "inet", "table": "f", "chain": "smb", "expr": [{"drop": null}]}})";

Passage passage(const std::string& rules, std::uint16_t port = 445) {
  const auto answer = passage_in_nft(rules, Transport::tcp, port);
  EXPECT_TRUE(answer.has_value()) << answer.error();
  return answer.value_or(Passage::unknown);
}

TEST(Nft, WithoutAnInputChainEverythingIsOpen) {
  EXPECT_EQ(passage(R"({"nftables": []})"), Passage::open);
  EXPECT_EQ(
      passage(R"({"nftables": [{"chain": {"name": "o", "hook": "output", "type": "filter", "policy": "drop"}}]})"),
      Passage::open);
}

TEST(Nft, ThePolicyDecidesWhatNoRuleDoes) {
  EXPECT_EQ(passage(ruleset("accept", {})), Passage::open);
  EXPECT_EQ(passage(ruleset("drop", {kAcceptLoopback, kAcceptEstablished, kStates})), Passage::closed);
}

TEST(Nft, TheFirstVerdictStands) {
  EXPECT_EQ(passage(ruleset("drop", {kAccept445, kDropSmb})), Passage::open);
  EXPECT_EQ(passage(ruleset("accept", {kDropSmb, kAccept445})), Passage::closed);
  EXPECT_EQ(passage(ruleset("drop", {kAccept445}), 139), Passage::closed);
}

TEST(Nft, RulesForSomeAddressesLimit) {
  EXPECT_EQ(passage(ruleset("drop", {kAcceptLan})), Passage::limited);
  EXPECT_EQ(passage(ruleset("accept", {kAcceptLan, kDropSmb})), Passage::limited);
}

TEST(Nft, JumpsAreFollowed) {
  EXPECT_EQ(passage(ruleset("accept", {kStates, kJump}, kChainSmb)), Passage::limited);
  EXPECT_EQ(passage(ruleset("accept", {kJump}), 22), Passage::open);
  EXPECT_EQ(passage(ruleset("accept", {kJump})), Passage::unknown) << "the chain is not there";
}

TEST(Nft, EveryChainOfTheHookHasToLetItThrough) {
  const char* second = R"(, {"chain": {"family": "ip", "table": "g", "name": "in", "type": "filter", "hook": "input",
      "policy": "drop"}})";
  EXPECT_EQ(passage(ruleset("accept", {kAccept445}, second)), Passage::closed);
}

TEST(Nft, WhatIsNotUnderstoodIsNotGuessed) {
  const char* mark = R"({"match": {"op": "==", "left": {"meta": {"key": "mark"}}, "right": 1}}, {"drop": null})";
  EXPECT_EQ(passage(ruleset("accept", {mark})), Passage::unknown);
  const char* named = R"({"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}},
      "right": "@ports"}}, {"accept": null})";
  EXPECT_EQ(passage(ruleset("drop", {named})), Passage::unknown);
  const char* loop = R"({"jump": {"target": "input"}})";
  EXPECT_EQ(passage(ruleset("drop", {loop})), Passage::unknown);
}

TEST(Nft, OtherProtocolsAreOthers) {
  const char* udp = R"({"match": {"op": "==", "left": {"meta": {"key": "l4proto"}}, "right": "udp"}}, {"drop": null})";
  EXPECT_EQ(passage(ruleset("accept", {udp})), Passage::open);
  EXPECT_EQ(passage_in_nft(ruleset("accept", {udp}), Transport::udp, 137), Passage::closed);
}

TEST(Nft, WhatIsNoRulesetIsAnError) {
  for (const char* text : {"", "nft: Permission denied", "[]", "{}", R"({"nftables": 1})"}) {
    EXPECT_FALSE(passage_in_nft(text, Transport::tcp, 445).has_value()) << text;
  }
  EXPECT_TRUE(
      passage_in_nft(R"({"nftables": [1, null, {"rule": 3}, {"chain": []}]})", Transport::tcp, 445).has_value());
}

std::vector<std::string> ids_in_order(const HostRecord& record) {
  std::vector<std::string> out;
  for (const Finding& finding : record.findings) out.push_back(finding.id);
  return out;
}

TEST(AuditNetwork, AServerThatListensEverywhereWithoutAFirewallIsFound) {
  const OwnNetwork network{
      .name = "me", .sockets = sockets_in_proc_net(kTcp, Transport::tcp), .ruleset = R"({"nftables": []})"};
  const HostRecord record = audit_network(network);
  EXPECT_EQ(ids_in_order(record), std::vector<std::string>{"smb-open-to-all"});
  EXPECT_EQ(record.findings[0].evidence, "listens on TCP 0.0.0.0:445; the firewall lets everybody in");
  EXPECT_EQ(fact_of(record.facts.ports, "139/tcp").state, State::no);
}

TEST(AuditNetwork, AFirewallThatLimitsIsEnough) {
  OwnNetwork network{
      .name = "me", .sockets = sockets_in_proc_net(kTcp, Transport::tcp), .ruleset = ruleset("drop", {kAcceptLan})};
  EXPECT_TRUE(audit_network(network).findings.empty());
  network.ruleset = ruleset("drop", {});
  const HostRecord closed = audit_network(network);
  EXPECT_EQ(fact_of(closed.facts.ports, "445/tcp").state, State::no);
}

TEST(AuditNetwork, WhatTheFirewallSaysIsNotKnownWithoutIt) {
  const OwnNetwork network{
      .name = "me", .sockets = sockets_in_proc_net(kTcp, Transport::tcp), .ruleset_problem = "nft is not installed"};
  const HostRecord record = audit_network(network);
  EXPECT_TRUE(record.findings.empty());
  EXPECT_EQ(fact_of(record.facts.ports, "445/tcp").why, "listens on TCP 0.0.0.0:445; nft is not installed");
}

TEST(AuditNetwork, NetbiosThatListensIsFound) {
  const OwnNetwork network{.name = "me",
                           .sockets = {{Transport::tcp, "192.168.1.7", 139}, {Transport::udp, "0.0.0.0", 137}},
                           .ruleset = R"({"nftables": []})"};
  EXPECT_EQ(ids_in_order(audit_network(network)), (std::vector<std::string>{"netbios-names", "netbios-session-port"}));
}

TEST(AuditNetwork, LoopbackIsNobodysBusiness) {
  const OwnNetwork network{.name = "me",
                           .sockets = {{Transport::tcp, "127.0.0.1", 445}, {Transport::tcp, "::1", 139}},
                           .ruleset = R"({"nftables": []})"};
  EXPECT_TRUE(audit_network(network).findings.empty());
}

}  // namespace
}  // namespace dozo::scan
