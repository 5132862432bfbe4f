// Microsoft's rules (KB 3185535) line by line in firewalld, and what it lists of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/backend.h"
#include "policy/emit_text.h"
#include "policy/testing/rules_for_tests.h"

namespace dozo::policy {
namespace {

using namespace testing;
using ::testing::HasSubstr;
using ::testing::Not;

const Backend& firewalld() { return *find_backend("firewalld"); }
std::string text(const RuleSet& rules, Profile profile = Profile::domain) {
  return compile(firewalld(), rules, {.profile = profile}).text;
}

TEST(Firewalld, microsofts_client) {
  EXPECT_THAT(text(microsoft_client()),
              HasSubstr("# dozo:i5\nfirewall-cmd -q --permanent --policy=dozo-in --add-rich-rule='rule priority=\"1\" "
                        "family=\"ipv4\" port port=\"445\" protocol=\"tcp\" drop'\n"));
  EXPECT_THAT(text(microsoft_client(), Profile::pub),
              HasSubstr("# dozo:o1\nfirewall-cmd -q --permanent "
                        "--policy=dozo-out --add-rich-rule='rule priority=\"1\""));
  EXPECT_THAT(text(microsoft_client()), Not(HasSubstr("dozo:o2"))) << "it cannot tell what IPsec protects";
}

TEST(Firewalld, microsofts_perimeter) {
  const std::string all = text(microsoft_perimeter());
  EXPECT_THAT(all, HasSubstr("family=\"ipv4\" source NOT ipset=\"dozo_inside_v4\" destination ipset=\"dozo_inside_v4\" "
                             "port port=\"445\" protocol=\"tcp\" drop'"));
  EXPECT_THAT(all, HasSubstr("destination ipset=\"dozo_azure_v6\" port port=\"445\" protocol=\"tcp\" log prefix=\"dozo "
                             "azure\" accept'"));
  EXPECT_THAT(all, HasSubstr("--policy=dozo-forward --add-ingress-zone=ANY\n"));
}

TEST(Firewalld, everybody_is_two_halves_in_an_ipset) {
  RuleSet rules = file_server();
  rules.bans.entries = {{range_from_string("0.0.0.0/0").value(), {}}};
  EXPECT_THAT(text(rules), HasSubstr("--add-entry=0.0.0.0/1\n"));
  EXPECT_THAT(text(rules), HasSubstr("--add-entry=128.0.0.0/1\n"));
  EXPECT_THAT(text(rules), Not(HasSubstr("/0\n")));
}

TEST(Firewalld, a_mac_address_beside_addresses_is_a_gap) {
  RuleSet rules = file_server();
  rules.rules.back().from = {AddressMatch::Kind::in, "trusted"};
  const Compiled compiled = compile(firewalld(), rules, {});
  EXPECT_EQ(compiled.gaps.at(0).lack, Lack::mac);
  EXPECT_THAT(text(file_server()), HasSubstr("source mac=\"02:00:5e:10:00:01\" port port=\"445\""));
}

TEST(Firewalld, undo_deletes_what_is_ours_by_name) {
  for (const TextLine& line : lines_of(compile(firewalld(), file_server(), {}).undo)) {
    EXPECT_TRUE(line.text.starts_with('#') || line.text.contains("--delete-policy=dozo-") ||
                line.text.contains("--delete-ipset=dozo") || line.text == "firewall-cmd -q --reload")
        << line.text;
  }
}

// As its own lists show it.
std::string listed() {
  std::string rules, sets;
  for (const TextLine& line : lines_of(text(microsoft_client()))) {
    const std::size_t rule = line.text.find("'rule ");
    const std::size_t policy = line.text.find("--policy="), set = line.text.find("--new-ipset=");
    if (rule != std::string::npos) {
      const std::string name = line.text.substr(policy + 9, line.text.find(' ', policy) - policy - 9);
      rules += "policy " + name + "\n" + line.text.substr(rule + 1, line.text.size() - rule - 2) + "\n";
    }
    if (set != std::string::npos) {
      sets += "ipset " + line.text.substr(set + 12, line.text.find(' ', set) - set - 12) + "\n";
    }
    const std::size_t entry = line.text.find("--add-entry=");
    if (entry != std::string::npos) sets += line.text.substr(entry + 12) + "\n";
  }
  return rules + sets + "ipset others\n192.0.2.1\n";
}

TEST(FirewalldDrift, what_is_listed_of_what_was_made_is_none) {
  EXPECT_EQ(drift(firewalld(), listed(), microsoft_client(), {}).value(), std::vector<Drift>{});
}

TEST(FirewalldDrift, a_changed_rule_and_a_changed_set_are_told) {
  std::string shown = listed();
  shown.replace(shown.find("port=\"445\""), 10, "port=\"446\"");
  EXPECT_EQ(drift(firewalld(), shown, microsoft_client(), {}).value().size(), 2U);
  shown = listed();
  shown.replace(shown.find("10.0.1.10/31"), 12, "10.0.1.10/32");
  EXPECT_EQ(drift(firewalld(), shown, microsoft_client(), {}).value().at(0).detail, "10.0.1.11 is not in it");
}

}  // namespace
}  // namespace dozo::policy
