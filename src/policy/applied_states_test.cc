#include "policy/applied_states.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "policy/nft_apply.h"
#include "policy/nft_run.h"
#include "policy/testing/rules_for_tests.h"

namespace dozo::policy {
namespace {

class States : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/dozo-states-XXXXXX";
    top_ = mkdtemp(name);
  }
  void TearDown() override { std::filesystem::remove_all(top_); }
  std::string folder() const { return top_ + "/states"; }
  static std::string came_back_at() { return std::string(std::getenv("DOZO_CAME_BACK")); }

  std::string top_;
};

void nap() {
  const timespec tenth{0, 50'000'000};
  nanosleep(&tenth, nullptr);
}

// In the watcher's process: leaves a file as a sign.
bool leave_a_sign(const AppliedStates& states) {
  std::ofstream(std::getenv("DOZO_CAME_BACK")) << states.pop().value_or("nothing");
  return true;
}

std::string content(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_F(States, the_last_one_that_was_pushed_comes_out_first) {
  const AppliedStates states(folder());
  EXPECT_TRUE(states.empty());
  ASSERT_TRUE(states.push("one"));
  ASSERT_TRUE(states.push(""));
  ASSERT_TRUE(states.push("three\n"));
  EXPECT_EQ(states.pop(), "three\n");
  EXPECT_EQ(states.pop(), "");
  EXPECT_EQ(states.pop(), "one");
  EXPECT_EQ(states.pop(), std::nullopt);
}

TEST_F(States, of_forty_the_last_thirty_two_are_kept) {
  const AppliedStates states(folder());
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(states.push(std::to_string(i)));
  for (int i = 39; i >= 8; --i) EXPECT_EQ(states.pop(), std::to_string(i));
  EXPECT_TRUE(states.empty());
}

TEST_F(States, a_folder_that_others_may_write_to_is_refused) {
  ASSERT_EQ(mkdir(folder().c_str(), 0700), 0);
  ASSERT_EQ(chmod(folder().c_str(), 0777), 0);
  EXPECT_FALSE(AppliedStates(folder()).push("x"));
}

TEST_F(States, a_link_in_the_folders_place_is_refused) {
  ASSERT_EQ(symlink("/tmp", folder().c_str()), 0);
  EXPECT_FALSE(AppliedStates(folder()).push("x"));
}

TEST_F(States, one_change_waits_at_a_time_and_its_waiting_ends_once) {
  const AppliedStates states(folder());
  ASSERT_TRUE(states.push("x"));
  EXPECT_EQ(confirm(states), Confirmed::nothing_waits);
  EXPECT_TRUE(states.begin_waiting());
  EXPECT_FALSE(states.begin_waiting());
  EXPECT_EQ(confirm(states), Confirmed::confirmed);
  EXPECT_EQ(confirm(states), Confirmed::nothing_waits);
}

TEST_F(States, what_is_not_confirmed_is_taken_back) {
  setenv("DOZO_CAME_BACK", (top_ + "/sign").c_str(), 1);
  const AppliedStates states(folder());
  ASSERT_TRUE(states.push("before"));
  ASSERT_TRUE(states.begin_waiting());
  ASSERT_TRUE(watch_for_confirmation(states, 0, leave_a_sign));
  while (content(came_back_at()) != "before") nap();
  EXPECT_FALSE(states.is_waiting());
}

TEST_F(States, what_is_confirmed_stays) {
  setenv("DOZO_CAME_BACK", (top_ + "/sign").c_str(), 1);
  const AppliedStates states(folder());
  ASSERT_TRUE(states.push("before"));
  ASSERT_TRUE(states.begin_waiting());
  ASSERT_TRUE(watch_for_confirmation(states, 3600, leave_a_sign));
  EXPECT_TRUE(states.end_waiting());
  EXPECT_EQ(states.pop(), "before") << "nobody else took it";
  EXPECT_EQ(content(came_back_at()), "");
}

TEST(RunProgram, gives_input_and_takes_both_outputs_and_the_status) {
  const std::string much(1'000'000, 'x');
  const auto echoed = run_program("cat", {}, much);
  ASSERT_TRUE(echoed);
  EXPECT_EQ(echoed->out, much);
  EXPECT_EQ(echoed->status, 0);
  const auto failed = run_program("ls", {"/nonexistent"}, "");
  EXPECT_NE(failed->status, 0);
  EXPECT_NE(failed->err, "");
}

TEST(RunProgram, takes_no_word_for_a_shells) {
  EXPECT_EQ(run_program("echo", {"$HOME; `id`", "*"}, "")->out, "$HOME; `id` *\n");
}

TEST(RunProgram, that_is_not_there_is_said) { EXPECT_FALSE(run_program("no-such-program-of-dozo", {}, "")); }

TEST(RunProgram, that_does_not_read_its_input_is_no_harm) {
  EXPECT_EQ(run_program("true", {}, std::string(1'000'000, 'x'))->status, 0);
}

TEST(Lockdown, closes_smb_both_ways_and_what_is_passed_on_and_nothing_else) {
  const NftTable table = lockdown_table(false);
  const MatchList list(match_lines(table));
  for (const Direction direction : {Direction::in, Direction::out, Direction::forward}) {
    Flow flow = testing::smb_flow(direction, "2001:db8::1", "2001:db8::2");
    flow.established = true;
    EXPECT_EQ(list.evaluate(flow).decision, Decision::block);
    flow.port = 22;
    EXPECT_FALSE(is_refused(list.evaluate(flow).decision));
    flow.port = 443;
    flow.protocol = Protocol::udp;
    EXPECT_FALSE(is_refused(list.evaluate(flow).decision));
    EXPECT_TRUE(is_refused(MatchList(match_lines(lockdown_table(true))).evaluate(flow).decision));
  }
}

}  // namespace
}  // namespace dozo::policy
