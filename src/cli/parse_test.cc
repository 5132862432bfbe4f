#include "cli/parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/manual.h"

namespace dozo::cli {
namespace {

using testing::HasSubstr;

struct Ran {
  Exit exit;
  std::string out, err;
};
Ran run_dozo(const std::vector<std::string>& arguments, const std::string& input = "") {
  std::istringstream in(input);
  std::ostringstream out, err;
  Io io{in, out, err};
  const Exit exit = run(arguments, io);
  return {exit, out.str(), err.str()};
}

TEST(Parse, options_and_arguments_reach_the_command) {
  const Parsed parsed = parse({"user", "add", "alice", "--state-dir", "/s", "--group", "a", "--group", "b"});
  const auto& command = std::get<ParsedCommand>(parsed);
  EXPECT_EQ(command.command->name, "user add");
  EXPECT_EQ(command.arguments.required("NAME"), "alice");
  EXPECT_EQ(command.arguments.value("--state-dir"), "/s");
  EXPECT_EQ(command.arguments.all("--group"), (std::vector<std::string>{"a", "b"}));
  EXPECT_FALSE(command.arguments.flag("--password-stdin"));
}

TEST(Parse, repeated_option_does_not_swallow_what_follows) {
  const Parsed parsed = parse({"user", "add", "--group", "a", "alice"});
  EXPECT_EQ(std::get<ParsedCommand>(parsed).arguments.required("NAME"), "alice");
}

TEST(Parse, equals_sign_gives_a_value) {
  const Parsed parsed = parse({"status", "--state-dir=/s"});
  EXPECT_EQ(std::get<ParsedCommand>(parsed).arguments.value("--state-dir"), "/s");
}

TEST(Parse, wrong_usage_is_exit_status_2_and_names_the_help) {
  EXPECT_EQ(run_dozo({}).exit, Exit::usage);
  EXPECT_EQ(run_dozo({"fly"}).exit, Exit::usage);
  EXPECT_EQ(run_dozo({"user"}).exit, Exit::usage);
  EXPECT_EQ(run_dozo({"user", "add"}).exit, Exit::usage);
  EXPECT_EQ(run_dozo({"user", "add", "a", "b"}).exit, Exit::usage);
  EXPECT_EQ(run_dozo({"config", "check", "a", "b"}).exit, Exit::usage);
  EXPECT_EQ(run_dozo({"status", "--bogus"}).exit, Exit::usage);
  EXPECT_EQ(run_dozo({"status", "--state-dir", "a", "--state-dir", "b"}).exit, Exit::usage);
  EXPECT_THAT(run_dozo({"user", "add"}).err, HasSubstr("dozo user add --help"));
}

TEST(Parse, help_of_a_command_names_all_that_is_in_its_row) {
  for (const CommandSpec& command : commands()) {
    const auto text = help_text(command.name);
    ASSERT_TRUE(text) << command.name;
    for (const OptionSpec& option : command.options) EXPECT_THAT(*text, HasSubstr(std::string(option.name)));
    for (const ArgumentSpec& argument : command.arguments) EXPECT_THAT(*text, HasSubstr(std::string(argument.name)));
  }
}

TEST(Parse, help_is_the_same_by_option_and_by_command) {
  EXPECT_EQ(run_dozo({"user", "add", "--help"}).out, run_dozo({"help", "user", "add"}).out);
  EXPECT_EQ(run_dozo({"--help"}).out, run_dozo({"help"}).out);
  EXPECT_EQ(run_dozo({"help", "fly"}).exit, Exit::usage);
}

TEST(Parse, two_arguments_are_told_apart) {
  const Parsed parsed = parse({"user", "join", "alice", "staff"});
  EXPECT_EQ(std::get<ParsedCommand>(parsed).arguments.required("NAME"), "alice");
  EXPECT_EQ(std::get<ParsedCommand>(parsed).arguments.required("GROUP"), "staff");
}

TEST(Parse, help_shows_the_command_as_it_is_typed) {
  EXPECT_THAT(run_dozo({"user", "add", "--help"}).out, HasSubstr("Usage: dozo user add [OPTIONS] NAME"));
}

TEST(Parse, hidden_commands_are_not_in_help) {
  EXPECT_THAT(run_dozo({"--help"}).out, testing::Not(HasSubstr("_man")));
  EXPECT_THAT(run_dozo({"--help"}).out, HasSubstr("status"));
}

TEST(Parse, version_is_printed) {
  EXPECT_EQ(run_dozo({"--version"}).out, "dozo " DOZO_VERSION "\n");
  EXPECT_EQ(run_dozo({"--version"}).exit, Exit::done);
}

TEST(Commands, names_are_unique_and_groups_are_known) {
  std::set<std::string_view> names, groups;
  for (const CommandGroup& group : command_groups()) groups.insert(group.name);
  for (const CommandSpec& command : commands()) {
    EXPECT_TRUE(names.insert(command.name).second) << command.name;
    const std::size_t space = command.name.find(' ');
    if (space != command.name.npos) EXPECT_TRUE(groups.contains(command.name.substr(0, space))) << command.name;
    EXPECT_FALSE(command.summary.ends_with('.')) << "a summary is no sentence: " << command.name;
  }
}

TEST(Manual, every_visible_command_has_a_page_with_its_options) {
  const auto pages = manual_pages();
  for (const CommandSpec& command : commands()) {
    if (command.hidden) continue;
    std::string file = "dozo-" + std::string(command.name) + ".1";
    std::ranges::replace(file, ' ', '-');
    const auto page = std::ranges::find(pages, file, &ManualPage::file_name);
    ASSERT_NE(page, pages.end()) << file;
    for (const OptionSpec& option : command.options) {
      EXPECT_THAT(page->text, HasSubstr(std::string(option.name.substr(option.name.rfind('-') + 1)))) << file;
    }
  }
}

TEST(Manual, dozo_toml_has_every_setting_with_its_default) {
  const auto pages = manual_pages();
  const auto page = std::ranges::find(pages, "dozo.toml.5", &ManualPage::file_name);
  ASSERT_NE(page, pages.end());
  EXPECT_THAT(page->text, HasSubstr("\\fBfailure_delay_ms\\fR = 0 to 10000\n"));
  EXPECT_THAT(page->text, HasSubstr("Default: 2000."));
}

TEST(Manual, pages_are_written_to_a_folder_that_is_there) {
  EXPECT_EQ(run_dozo({"_man", "/nonexistent"}).exit, Exit::failed);
}

TEST(Completion, knows_three_shells_and_no_other) {
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const auto text = completion(shell);
    ASSERT_TRUE(text);
    EXPECT_THAT(*text, HasSubstr("import-smb-conf")) << shell;
    EXPECT_THAT(*text, testing::Not(HasSubstr("_man"))) << shell;
  }
  EXPECT_EQ(run_dozo({"_completion", "tcsh"}).exit, Exit::usage);
}

TEST(Control, server_that_is_not_there_is_exit_status_1_with_advice) {
  for (const std::vector<std::string>& command : {std::vector<std::string>{"status"}, {"reload"}, {"kick", "1"}}) {
    auto arguments = command;
    arguments.insert(arguments.end(), {"--state-dir", "/nonexistent/state"});
    const Ran ran = run_dozo(arguments);
    EXPECT_EQ(ran.exit, Exit::failed);
    EXPECT_THAT(ran.err, HasSubstr("is the server running"));
  }
}

TEST(Control, kick_wants_a_number) { EXPECT_EQ(run_dozo({"kick", "alice"}).exit, Exit::usage); }

TEST(Config, file_that_is_wrong_is_exit_status_1_with_the_place) {
  const std::string path = testing::TempDir() + "dozo_cli_bad.toml";
  FILE* file = fopen(path.c_str(), "w");
  ASSERT_TRUE(file);
  fputs("[server]\nsignng = 1\n", file);
  fclose(file);
  const Ran ran = run_dozo({"config", "check", path});
  EXPECT_EQ(ran.exit, Exit::failed);
  EXPECT_THAT(ran.err, HasSubstr(path + ":2:1: unknown key"));
  EXPECT_EQ(run_dozo({"config", "show", path}).exit, Exit::failed);
  EXPECT_EQ(run_dozo({"status", "--config", path}).exit, Exit::failed);
}

}  // namespace
}  // namespace dozo::cli
