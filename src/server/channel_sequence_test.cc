#include "server/channel_sequence.h"

#include <gtest/gtest.h>

namespace dozo::server {
namespace {

using Verdict = ChannelSequence::Verdict;

TEST(ChannelSequence, a_newer_one_is_taken_over) {
  ChannelSequence sequence(3);
  EXPECT_EQ(sequence.begin(3, false), Verdict::counted);
  EXPECT_EQ(sequence.begin(4, false), Verdict::counted);
  EXPECT_EQ(sequence.current(), 4);
}

TEST(ChannelSequence, an_older_one_is_stale) {
  ChannelSequence sequence(3);
  EXPECT_EQ(sequence.begin(2, false), Verdict::stale);
  EXPECT_EQ(sequence.begin(2, true), Verdict::stale);
  EXPECT_EQ(sequence.current(), 3);
}

TEST(ChannelSequence, half_the_numbers_are_newer_around_the_wrap) {
  EXPECT_EQ(ChannelSequence(0xFFFF).begin(0, false), Verdict::counted);
  EXPECT_EQ(ChannelSequence(0).begin(0x7FFF, false), Verdict::counted);
  EXPECT_EQ(ChannelSequence(0).begin(0x8000, false), Verdict::stale);
}

TEST(ChannelSequence, restarted_it_knows_nothing_of_before) {
  ChannelSequence sequence(9);
  EXPECT_EQ(sequence.begin(9, false), Verdict::counted);
  sequence.restart(2);
  EXPECT_EQ(sequence.begin(2, true), Verdict::counted);
}

TEST(ChannelSequence, a_replay_waits_for_what_was_sent_before) {
  ChannelSequence sequence;
  EXPECT_EQ(sequence.begin(0, false), Verdict::counted);
  EXPECT_EQ(sequence.begin(1, true), Verdict::stale);
  EXPECT_EQ(sequence.begin(1, true), Verdict::stale);
  sequence.end(0);
  EXPECT_EQ(sequence.begin(1, true), Verdict::counted);
}

TEST(ChannelSequence, a_replay_with_nothing_under_way_is_counted) {
  ChannelSequence sequence;
  EXPECT_EQ(sequence.begin(1, true), Verdict::counted);
  EXPECT_EQ(sequence.begin(2, true), Verdict::stale);
  sequence.end(1);
  EXPECT_EQ(sequence.begin(2, true), Verdict::counted);
}

TEST(ChannelSequence, requests_of_the_current_number_do_not_hinder_a_replay_of_it) {
  ChannelSequence sequence;
  EXPECT_EQ(sequence.begin(1, false), Verdict::counted);
  EXPECT_EQ(sequence.begin(1, true), Verdict::counted);
}

TEST(ChannelSequence, a_new_number_makes_what_is_under_way_what_was_before) {
  ChannelSequence sequence;
  EXPECT_EQ(sequence.begin(0, false), Verdict::counted);
  EXPECT_EQ(sequence.begin(1, false), Verdict::counted);
  sequence.end(1);
  EXPECT_EQ(sequence.begin(1, true), Verdict::stale);
  sequence.end(0);
  EXPECT_EQ(sequence.begin(1, true), Verdict::counted);
}

}  // namespace
}  // namespace dozo::server
