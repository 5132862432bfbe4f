#include "cli/serve_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/json_text.h"
#include "cli/log_backend.h"
#include "cli/parse.h"
#include "cli/password.h"
#include "cli/status_text.h"

namespace dozo::cli {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

// Removed when the program ends.
class TemporaryFolders {
 public:
  ~TemporaryFolders() {
    std::error_code ignored;
    for (const std::string& path : paths_) std::filesystem::remove_all(path, ignored);
  }
  std::string make() {
    std::string path = testing::TempDir() + "dozo-cli-XXXXXX";
    paths_.push_back(mkdtemp(path.data()));
    return paths_.back();
  }

 private:
  std::vector<std::string> paths_;
};

std::string temporary_folder() {
  static TemporaryFolders folders;
  return folders.make();
}

void write_file(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

struct Planned {
  std::optional<ServePlan> plan;
  std::string err;
};
Planned plan(const std::map<std::string, std::vector<std::string>>& typed) {
  Arguments arguments;
  for (const auto& [name, values] : typed) arguments.set(name, values);
  std::istringstream in;
  std::ostringstream out, err;
  Io io{in, out, err};
  auto made = plan_serve(arguments, io);
  return {std::move(made), err.str()};
}

TEST(ServePlan, folder_becomes_a_share_and_a_user_is_made_once) {
  const std::string folder = temporary_folder() + "/Public";
  ASSERT_EQ(mkdir(folder.c_str(), 0700), 0);
  const std::string state = temporary_folder() + "/state";
  const Planned first = plan({{"FOLDER", {folder}}, {"--state-dir", {state}}, {"--listen", {"127.0.0.1:0"}}});
  ASSERT_TRUE(first.plan) << first.err;
  ASSERT_EQ(first.plan->loaded.config.shares.size(), 1u);
  EXPECT_EQ(first.plan->loaded.config.shares[0].name, "Public");
  EXPECT_EQ(first.plan->user->password.size(), 23u);
  const Planned second = plan({{"FOLDER", {folder}}, {"--state-dir", {state}}, {"--listen", {"127.0.0.1:0"}}});
  ASSERT_TRUE(second.plan) << second.err;
  EXPECT_EQ(second.plan->user->name, first.plan->user->name);
  EXPECT_EQ(second.plan->user->password, "");
}

TEST(ServePlan, folder_that_is_not_there_is_named) {
  const Planned planned = plan({{"FOLDER", {"/nonexistent/folder"}}});
  EXPECT_FALSE(planned.plan);
  EXPECT_THAT(planned.err, HasSubstr("/nonexistent/folder is not a folder"));
}

TEST(ServePlan, state_folder_inside_a_share_is_refused) {
  const std::string folder = temporary_folder();
  const Planned planned = plan({{"FOLDER", {folder}}, {"--state-dir", {folder + "/state"}}});
  EXPECT_FALSE(planned.plan);
  EXPECT_THAT(planned.err, HasSubstr("would show the state folder"));
}

TEST(ServePlan, listen_address_has_to_be_one) {
  const Planned planned = plan({{"FOLDER", {temporary_folder()}}, {"--listen", {"here"}}});
  EXPECT_FALSE(planned.plan);
  EXPECT_THAT(planned.err, HasSubstr("--listen here is not"));
}

TEST(ServePlan, configuration_that_is_not_there_is_an_error) {
  EXPECT_FALSE(plan({{"--config", {"/nonexistent.toml"}}}).plan);
}

TEST(ServeSource, reload_reads_the_file_anew_and_keeps_the_command_line) {
  const std::string folder = temporary_folder(), other = temporary_folder(), file = temporary_folder() + "/dozo.toml";
  write_file(file, "[limits]\ncredits_max = 4096\n");
  const std::string state = temporary_folder() + "/state";
  const Planned started =
      plan({{"--config", {file}}, {"FOLDER", {folder}}, {"--state-dir", {state}}, {"--listen", {"127.0.0.1:4455"}}});
  ASSERT_TRUE(started.plan) << started.err;
  write_file(file,
             "[server]\nlisten = [\"0.0.0.0:445\"]\nstate_dir = \"/elsewhere\"\n[limits]\ncredits_max = 1024\n"
             "[[share]]\nname = \"added\"\npath = \"" +
                 other + "\"\n");
  const auto again = ServeSource(started.plan->config_file, started.plan->overrides).load();
  ASSERT_TRUE(again) << to_string(again.error().front());
  EXPECT_EQ(again->config.limits.credits_max, 1024u);
  EXPECT_EQ(again->config.server.listen, (std::vector<server::ListenAddress>{{"127.0.0.1", 4455}}));
  EXPECT_EQ(again->config.server.state_dir, state);
  ASSERT_EQ(again->config.shares.size(), 2u);
  EXPECT_EQ(again->config.shares[0].name, "added");
  EXPECT_EQ(again->config.shares[1].path, std::filesystem::canonical(folder));
}

TEST(ServeSource, file_that_became_wrong_is_refused) {
  const std::string file = temporary_folder() + "/dozo.toml";
  write_file(file, "[server]\nthread = 2\n");
  const auto loaded = ServeSource(file, {}).load();
  ASSERT_FALSE(loaded);
  EXPECT_THAT(to_string(loaded.error().front()), HasSubstr("dozo.toml:2"));
}

TEST(ShareOfFolder, names_are_made_valid_and_unique) {
  EXPECT_EQ(share_of_folder("/srv/Data", {}).name, "Data");
  EXPECT_EQ(share_of_folder("/srv/a:b", {}).name, "a_b");
  EXPECT_EQ(share_of_folder("/", {}).name, "share");
  EXPECT_EQ(share_of_folder("/x/IPC$", {}).name, "share");
  EXPECT_EQ(share_of_folder("/y/DATA", {share_of_folder("/x/data", {})}).name, "DATA-2");
}

TEST(WhatToType, names_the_port_only_when_it_is_another) {
  const auto share = share_of_folder("/srv/Public", {});
  EXPECT_EQ(what_to_type(share, "10.0.0.1", 445, "alice"),
            "  Windows  net use * \\\\10.0.0.1\\Public /user:alice\n"
            "  macOS    open smb://alice@10.0.0.1/Public\n"
            "  Linux    smbclient //10.0.0.1/Public -U alice\n"
            "           sudo mount -t cifs //10.0.0.1/Public /mnt -o username=alice\n");
  EXPECT_THAT(what_to_type(share, "10.0.0.1", 1445, "alice"),
              testing::AllOf(HasSubstr("/tcpport:1445"), HasSubstr("@10.0.0.1:1445/"), HasSubstr("-p 1445"),
                             HasSubstr("port=1445")));
}

TEST(WhatToType, quotes_what_a_shell_would_take_apart) {
  const auto share = share_of_folder("/srv/My 'Files", {});
  const std::string text = what_to_type(share, "::1", 445, "alice");
  EXPECT_THAT(text, HasSubstr("\"\\\\--1.ipv6-literal.net\\My 'Files\""));
  EXPECT_THAT(text, HasSubstr("smb://alice@[::1]/My%20%27Files"));
  EXPECT_THAT(text, HasSubstr("'//::1/My '\\''Files'"));
}

TEST(GeneratedPassword, has_four_groups_and_is_never_the_same) {
  EXPECT_THAT(generated_password(), MatchesRegex("[a-z2-9]{5}-[a-z2-9]{5}-[a-z2-9]{5}-[a-z2-9]{5}"));
  EXPECT_NE(generated_password(), generated_password());
}

TEST(PasswordFromStream, is_the_first_line_and_has_to_be_there) {
  std::istringstream two("secret\r\nother\n"), none("");
  EXPECT_EQ(password_from_stream(two).value(), "secret");
  EXPECT_FALSE(password_from_stream(none));
}

TEST(UserCommands, add_list_join_and_remove) {
  const std::string state = temporary_folder() + "/state";
  const auto dozo = [&](std::vector<std::string> arguments, const std::string& input = "") {
    std::istringstream in(input);
    std::ostringstream out, err;
    Io io{in, out, err};
    arguments.insert(arguments.end(), {"--state-dir", state});
    const Exit exit = run(arguments, io);
    return std::pair(exit, out.str() + err.str());
  };
  EXPECT_EQ(dozo({"user", "add", "alice", "--password-stdin", "--group", "staff"}, "pw-1234567\n").first, Exit::done);
  EXPECT_EQ(dozo({"user", "add", "ALICE", "--password-stdin"}, "pw-1234567\n").first, Exit::failed);
  EXPECT_EQ(dozo({"user", "add", "bob", "--password-stdin"}, "\n").first, Exit::failed) << "an empty password";
  EXPECT_THAT(dozo({"user", "list"}).second, HasSubstr("@staff"));
  EXPECT_THAT(dozo({"user", "list", "--json"}).second, HasSubstr("\"groups\":[\"staff\"]"));
  EXPECT_EQ(dozo({"user", "leave", "alice", "staff"}).first, Exit::done);
  EXPECT_EQ(dozo({"user", "passwd", "nobody-here", "--password-stdin"}, "x\n").first, Exit::failed);
  EXPECT_EQ(dozo({"user", "remove", "alice"}).first, Exit::done);
  EXPECT_EQ(dozo({"user", "remove", "alice"}).first, Exit::failed);
}

TEST(LogLine, what_came_from_the_wire_cannot_forge_a_line) {
  const std::string line = render_log_line(LogStyle::text, log::Level::warning, "logon_refused", "a\nb\x1b[31m", {});
  EXPECT_EQ(line, "1970-01-01T00:00:00.000Z warning logon_refused: a\\x0ab\\x1b[31m");
}

TEST(LogLine, json_is_one_object_and_journal_has_its_priority) {
  EXPECT_EQ(render_log_line(LogStyle::json, log::Level::error, "e", "say \"x\"\n", {}),
            R"({"time":"1970-01-01T00:00:00.000Z","level":"error","event":"e","message":"say \"x\"\u000a"})");
  EXPECT_EQ(render_log_line(LogStyle::journal, log::Level::warning, "e", "m", {}), "<4>e: m");
}

TEST(JsonQuoted, what_is_not_utf8_is_replaced) { EXPECT_EQ(json_quoted("a\xff"), "\"a\xef\xbf\xbd\""); }

TEST(StatusText, shows_values_blocks_and_tables) {
  EXPECT_EQ(status_text(R"({"name":"NAS","protections":{"landlock":true},"sessions":[{"id":1,"user":"a"},{"id":22}]})"),
            "name         NAS\n"
            "protections:\n"
            "  landlock  yes\n"
            "sessions:\n"
            "  id  user\n"
            "  1   a\n"
            "  22  -\n");
}

}  // namespace
}  // namespace dozo::cli
