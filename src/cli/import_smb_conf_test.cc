#include "cli/import_smb_conf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scan/smb_conf.h"
#include "server/config.h"

namespace dozo::cli {
namespace {

using scan::parse_smb_conf;
using scan::smb_conf_bool;
using scan::smb_conf_list;
using scan::SmbConf;

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(SmbConf, sections_options_comments_and_continued_lines) {
  const SmbConf conf =
      parse_smb_conf("# c\n; d\n[Global]\n  Workgroup = A\n[x]\npath = /a \\\n  b\n  Read   Only=no\n");
  ASSERT_EQ(conf.sections.size(), 2u);
  EXPECT_EQ(conf.sections[0].find("workgroup")->value, "A");
  EXPECT_EQ(conf.sections[1].find("path")->value, "/a b");
  EXPECT_EQ(conf.sections[1].find("readonly")->line, 8u);
  EXPECT_THAT(conf.problems, IsEmpty());
}

TEST(SmbConf, last_of_two_options_wins_and_sections_of_one_name_are_joined) {
  const SmbConf conf = parse_smb_conf("[a]\npath=/1\n[b]\n[A]\npath=/2\n");
  ASSERT_EQ(conf.sections.size(), 2u);
  EXPECT_EQ(conf.sections[0].find("path")->value, "/2");
}

TEST(SmbConf, lines_that_are_nothing_are_reported) {
  const SmbConf conf = parse_smb_conf("[a\nnonsense\n");
  EXPECT_THAT(conf.problems, ElementsAre(HasSubstr("line 1"), HasSubstr("line 2")));
}

TEST(SmbConf, booleans_and_lists) {
  EXPECT_EQ(smb_conf_bool(" Yes "), true);
  EXPECT_EQ(smb_conf_bool("0"), false);
  EXPECT_EQ(smb_conf_bool("maybe"), std::nullopt);
  EXPECT_THAT(smb_conf_list("a, b;c\t\"d e\""), ElementsAre("a", "b", "c", "d e"));
}

server::Config imported(std::string_view text, std::vector<std::string>* notes = nullptr) {
  const ImportedSmbConf result = import_smb_conf(text, "smb.conf");
  if (notes) *notes = result.notes;
  const auto config = server::parse_config(result.toml, "result");
  EXPECT_TRUE(config) << result.toml;
  return config ? config->config : server::Config{};
}

TEST(ImportSmbConf, what_has_a_counterpart_is_carried_over_without_a_note) {
  std::vector<std::string> notes;
  const server::Config config = imported(
      "[global]\nnetbios name = NAS\nserver min protocol = SMB3_11\nserver signing = mandatory\n"
      "smb encrypt = required\nntlm auth = ntlmv2-only\nmap to guest = never\nsmb ports = 4450\n"
      "[projects]\ncomment = Our \"work\"\npath = /srv/projects\nwriteable = yes\nvalid users = alice @staff +ops\n",
      &notes);
  EXPECT_THAT(notes, IsEmpty());
  EXPECT_EQ(config.server.name, "NAS");
  EXPECT_EQ(config.server.min_dialect, Dialect::smb_3_1_1);
  EXPECT_EQ(config.server.encryption, server::EncryptionPolicy::required);
  EXPECT_EQ(config.server.listen.front().port, 4450);
  ASSERT_EQ(config.shares.size(), 1u);
  EXPECT_EQ(config.shares[0].comment, "Our \"work\"");
  EXPECT_FALSE(config.shares[0].read_only);
  EXPECT_THAT(config.shares[0].allow, ElementsAre("alice", "@staff", "@ops"));
}

TEST(ImportSmbConf, share_is_read_only_unless_it_says_otherwise) {
  EXPECT_TRUE(imported("[a]\npath=/a\n").shares.at(0).read_only);
  EXPECT_FALSE(imported("[a]\npath=/a\nread only = no\n").shares.at(0).read_only);
  EXPECT_FALSE(imported("[global]\nread only = no\n[a]\npath=/a\n").shares.at(0).read_only);
  EXPECT_TRUE(imported("[a]\npath=/a\nwriteable = yes\nread only = yes\n").shares.at(0).read_only);
}

TEST(ImportSmbConf, smb1_guests_and_ntlmv1_are_named_as_lost) {
  std::vector<std::string> notes;
  const server::Config config = imported(
      "[global]\nserver min protocol = NT1\nmap to guest = Bad User\nntlm auth = yes\n"
      "[a]\npath=/a\nguest ok = yes\n",
      &notes);
  EXPECT_EQ(config.server.min_dialect, Dialect::smb_3_0);
  EXPECT_THAT(notes, ElementsAre(HasSubstr("SMB1 is not spoken"), HasSubstr("guests are refused"), HasSubstr("NTLMv1"),
                                 HasSubstr("guests are refused")));
}

TEST(ImportSmbConf, null_sessions_are_never_opened_by_an_import) {
  std::vector<std::string> notes;
  EXPECT_EQ(imported("[global]\nrestrict anonymous = 2\n", &notes).auth.anonymous, server::AnonymousPolicy::refuse);
  EXPECT_THAT(notes, IsEmpty());
  for (const char* open : {"0", "1"}) {
    const auto config = imported("[global]\nrestrict anonymous = " + std::string(open) + "\n", &notes);
    EXPECT_EQ(config.auth.anonymous, server::AnonymousPolicy::refuse);
    EXPECT_THAT(notes, ElementsAre(HasSubstr("sessions without a name are refused")));
  }
}

TEST(ImportSmbConf, option_without_counterpart_is_named_with_its_line) {
  std::vector<std::string> notes;
  imported("[a]\npath=/a\nveto files = /*.tmp/\nstrange thing = 1\n", &notes);
  EXPECT_THAT(notes, ElementsAre("smb.conf:3: [a] veto files = /*.tmp/: the files will be visible",
                                 HasSubstr("smb.conf:4: [a] strange thing = 1: has no counterpart")));
}

TEST(ImportSmbConf, shares_that_cannot_be_are_left_out_and_named) {
  std::vector<std::string> notes;
  const server::Config config = imported(
      "[homes]\n[printers]\nprintable = yes\n[off]\npath=/o\navailable = no\n[sub]\npath=/h/%U\n[none]\n", &notes);
  EXPECT_THAT(config.shares, IsEmpty());
  EXPECT_EQ(notes.size(), 5u);
}

TEST(ImportSmbConf, list_of_users_that_are_all_foreign_lets_nobody_in) {
  std::vector<std::string> notes;
  const server::Config config = imported("[a]\npath=/a\nvalid users = DOM\\alice\n", &notes);
  EXPECT_THAT(config.shares.at(0).allow, ElementsAre("nobody"));
  EXPECT_EQ(notes.size(), 2u);
}

}  // namespace
}  // namespace dozo::cli
