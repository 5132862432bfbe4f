#include "tests/simulation/steps.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/simulation/history.h"

namespace dozo::server::testing {
namespace {

const std::vector<ActionRow>& some_rows() {
  static const std::vector<ActionRow> kRows = {{"push", 3, {{"left", 4}, {"right", 9}}}, {"wait", 1, {}}};
  return kRows;
}

Instant at(int seconds) { return Instant{} + std::chrono::seconds(seconds); }

TEST(Steps, a_trace_is_read_back_as_it_was_printed) {
  const Trace trace = generate(some_rows(), 7, 3, 40);
  EXPECT_EQ(trace.steps.size(), 40u);
  EXPECT_EQ(parse_trace(some_rows(), to_text(some_rows(), trace)), trace);
}

TEST(Steps, what_is_no_trace_is_refused) {
  for (const char* text : {"", "0 push\n", "seed=1\n0 fly\n", "seed=1\n0 push left=4\n", "seed=1\nx push\n"}) {
    EXPECT_EQ(parse_trace(some_rows(), text), std::nullopt) << text;
  }
}

// Fails when actor 1 pushes behind a wait of actor 0.
class Fails final : public TraceRunner {
 public:
  std::string run(const Trace& trace) override {
    bool waited = false;
    for (const Step& step : trace.steps) {
      waited = waited || (step.actor == 0 && step.action == 1);
      if (waited && step.actor == 1 && step.action == 0) return "pushed 17 times";
    }
    return "";
  }
};

TEST(Steps, shrinking_leaves_what_the_problem_needs) {
  Fails fails;
  const Trace fewer = shrink(generate(some_rows(), 1, 3, 100), fails);
  EXPECT_EQ(to_text(some_rows(), fewer), "seed=1\n0 wait\n1 push\n");
}

TEST(Steps, problems_of_one_kind_differ_in_numbers) {
  EXPECT_EQ(kind_of("file 3 held 5"), kind_of("file 12 held 9\nand more"));
  EXPECT_NE(kind_of("file 3 held 5"), kind_of("file 3 lost 5"));
}

constexpr Cell kCell{.file = 1, .index = 0};

TEST(History, a_read_during_a_write_may_see_either) {
  History history;
  history.begin_write(kCell, 1, at(1));
  history.end_write(kCell, 1, at(5));
  history.read(kCell, 0, at(2), at(3));
  history.read(kCell, 1, at(3), at(4));
  EXPECT_EQ(history.problem(), "");
}

TEST(History, a_read_behind_a_write_that_does_not_see_it_is_stale) {
  History history;
  history.begin_write(kCell, 1, at(1));
  history.end_write(kCell, 1, at(2));
  history.read(kCell, 0, at(3), at(4));
  EXPECT_NE(history.problem(), "");
}

TEST(History, what_has_been_seen_is_not_unseen) {
  History history;
  history.begin_write(kCell, 1, at(1));
  history.read(kCell, 1, at(2), at(3));
  history.read(kCell, 0, at(4), at(5));
  EXPECT_NE(history.problem(), "");
}

TEST(History, a_write_nobody_knows_of_may_have_happened_or_not) {
  History history;
  history.begin_write(kCell, 1, at(1));
  history.doubt(kCell, 1);
  history.read(kCell, 0, at(4), at(5));
  EXPECT_EQ(history.problem(), "");
  history.read(kCell, 1, at(6), at(7));
  EXPECT_EQ(history.problem(), "");
}

TEST(History, what_nobody_wrote_is_not_read) {
  History history;
  history.read(kCell, 9, at(1), at(2));
  EXPECT_NE(history.problem(), "");
}

}  // namespace
}  // namespace dozo::server::testing
