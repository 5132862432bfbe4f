// dozo policy, as it is typed.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/parse.h"
#include "policy/backend.h"

namespace dozo::cli {
namespace {

using nlohmann::json;

struct Said {
  Exit exit;
  std::string out, err;
};
Said typed(std::vector<std::string> words) {
  std::istringstream in;
  std::ostringstream out, err;
  Io io{in, out, err};
  words.insert(words.begin(), "policy");
  const Exit exit = run(words, io);
  return {exit, out.str(), err.str()};
}

class PolicyCommands : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string folder = ::testing::TempDir() + "policy-XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    file_ = folder + "/policy.toml";
  }
  void TearDown() override {
    unlink(file_.c_str());
    rmdir(folder_.c_str());
  }
  void init(const std::string& name) {
    const Said said = typed({"init", "--template", name, "--lan", "10.0.0.0/13,fd00::/16", "--servers", "10.0.1.10",
                             "--controllers", "10.0.1.2", "--output", file_});
    ASSERT_EQ(said.exit, Exit::done) << said.err;
  }
  void write(std::string_view text) { std::ofstream(file_) << text; }

  std::string folder_, file_;
};

TEST_F(PolicyCommands, init_writes_a_policy_that_check_finds_nothing_in) {
  init("client");
  const Said said = typed({"check", "--policy", file_});
  EXPECT_EQ(said.exit, Exit::done) << said.err;
  EXPECT_EQ(said.out, file_ + ": fine, 4 rules on client, fileserver, domain-controller\n");
  EXPECT_EQ(said.err, "");
}

TEST_F(PolicyCommands, init_leaves_a_file_alone_that_is_there) {
  write("mine");
  EXPECT_EQ(typed({"init", "--template", "lockdown", "--output", file_}).exit, Exit::failed);
  std::ifstream file(file_);
  std::string text;
  EXPECT_TRUE(std::getline(file, text) && text == "mine");
}

TEST_F(PolicyCommands, init_says_what_is_missing_or_wrong) {
  EXPECT_EQ(typed({"init", "--template", "castle"}).exit, Exit::usage);
  EXPECT_EQ(typed({"init", "--template", "fileserver"}).exit, Exit::usage);
  const Said wrong = typed({"init", "--template", "fileserver", "--lan", "10.0.0.1/8", "--servers", "10.0.1.10"});
  EXPECT_EQ(wrong.exit, Exit::failed);
  EXPECT_NE(wrong.err.find("the network is 10.0.0.0/8"), std::string::npos) << wrong.err;
}

TEST_F(PolicyCommands, check_names_file_and_line_and_refuses) {
  write(
      "[roles.client]\nmembers = [\"10.0.0.0/8\"]\n[roles.fileserver]\nmembers = [\"10.0.1.10\"]\n[[rule]]\nname = "
      "\"x\"\n"
      "on = [\"client\"]\ndirection = \"out\"\nservices = [\"smb\"]\naction = \"block\"\n");
  const Said said = typed({"check", "--policy", file_, "--json"});
  EXPECT_EQ(said.exit, Exit::failed);
  const json problems = json::parse(said.out)["problems"];
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0]["line"], 5);
  EXPECT_EQ(problems[0]["severity"], "error");
}

TEST_F(PolicyCommands, check_refuses_what_would_end_the_session) {
  write(
      "[services.ssh]\nprotocol = \"tcp\"\nports = [\"22\"]\n[roles.client]\n[[rule]]\nname = \"x\"\non = "
      "[\"client\"]\n"
      "direction = \"in\"\nservices = [\"ssh\"]\naction = \"block\"\n");
  EXPECT_EQ(typed({"check", "--policy", file_}).exit, Exit::done);
  const std::vector<std::string> with_host = {"check", "--policy", file_, "--host", "client", "--session"};
  std::vector<std::string> mine = with_host, none = with_host;
  mine.push_back("10.0.0.9 50000 10.0.0.10 22");
  none.push_back("ssh");
  EXPECT_EQ(typed(mine).exit, Exit::failed);
  EXPECT_EQ(typed(none).exit, Exit::usage);
}

TEST_F(PolicyCommands, simulate_prints_verdict_rule_and_line) {
  init("fileserver");
  const Said said = typed({"simulate", "--policy", file_, "--from", "198.51.100.1", "--to", "10.0.1.10", "--json"});
  EXPECT_EQ(said.exit, Exit::done) << said.err;
  const json answer = json::parse(said.out);
  EXPECT_EQ(answer["verdict"], "block");
  EXPECT_EQ(answer["source"], "internet");
  EXPECT_EQ(answer["steps"][0]["rule"], "others");
  EXPECT_GT(answer["steps"][0]["line"], 0);
  for (const json& backend : answer["steps"][0]["backends"]) EXPECT_TRUE(backend["agrees"]) << backend;
}

TEST_F(PolicyCommands, simulate_knows_profiles_and_ipsec) {
  init("client");
  std::vector<std::string> words = {"simulate", "--policy", file_, "--from", "10.0.5.5", "--to", "10.0.1.10"};
  EXPECT_NE(typed(words).out.find(": refused\n"), std::string::npos);
  words.push_back("--ipsec");
  EXPECT_NE(typed(words).out.find(": let through\n"), std::string::npos);
  words.insert(words.end(), {"--profile", "public"});
  EXPECT_NE(typed(words).out.find(": refused\n"), std::string::npos);
}

TEST_F(PolicyCommands, simulate_prints_who_reaches_whom) {
  init("no-lateral");
  const json answer = json::parse(typed({"simulate", "--policy", file_, "--matrix", "--json"}).out);
  std::map<std::string, std::string> reach;
  for (const json& cell : answer["matrix"]) {
    reach[cell["from"].get<std::string>() + ">" + cell["to"].get<std::string>()] = cell["reach"].get<std::string>();
  }
  EXPECT_EQ(reach["client>client"], "no");
  EXPECT_EQ(reach["client>fileserver"], "yes");
  EXPECT_EQ(reach["internet>client"], "no");
}

TEST_F(PolicyCommands, simulate_takes_addresses_and_ports_alone) {
  init("client");
  EXPECT_EQ(typed({"simulate", "--policy", file_, "--from", "host", "--to", "10.0.1.10"}).exit, Exit::usage);
  EXPECT_EQ(typed({"simulate", "--policy", file_, "--from", "10.0.0.1", "--to", "10.0.1.10", "--port", "smb"}).exit,
            Exit::usage);
  EXPECT_EQ(typed({"simulate", "--policy", file_, "--matrix", "--profile", "home"}).exit, Exit::usage);
}

TEST_F(PolicyCommands, compile_asks_for_what_it_does_not_know) {
  init("client");
  EXPECT_EQ(typed({"compile", "--policy", file_, "--for", "ipfw"}).exit, Exit::usage);
  for (const policy::Backend& backend : policy::backends()) {
    if (!backend.host) continue;
    const std::string name(backend.name);
    EXPECT_EQ(typed({"compile", "--policy", file_, "--for", name, "--host", "nobody"}).exit, Exit::usage) << name;
    EXPECT_NE(typed({"compile", "--policy", file_, "--for", name, "--host", "client"}).out, "") << name;
    EXPECT_NE(typed({"compile", "--policy", file_, "--for", name, "--undo"}).out, "") << name;
  }
}

TEST_F(PolicyCommands, compile_refuses_what_check_refuses) {
  write("[roles.fileserver]\nserver_service = \"stop\"\n");
  for (const policy::Backend& backend : policy::backends()) {
    const Said said = typed({"compile", "--policy", file_, "--for", std::string(backend.name)});
    EXPECT_EQ(said.exit, Exit::failed) << backend.name;
    EXPECT_EQ(said.out, "");
  }
}

TEST_F(PolicyCommands, impact_prints_sockets_and_units) {
  init("fileserver");
  const Said said = typed({"impact", "--policy", file_, "--host", "fileserver", "--json"});
  EXPECT_EQ(said.exit, Exit::done) << said.err;
  const json answer = json::parse(said.out);
  EXPECT_TRUE(answer["sockets"].is_array());
  for (const json& unit : answer["units"]) {
    if (unit["unit"] == "smbd.service") EXPECT_FALSE(unit["may_stop"]);
  }
  EXPECT_EQ(typed({"impact"}).exit, Exit::done);
}

}  // namespace
}  // namespace dozo::cli
