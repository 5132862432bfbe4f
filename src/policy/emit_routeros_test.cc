// Microsoft's rules (KB 3185535) line by line in RouterOS, and what its export says of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/backend.h"
#include "policy/emit_text.h"
#include "policy/testing/rules_for_tests.h"

namespace dozo::policy {
namespace {

using namespace testing;
using ::testing::HasSubstr;

const Backend& routeros() { return *find_backend("routeros"); }
std::string text(const RuleSet& rules) { return compile(routeros(), rules, {}).text; }

TEST(RouterOs, microsofts_client_in_its_domain) {
  for (const std::string_view line : {
           "/ip firewall filter add chain=dozo-input protocol=tcp dst-port=445 action=drop comment=\"dozo:i5\"\n",
           "/ip firewall filter add chain=dozo-output protocol=tcp dst-port=445 dst-address-list=dozo_servers "
           "ipsec-policy=out,ipsec action=accept comment=\"dozo:o2\"\n",
           "/ipv6 firewall filter add chain=dozo-output protocol=tcp dst-port=445 action=drop comment=\"dozo:o3\"\n",
           "/ipv6 firewall address-list add list=dozo_servers address=fd00:1::10/128 comment=dozo\n",
       }) {
    EXPECT_THAT(text(microsoft_client()), HasSubstr(line));
  }
}

TEST(RouterOs, microsofts_perimeter) {
  for (const std::string_view line : {
           "/ip firewall filter add chain=dozo-forward protocol=tcp dst-port=445 src-address-list=!dozo_inside "
           "dst-address-list=dozo_inside action=drop comment=\"dozo:smb-in\"\n",
           "/ipv6 firewall filter add chain=dozo-forward protocol=udp dst-port=138 src-address-list=dozo_inside "
           "dst-address-list=!dozo_inside action=drop comment=\"dozo:nbt-dgm-out\"\n",
           "src-address-list=dozo_inside dst-address-list=dozo_azure action=accept log=yes log-prefix=\"dozo azure\" "
           "comment=\"dozo:azure\"\n",
       }) {
    EXPECT_THAT(text(microsoft_perimeter()), HasSubstr(line));
  }
}

TEST(RouterOs, bans_come_before_what_is_open) {
  const std::string all = text(file_server());
  EXPECT_LT(all.find("src-address-list=dozo-bans action=drop"), all.find("connection-state=established,related"));
}

TEST(RouterOs, each_mac_address_is_a_line) {
  RuleSet rules = file_server();
  rules.mac_sets["scanners"].push_back(*mac_from_string("02:00:5e:10:00:02"));
  const std::string all = text(rules);
  EXPECT_THAT(all, HasSubstr("src-mac-address=02:00:5e:10:00:01 action=drop comment=\"dozo:scanners\""));
  EXPECT_THAT(all, HasSubstr("src-mac-address=02:00:5e:10:00:02 action=drop comment=\"dozo:scanners\""));
}

TEST(RouterOs, only_what_is_tagged_is_taken_out_before_it_is_made_anew) {
  const Compiled compiled = compile(routeros(), file_server(), {});
  for (const TextLine& line : lines_of(compiled.text + compiled.undo)) {
    if (line.text.contains(" remove ")) EXPECT_THAT(line.text, HasSubstr("[find comment"));
  }
}

// As /export terse shows it: properties in another order, words without quotes where they need none.
std::string exported() {
  std::string shown = "# 2026-11-22 by RouterOS 7.16\n/ip firewall filter add action=accept chain=input comment=ssh\n";
  for (const TextLine& line : lines_of(text(microsoft_client()))) {
    const std::size_t add = line.text.find(" add "), comment = line.text.find(" comment=");
    if (add == std::string::npos || line.text.starts_with(':')) continue;
    std::string tag = line.text.substr(comment + 1);
    std::erase(tag, '"');
    shown += line.text.substr(0, add + 5) + tag + line.text.substr(add + 4, comment - add - 4) + "\n";
  }
  return shown;
}

TEST(RouterOsDrift, what_is_exported_of_what_was_imported_is_none) {
  EXPECT_EQ(drift(routeros(), exported(), microsoft_client(), {}).value(), std::vector<Drift>{});
}

TEST(RouterOsDrift, a_changed_line_and_a_lost_address_are_told) {
  std::string shown = exported();
  shown.replace(shown.find("dst-port=445"), 12, "dst-port=446");
  EXPECT_EQ(drift(routeros(), shown, microsoft_client(), {}).value().size(), 2U);
  shown = exported();
  shown.replace(shown.find("10.0.1.10/31"), 12, "10.0.1.10/32");
  EXPECT_EQ(drift(routeros(), shown, microsoft_client(), {}).value().at(0).detail, "10.0.1.11 is not in it");
}

}  // namespace
}  // namespace dozo::policy
