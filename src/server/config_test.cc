#include "server/config.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "server/config_table.h"

namespace dozo::server {
namespace {

using ::testing::HasSubstr;

Config parsed(std::string_view text) {
  const ConfigResult result = parse_config(text, "dozo.toml");
  EXPECT_TRUE(result) << (result ? "" : to_string(result.error().front()));
  return result ? result->config : Config{};
}

// The first problem of a text that has to be refused.
std::string problem(std::string_view text) {
  const ConfigResult result = parse_config(text, "dozo.toml");
  return result ? "accepted" : to_string(result.error().front());
}

std::string share(std::string_view lines) {
  return fmt::format("[[share]]\nname = \"projects\"\npath = \"/srv/projects\"\n{}\n", lines);
}

TEST(Config, an_empty_file_is_the_safe_defaults) {
  const Config config = parsed("");
  EXPECT_EQ(config.server.min_dialect, Dialect::smb_3_0);
  EXPECT_EQ(config.server.signing, SigningPolicy::required);
  EXPECT_EQ(config.auth.failure_delay_ms, 2000u);
  EXPECT_EQ(config.auth.guest, GuestPolicy::refuse);
  EXPECT_TRUE(config.server.sandbox);
  EXPECT_TRUE(config.shares.empty());
}

TEST(Config, every_setting_of_the_product_page_is_read) {
  const Config config = parsed(R"(
[server]
listen = ["127.0.0.1:4450", "[::1]:4451"]
name = "STOREHOUSE"
state_dir = "/var/lib/dozo"
min_dialect = "2.1"
max_dialect = "3.0.2"
signing = "if-asked"
encryption = "required"
threads = 3
[auth]
failure_delay_ms = 100
ntlm = "v2"
guest = "refuse"
[[share]]
name = "projects"
path = "/srv/projects"
read_only = true
encryption = "required"
allow = ["alice", "@engineers"]
run_as = "nobody"
)");
  EXPECT_EQ(config.server.listen, (std::vector<ListenAddress>{{"127.0.0.1", 4450}, {"::1", 4451}}));
  EXPECT_EQ(config.server.name, "STOREHOUSE");
  EXPECT_EQ(config.server.min_dialect, Dialect::smb_2_1);
  EXPECT_EQ(config.server.max_dialect, Dialect::smb_3_0_2);
  EXPECT_EQ(config.server.signing, SigningPolicy::if_asked);
  EXPECT_EQ(config.server.encryption, EncryptionPolicy::required);
  EXPECT_EQ(config.server.threads, 3u);
  EXPECT_EQ(config.auth.failure_delay_ms, 100u);
  EXPECT_EQ(config.auth.ntlm, NtlmPolicy::v2);
  ASSERT_EQ(config.shares.size(), 1u);
  EXPECT_EQ(config.shares[0], (ShareConfig{.name = "projects",
                                           .path = "/srv/projects",
                                           .comment = {},
                                           .read_only = true,
                                           .encryption = ShareEncryption::required,
                                           .allow = {"alice", "@engineers"},
                                           .run_as = "nobody"}));
}

TEST(Config, unknown_key_is_refused_with_its_place_and_the_nearest_known_key) {
  EXPECT_EQ(problem("[server]\n  signng = \"required\"\n"),
            "dozo.toml:2:3: unknown key \"signng\" in [server]; did you mean \"signing\"?");
}

TEST(Config, key_of_another_section_is_refused_with_the_section_it_belongs_to) {
  EXPECT_EQ(problem("[server]\nguest = \"refuse\"\n"),
            "dozo.toml:2:1: unknown key \"guest\" in [server]; did you mean \"auth.guest\"?");
}

TEST(Config, key_that_resembles_nothing_is_refused_without_a_guess) {
  EXPECT_EQ(problem("[auth]\nqqqqqqqqq = 1\n"), "dozo.toml:2:1: unknown key \"qqqqqqqqq\" in [auth]");
}

TEST(Config, unknown_section_is_refused_with_the_nearest) {
  EXPECT_EQ(problem("[sever]\nthreads = 1\n"), "dozo.toml:1:2: unknown section \"sever\"; did you mean \"server\"?");
}

TEST(Config, share_with_one_bracket_says_how_shares_are_written) {
  EXPECT_THAT(problem("[share]\nname = \"a\"\n"), HasSubstr("[[share]], with two brackets"));
}

TEST(Config, section_that_is_a_plain_value_is_refused) {
  EXPECT_THAT(problem("server = 1\n"), HasSubstr("write [server]"));
}

TEST(Config, broken_toml_is_refused_with_its_place) { EXPECT_THAT(problem("[server\n"), HasSubstr("dozo.toml:1:")); }

TEST(Config, key_given_twice_is_refused) {
  EXPECT_THAT(problem("[server]\nthreads = 1\nthreads = 2\n"), HasSubstr("dozo.toml:3:"));
}

TEST(Config, word_that_is_not_a_choice_is_refused_with_the_choices) {
  EXPECT_EQ(problem("[server]\nsigning = \"yes\"\n"),
            "dozo.toml:2:11: signing must be \"required\" or \"if-asked\", not \"yes\"");
}

TEST(Config, null_sessions_are_let_in_only_where_that_is_said_and_then_warned_of) {
  EXPECT_TRUE(config_warnings(Config()).empty());
  const auto loaded = parse_config("[auth]\nanonymous = \"ipc\"\n", "dozo.toml");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->config.auth.anonymous, AnonymousPolicy::ipc);
  EXPECT_THAT(config_warnings(loaded->config), ::testing::ElementsAre(HasSubstr("IPC$ without a name")));
}

TEST(Config, a_test_bench_is_warned_of) {
  const auto loaded = parse_config("[server]\ntorture_fsctls = true\n", "dozo.toml");
  ASSERT_TRUE(loaded);
  EXPECT_THAT(config_warnings(loaded->config), ::testing::ElementsAre(HasSubstr("test benches")));
}

TEST(Config, null_sessions_cannot_encrypt) {
  EXPECT_THAT(problem("[server]\nencryption = \"required\"\n[auth]\nanonymous = \"ipc\"\n"),
              HasSubstr("nobody's session has no key"));
}

TEST(Config, guests_cannot_be_let_in) {
  EXPECT_THAT(problem("[auth]\nguest = \"share-by-share\"\n"), HasSubstr("guest must be \"refuse\""));
}

TEST(Config, smb1_is_not_a_dialect) {
  EXPECT_THAT(problem("[server]\nmin_dialect = \"1.0\"\n"), HasSubstr("min_dialect must be \"2.0.2\""));
}

TEST(Config, number_out_of_range_is_refused_with_the_range) {
  EXPECT_THAT(problem("[auth]\nfailure_delay_ms = 10001\n"), HasSubstr("must be a number from 0 to 10000, not 10001"));
  EXPECT_THAT(problem("[auth]\nfailure_delay_ms = -1\n"), HasSubstr("from 0 to 10000, not -1"));
  EXPECT_THAT(problem("[auth]\nfailure_delay_ms = \"x\"\n"), HasSubstr("from 0 to 10000, not \"x\""));
}

TEST(Config, text_where_a_boolean_belongs_is_refused) {
  EXPECT_THAT(problem(share("read_only = \"yes\"")), HasSubstr("read_only must be true or false, not \"yes\""));
}

TEST(Config, number_where_text_belongs_is_refused) {
  EXPECT_THAT(problem(share("comment = 7")), HasSubstr("comment must be a string, not 7"));
}

TEST(Config, text_where_a_list_belongs_is_refused) {
  EXPECT_THAT(problem(share("allow = \"alice\"")), HasSubstr("allow must be a list of strings, not \"alice\""));
}

TEST(Config, list_with_something_other_than_text_is_refused) {
  EXPECT_THAT(problem(share("allow = [1]")), HasSubstr("allow has a value of the wrong kind"));
}

TEST(Config, date_is_never_a_value) {
  EXPECT_THAT(problem("[server]\nname = 2026-01-01\n"), HasSubstr("name has a value of the wrong kind"));
}

TEST(Config, listen_needs_numeric_addresses_and_at_least_one) {
  EXPECT_THAT(problem("[server]\nlisten = [\"localhost:445\"]\n"), HasSubstr("listen has \"localhost:445\""));
  EXPECT_THAT(problem("[server]\nlisten = []\n"), HasSubstr("at least one address"));
  EXPECT_THAT(problem("[server]\nlisten = [\"1.2.3.4\", \"1.2.3.4:445\"]\n"), HasSubstr("1.2.3.4:445 twice"));
}

TEST(Config, dialect_minimum_above_maximum_is_refused) {
  EXPECT_EQ(problem("[server]\nmin_dialect = \"3.1.1\"\nmax_dialect = \"3.0\"\n"),
            "dozo.toml:2: min_dialect \"3.1.1\" is above max_dialect \"3.0\"");
}

TEST(Config, server_name_is_a_netbios_name) {
  EXPECT_THAT(problem("[server]\nname = \"A-NAME-OF-16-CHR\"\n"), HasSubstr("not a NetBIOS name"));
  EXPECT_THAT(problem("[server]\nname = \"a.b\"\n"), HasSubstr("not a NetBIOS name"));
}

TEST(Config, paths_are_absolute_and_without_dot_dot) {
  EXPECT_THAT(problem("[server]\nstate_dir = \"state\"\n"), HasSubstr("state_dir \"state\" is not an absolute path"));
  EXPECT_THAT(problem("[[share]]\nname = \"a\"\npath = \"/srv/../etc\"\n"), HasSubstr("is not an absolute path"));
  EXPECT_THAT(problem("[[share]]\nname = \"a\"\npath = \"\"\n"), HasSubstr("is not an absolute path"));
}

TEST(Config, control_socket_fits_a_socket_address) {
  EXPECT_THAT(problem(fmt::format("[server]\ncontrol_socket = \"/{}\"\n", std::string(107, 'x'))),
              HasSubstr("at most 107 bytes"));
  EXPECT_THAT(problem(fmt::format("[server]\nstate_dir = \"/{}\"\n", std::string(107, 'x'))),
              HasSubstr("at most 107 bytes"));
}

TEST(Config, interfaces_are_addresses) {
  EXPECT_THAT(problem("[server]\ninterfaces = [\"eth0\"]\n"), HasSubstr("interfaces has \"eth0\""));
  EXPECT_THAT(problem("[server]\ninterfaces = [\"192.0.2.7 speed=fast\"]\n"), HasSubstr("speed=MEGABITS"));
  EXPECT_THAT(problem("[server]\ninterfaces = [\"192.0.2.7 rss green\"]\n"), HasSubstr("interfaces has"));
  EXPECT_TRUE(parse_config("[server]\ninterfaces = [\"192.0.2.7 speed=1000 rss\", \"::1 rdma\"]\n", "t").has_value());
}

TEST(Config, io_size_is_whole_credits_and_payable) {
  EXPECT_THAT(problem("[limits]\nio_size_max = 65537\n"), HasSubstr("not a multiple of 65536"));
  EXPECT_THAT(problem("[limits]\ncredits_max = 127\n"), HasSubstr("that takes 128"));
}

TEST(Config, share_needs_name_and_path) {
  EXPECT_THAT(problem("[[share]]\npath = \"/srv\"\n"), HasSubstr("needs a name"));
  EXPECT_THAT(problem("[[share]]\nname = \"a\"\n"), HasSubstr("needs a path"));
}

TEST(Config, share_names_differ_in_more_than_case) {
  EXPECT_THAT(problem("[[share]]\nname = \"Straße\"\npath = \"/a\"\n[[share]]\nname = \"STRAße\"\npath = \"/b\"\n"),
              HasSubstr("is there twice"));
}

TEST(Config, share_may_not_show_the_state_folder) {
  EXPECT_THAT(problem("[[share]]\nname = \"all\"\npath = \"/var/\"\n"), HasSubstr("would show the state folder"));
  EXPECT_THAT(problem("[[share]]\nname = \"all\"\npath = \"/\"\n"), HasSubstr("would show the state folder"));
  parsed("[[share]]\nname = \"all\"\npath = \"/var/lib/dozo-shares\"\n");
}

TEST(Config, share_that_requires_what_the_server_turns_off_is_refused) {
  EXPECT_THAT(problem("[server]\nencryption = \"off\"\n" + share("encryption = \"required\"")),
              HasSubstr("which server.encryption = \"off\" turns off"));
  EXPECT_THAT(problem("[server]\nmin_dialect = \"2.1\"\nmax_dialect = \"2.1\"\n" + share("encryption = \"required\"")),
              HasSubstr("do not have"));
}

TEST(Config, allow_and_run_as_are_account_names) {
  EXPECT_THAT(problem(share("allow = [\"@\"]")), HasSubstr("neither a user nor a @group"));
  EXPECT_THAT(problem(share("allow = [\"a b\"]")), HasSubstr("neither a user nor a @group"));
  EXPECT_THAT(problem(share("run_as = \"a/b\"")), HasSubstr("not the name of an account"));
}

TEST(Config, ntlm_off_is_refused_while_nothing_else_logs_on) {
  EXPECT_THAT(problem("[auth]\nntlm = \"off\"\n"), HasSubstr("dozo.toml:2: ntlm = \"off\" leaves no way to log on"));
}

TEST(Config, all_problems_are_reported_at_once) {
  const ConfigResult result = parse_config("[server]\nx = 1\nthreads = -1\n[auth]\ny = 2\n", "dozo.toml");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().size(), 3u);
}

TEST(Config, share_requires_encryption_by_itself_or_by_the_server) {
  Config config = parsed(share(""));
  EXPECT_FALSE(config.encryption_required(config.shares[0]));
  config.server.encryption = EncryptionPolicy::required;
  EXPECT_TRUE(config.encryption_required(config.shares[0]));
  config = parsed(share("encryption = \"required\""));
  EXPECT_TRUE(config.encryption_required(config.shares[0]));
}

TEST(Config, what_is_shown_reads_back_as_the_same) {
  const auto loaded = parse_config("[auth]\nfailure_delay_ms = 300\n" + share("comment = \"a \\\"b\\\" \\\\ c\""), "f");
  ASSERT_TRUE(loaded);
  const std::string shown = show_config(*loaded);
  const auto again = parse_config(shown, "g");
  ASSERT_TRUE(again) << to_string(again.error().front()) << shown;
  EXPECT_EQ(again->config.auth.failure_delay_ms, 300u);
  EXPECT_EQ(again->config.shares, loaded->config.shares);
}

TEST(Config, show_tells_where_each_value_came_from) {
  const auto loaded = parse_config("[auth]\nfailure_delay_ms = 300\n", "/etc/x.toml");
  ASSERT_TRUE(loaded);
  EXPECT_THAT(show_config(*loaded), ::testing::ContainsRegex("failure_delay_ms = 300 +# /etc/x.toml:2\n"));
  EXPECT_THAT(show_config(*loaded), ::testing::ContainsRegex("ntlm = \"v2\" +# default\n"));
}

TEST(Config, every_setting_is_described_and_its_default_is_accepted) {
  for (const SettingDescription& setting : describe_settings()) {
    EXPECT_FALSE(setting.help.empty()) << setting.key;
    EXPECT_FALSE(setting.values.empty()) << setting.key;
    if (setting.section == "share") continue;
    parsed(fmt::format("[{}]\n{} = {}\n", setting.section, setting.key, setting.default_value));
  }
}

TEST(Config, file_that_is_not_there_is_a_problem_with_its_name) {
  const auto loaded = load_config("/nonexistent/dozo.toml");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(to_string(loaded.error().front()), "/nonexistent/dozo.toml: cannot be read: No such file or directory");
}

TEST(Config, control_socket_is_in_the_state_folder_unless_named) {
  EXPECT_EQ(parsed("[server]\nstate_dir = \"/s/\"\n").control_socket_path(), "/s/control.sock");
  EXPECT_EQ(parsed("[server]\ncontrol_socket = \"/run/d\"\n").control_socket_path(), "/run/d");
}

struct ListenCase {
  std::string_view text;
  std::optional<ListenAddress> address;
};
class Listen : public ::testing::TestWithParam<ListenCase> {};
TEST_P(Listen, is_read_as_address_and_port) {
  EXPECT_EQ(listen_address_from_string(GetParam().text), GetParam().address);
}
INSTANTIATE_TEST_SUITE_P(
    Config, Listen,
    ::testing::Values(ListenCase{"0.0.0.0:445", ListenAddress{"0.0.0.0", 445}},
                      ListenCase{"[::]:445", ListenAddress{"::", 445}},
                      ListenCase{"10.0.0.1", ListenAddress{"10.0.0.1", 445}},
                      ListenCase{"::1", ListenAddress{"::1", 445}}, ListenCase{"[::1]", ListenAddress{"::1", 445}},
                      ListenCase{"127.0.0.1:0", ListenAddress{"127.0.0.1", 0}}, ListenCase{"", std::nullopt},
                      ListenCase{"localhost:445", std::nullopt}, ListenCase{"1.2.3.4:", std::nullopt},
                      ListenCase{"1.2.3.4:65536", std::nullopt}, ListenCase{"1.2.3.4:4x", std::nullopt},
                      ListenCase{"1.2.3.4:-1", std::nullopt}, ListenCase{"[1.2.3.4]:445", std::nullopt},
                      ListenCase{"[::1", std::nullopt}, ListenCase{"[::1]445", std::nullopt},
                      ListenCase{"300.1.1.1:1", std::nullopt}));

TEST(ShareName, ordinary_names_are_fine) {
  for (const std::string_view name : {"projects", "Données", "a b", "共有", "hidden$", "v1.2"}) {
    EXPECT_EQ(share_name_problem(name), std::nullopt) << name;
  }
}

TEST(ShareName, forbidden_characters_and_reserved_names_are_refused) {
  for (const std::string_view name : {"", "a/b", "a\\b", "a:b", "a*", "a?", "a\"", "a|b", "a\nb", " a", "a ", "a.",
                                      "IPC$", "ipc$", "Admin$", "c$", "pipe", "mailslot", "\xff"}) {
    EXPECT_NE(share_name_problem(name), std::nullopt) << name;
  }
}

TEST(ShareName, eighty_characters_fit_and_eighty_one_do_not) {
  EXPECT_EQ(share_name_problem(std::string(80, 'x')), std::nullopt);
  EXPECT_NE(share_name_problem(std::string(81, 'x')), std::nullopt);
}

TEST(NearestSetting, is_empty_for_what_resembles_nothing) {
  EXPECT_EQ(nearest_setting("server", "thread"), "threads");
  EXPECT_EQ(nearest_setting("server", "zzzzzzz"), "");
}

}  // namespace
}  // namespace dozo::server
