// What nbtstat, netview and resolve keep and print.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "cli/completion.h"
#include "cli/netbios_cache.h"
#include "cli/netbios_text.h"
#include "cli/parse.h"

namespace dozo::cli {
namespace {

using netbios::Mechanism;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

CachedName cached(const char* name, std::int64_t expires_s) {
  return {{name, netbios::kFileServer, ""}, false, "192.0.2.7", expires_s};
}

TEST(NetbiosCache, comes_back_from_its_text) {
  NetbiosCache cache;
  cache.add(cached("STOREHOUSE", 1000), false);
  cache.add(cached("BARN", 1100), true);
  const NetbiosCache again = parse_netbios_cache(netbios_cache_text(cache));
  EXPECT_EQ(again.by_broadcast, 1u);
  EXPECT_EQ(again.by_name_server, 1u);
  ASSERT_THAT(again.names, SizeIs(2));
  EXPECT_EQ(again.names[0].name, (netbios::Name{"STOREHOUSE", 0x20, ""}));
  EXPECT_EQ(again.names[1].expires_s, 1100);
  EXPECT_THAT(again.broadcast_names, ElementsAre("STOREHOUSE"));
}

TEST(NetbiosCache, damaged_lines_are_left_out) {
  const NetbiosCache cache =
      parse_netbios_cache("name\tA\t20\tunique\tnowhere\t1\nname\tA\nbroadcast\tx\n\n\tname\nserver\t7");
  EXPECT_THAT(cache.names, IsEmpty());
  EXPECT_EQ(cache.by_broadcast, 0u);
  EXPECT_EQ(cache.by_name_server, 7u);
}

TEST(NetbiosCache, old_names_and_those_of_another_clock_are_forgotten) {
  NetbiosCache cache;
  for (const std::int64_t expires : {100, 101, 700, 701}) cache.names.push_back(cached("A", expires));
  cache.forget_old(100);
  EXPECT_THAT(cache.names, SizeIs(2));
}

TEST(NbtstatText, a_remote_table_has_the_columns_of_windows) {
  netbios::FoundStatus found{.address = "192.0.2.7"};
  found.status.names = {{{"STOREHOUSE", 0x20, ""}, {.active = true}},
                        {{"HARBOUR", 0, ""}, {.group = true, .conflict = true}}};
  found.status.unit_id = {0, 0x11, 0x22, 0x33, 0x44, 0x55};
  const std::string text = name_table_text(found, TableOf::remote);
  EXPECT_THAT(text, HasSubstr("    STOREHOUSE     <20>  UNIQUE       Registered"));
  EXPECT_THAT(text, HasSubstr("    HARBOUR        <00>  GROUP        Conflict"));
  EXPECT_THAT(text, HasSubstr("    MAC Address = 00-11-22-33-44-55"));
  EXPECT_THAT(name_table_text(found, TableOf::local), Not(HasSubstr("MAC Address")));
}

TEST(NbtstatText, names_from_the_network_cannot_leave_their_json) {
  netbios::FoundStatus found{.address = "192.0.2.7"};
  found.status.names = {{{"A\"\x1b[2J", 0, ""}, {}}};
  EXPECT_THAT(name_table_json(found), HasSubstr("\"name\":\"A\\\".[2J\""));
  EXPECT_THAT(name_table_text(found, TableOf::remote), Not(HasSubstr("\x1b")));
}

TEST(Privacy, a_messenger_name_that_is_no_computer_is_a_user) {
  PrivacyEvidence evidence{.address = "192.0.2.7"};
  evidence.status.emplace();
  evidence.status->status.names = {
      {{"STOREHOUSE", 0x00, ""}, {}}, {{"STOREHOUSE", 0x03, ""}, {}}, {{"ALICE", 0x03, ""}, {}}};
  std::vector<std::string> users;
  for (const PrivacyFact& fact : privacy_facts(evidence)) {
    if (fact.what == "user who is logged on") users.push_back(fact.value);
  }
  EXPECT_THAT(users, ElementsAre("ALICE"));
}

TEST(Privacy, a_silent_host_tells_nothing) {
  const PrivacyEvidence evidence{.address = "192.0.2.7", .netbios_silence = "no answer"};
  EXPECT_THAT(privacy_facts(evidence), IsEmpty());
  EXPECT_THAT(privacy_text(evidence), HasSubstr("nothing: no question was answered"));
}

TEST(TraceText, skipped_and_silent_steps_say_why) {
  netbios::Trace trace;
  trace.steps = {{.mechanism = Mechanism::dns, .asked = "a", .silence = "no DNS server is configured"},
                 {.mechanism = Mechanism::llmnr, .where = "eth0", .asked = "a", .silence = "no answer"}};
  trace.steps[0].skipped = true;
  const std::string text = trace_text("a", trace, {"files", "dns"});
  EXPECT_THAT(text, HasSubstr("not asked: no DNS server is configured"));
  EXPECT_THAT(text, HasSubstr("Nobody knows the name."));
  EXPECT_THAT(trace_json("a", trace, {}), HasSubstr("\"state\":\"skipped\""));
}

TEST(Netview, shares_are_said_to_be_untested) {
  netbios::Neighbourhood found;
  found.hosts = {{.address = "192.0.2.7", .name = "STOREHOUSE"}};
  EXPECT_THAT(neighbourhood_text(found, nullptr), HasSubstr("shares: not asked"));
  EXPECT_THAT(neighbourhood_json(found, nullptr), HasSubstr("\"shares\":{\"state\":\"untested\""));
}

TEST(Netview, shares_are_listed_or_it_is_said_why_not) {
  netbios::Neighbourhood found;
  found.hosts = {{.address = "192.0.2.7"}, {.address = "192.0.2.8"}};
  SharesByAddress shares;
  shares["192.0.2.7"].shares = {{.name = "data\x1b", .comment = "", .type = 0}};
  shares["192.0.2.8"].why = "access denied";
  const std::string text = neighbourhood_text(found, &shares);
  EXPECT_THAT(text, HasSubstr("    shares: data\\x1b\n"));
  EXPECT_THAT(text, HasSubstr("    shares: access denied\n"));
  const std::string json = neighbourhood_json(found, &shares);
  EXPECT_THAT(json, HasSubstr("{\"state\":\"yes\",\"list\":[{\"name\":\"data\\u001b\",\"type\":\"disk\","));
  EXPECT_THAT(json, HasSubstr("{\"state\":\"no\",\"why\":\"access denied\"}"));
}

Exit run_silently(const std::vector<std::string>& arguments) {
  std::istringstream in;
  std::ostringstream out, err;
  Io io{in, out, err};
  return run(arguments, io);
}

TEST(Nbtstat, fish_completes_options_of_one_letter) {
  EXPECT_THAT(*completion("fish"), HasSubstr("'__fish_seen_subcommand_from nbtstat' -s A -r"));
}

TEST(Nbtstat, one_question_at_a_time) {
  EXPECT_EQ(run_silently({"nbtstat"}), Exit::usage);
  EXPECT_EQ(run_silently({"nbtstat", "-c", "-r"}), Exit::usage);
  EXPECT_EQ(run_silently({"nbtstat", "--privacy", "-n"}), Exit::usage);
  EXPECT_EQ(run_silently({"nbtstat", "-A", "name"}), Exit::usage);
  EXPECT_EQ(run_silently({"resolve", "a..b"}), Exit::usage);
}

}  // namespace
}  // namespace dozo::cli
