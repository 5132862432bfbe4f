#include "server/commands/notify_queue.h"

#include <gtest/gtest.h>

#include "wire/change_notify.h"

namespace dozo::server {
namespace {

using vfs::ChangeAction;
using vfs::ChangeKind;

constexpr vfs::ChangeKinds kNames = ChangeKind::file_name | ChangeKind::directory_name;

std::vector<vfs::Change> added(std::string path) {
  return {{ChangeAction::added, ChangeKind::file_name, std::move(path)}};
}

std::vector<wire::FileNotifyInformation> records_of(const NotifyAnswer& answer) {
  return wire::decode_chain<wire::FileNotifyInformation>(answer.records, wire::kNotifyAlignment).value();
}

NotifyAnswer answer_of(NotifyQueue::Waiter& waiter) {
  EXPECT_TRUE(waiter.answer.is_set());
  return waiter.answer.await_resume();
}

TEST(NotifyQueue, waiting_request_gets_the_next_change) {
  NotifyQueue queue(kNames, false, 1000);
  NotifyQueue::Waiter waiter(1000);
  queue.wait(waiter);
  EXPECT_FALSE(waiter.answer.is_set());
  queue.on_changes(added("dir\\neu.txt"));
  const NotifyAnswer answer = answer_of(waiter);
  EXPECT_EQ(answer.status, NtStatus::SUCCESS);
  ASSERT_EQ(records_of(answer).size(), 1u);
  EXPECT_EQ(records_of(answer)[0].action, wire::NotifyAction::added);
  EXPECT_EQ(records_of(answer)[0].file_name, u"dir\\neu.txt");
}

TEST(NotifyQueue, changes_between_two_requests_are_kept_in_order) {
  NotifyQueue queue(kNames, false, 1000);
  queue.on_changes(added("a"));
  queue.on_changes(added("bcd"));
  NotifyQueue::Waiter waiter(1000);
  queue.wait(waiter);
  const auto records = records_of(answer_of(waiter));
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].file_name, u"a");
  EXPECT_EQ(records[1].file_name, u"bcd");
}

TEST(NotifyQueue, the_same_change_twice_in_a_row_is_told_once) {
  NotifyQueue queue(kNames | vfs::ChangeKinds(ChangeKind::size), false, 1000);
  const auto modified = [](const char* path) {
    return std::vector<vfs::Change>{{ChangeAction::modified, ChangeKind::size, path}};
  };
  for (const char* path : {"a", "a", "b", "a"}) queue.on_changes(modified(path));
  queue.on_changes(added("a"));
  NotifyQueue::Waiter first(1000), second(1000);
  queue.wait(first);
  EXPECT_EQ(records_of(answer_of(first)).size(), 4u);
  queue.on_changes(modified("a"));
  queue.wait(second);
  EXPECT_EQ(records_of(answer_of(second)).size(), 1u);
}

TEST(NotifyQueue, changes_that_the_filter_leaves_out_are_not_told) {
  NotifyQueue queue(ChangeKind::directory_name, false, 1000);
  NotifyQueue::Waiter waiter(1000);
  queue.wait(waiter);
  queue.on_changes(added("a"));
  EXPECT_FALSE(waiter.answer.is_set());
}

TEST(NotifyQueue, more_than_the_buffer_holds_is_told_as_enum_dir) {
  NotifyQueue queue(kNames, false, 20);
  queue.on_changes(added("a"));
  queue.on_changes(added("b"));
  NotifyQueue::Waiter waiter(1000);
  queue.wait(waiter);
  const NotifyAnswer answer = answer_of(waiter);
  EXPECT_EQ(answer.status, NtStatus::NOTIFY_ENUM_DIR);
  EXPECT_TRUE(answer.records.empty());
}

TEST(NotifyQueue, after_enum_dir_changes_are_told_again) {
  NotifyQueue queue(kNames, false, 20);
  queue.on_overflow();
  NotifyQueue::Waiter first(1000), second(1000);
  queue.wait(first);
  EXPECT_EQ(answer_of(first).status, NtStatus::NOTIFY_ENUM_DIR);
  queue.wait(second);
  EXPECT_FALSE(second.answer.is_set());
  queue.on_changes(added("a"));
  EXPECT_EQ(answer_of(second).status, NtStatus::SUCCESS);
}

TEST(NotifyQueue, request_with_a_smaller_buffer_than_what_is_kept_gets_enum_dir) {
  NotifyQueue queue(kNames, false, 1000);
  queue.on_changes(added("a"));
  NotifyQueue::Waiter waiter(13);  // a record of one character has 14
  queue.wait(waiter);
  EXPECT_EQ(answer_of(waiter).status, NtStatus::NOTIFY_ENUM_DIR);
}

TEST(NotifyQueue, buffer_of_no_size_learns_only_that_something_changed) {
  NotifyQueue queue(kNames, false, 0);
  NotifyQueue::Waiter waiter(0);
  queue.wait(waiter);
  queue.on_changes(added("a"));
  EXPECT_EQ(answer_of(waiter).status, NtStatus::NOTIFY_ENUM_DIR);
}

TEST(NotifyQueue, requests_are_answered_first_in_first_out) {
  NotifyQueue queue(kNames, false, 1000);
  NotifyQueue::Waiter first(1000), second(1000);
  queue.wait(first);
  queue.wait(second);
  queue.on_changes(added("a"));
  EXPECT_TRUE(first.answer.is_set());
  EXPECT_FALSE(second.answer.is_set());
  queue.on_changes(added("b"));
  EXPECT_EQ(records_of(answer_of(second))[0].file_name, u"b");
}

TEST(NotifyQueue, request_that_has_gone_is_not_answered) {
  NotifyQueue queue(kNames, false, 1000);
  NotifyQueue::Waiter second(1000);
  {
    NotifyQueue::Waiter first(1000);
    queue.wait(first);
    queue.wait(second);
  }
  queue.on_changes(added("a"));
  EXPECT_TRUE(second.answer.is_set());
}

TEST(NotifyQueue, finish_ends_all_requests_and_those_to_come) {
  NotifyQueue queue(kNames, false, 1000);
  NotifyQueue::Waiter first(1000), second(1000), late(1000);
  queue.wait(first);
  queue.wait(second);
  queue.finish(NtStatus::NOTIFY_CLEANUP);
  queue.wait(late);
  EXPECT_EQ(answer_of(first).status, NtStatus::NOTIFY_CLEANUP);
  EXPECT_EQ(answer_of(second).status, NtStatus::NOTIFY_CLEANUP);
  EXPECT_EQ(answer_of(late).status, NtStatus::NOTIFY_CLEANUP);
}

TEST(NotifyQueue, directory_that_is_gone_is_told_as_delete_pending) {
  NotifyQueue queue(kNames, false, 1000);
  NotifyQueue::Waiter waiter(1000);
  queue.wait(waiter);
  queue.on_directory_gone();
  EXPECT_EQ(answer_of(waiter).status, NtStatus::DELETE_PENDING);
}

TEST(NotifyQueue, without_a_filter_nothing_is_ever_told) {
  NotifyQueue queue({}, false, 1000);
  NotifyQueue::Waiter waiter(1000);
  queue.wait(waiter);
  queue.on_changes(added("a"));
  queue.on_overflow();
  EXPECT_FALSE(waiter.answer.is_set());
}

}  // namespace
}  // namespace dozo::server
