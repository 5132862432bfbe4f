// CHANGE_NOTIFY. [MS-SMB2] 3.3.5.19; [MS-FSA] 2.1.5.11.
#include "wire/change_notify.h"

#include "server/testing/test_fixture.h"
#include "wire/fscc/file_set.h"
#include "wire/logoff.h"
#include "wire/tree_disconnect.h"

namespace dozo::server::testing {
namespace {

constexpr std::uint32_t kFileName = 0x001, kDirectoryName = 0x002, kAttributes = 0x004, kSize = 0x008,
                        kLastWrite = 0x010, kStreamName = 0x200, kStreamWrite = 0x800;

class ChangeNotify : public ServerTest {
 protected:
  // Without DELETE, which would keep others from renaming into it ([MS-FSA] 2.1.5.15.12, note 185).
  FileId watched() { return alice().open("", {.access = kFileGenericRead, .disposition = CreateDisposition::open}); }
  MessageId start(FileId directory, std::uint32_t filter, bool subtree = false, std::uint32_t size_max = 4096) {
    const MessageId id = alice().start_notify(directory, filter, subtree, size_max);
    world().settle();
    return id;
  }
  // "action:name " of each record.
  static std::string changes(const Answer& answer) {
    if (answer.status() != NtStatus::SUCCESS) return to_string(answer.status());
    const auto body = answer.as<wire::ChangeNotifyResponse>();
    const auto records = wire::decode_chain<wire::FileNotifyInformation>(body.output_buffer, wire::kNotifyAlignment);
    if (!records) return "broken";
    std::string out;
    for (const auto& record : *records) {
      out += std::to_string(static_cast<int>(record.action)) + ":" + utf16_to_utf8(record.file_name) + " ";
    }
    return out;
  }
};

TEST_F(ChangeNotify, a_new_file_is_told) {
  const MessageId id = start(watched(), kFileName);
  EXPECT_TRUE(alice().is_pending(id));
  bob().open("new");
  EXPECT_EQ(changes(alice().wait(id)), "1:new ");
}

TEST_F(ChangeNotify, a_removed_file_is_told) {
  const FileId file = bob().open("old", {.options = CreateOption::delete_on_close});
  const MessageId id = start(watched(), kFileName);
  bob().close(file);
  EXPECT_EQ(changes(alice().wait(id)), "2:old ");
}

TEST_F(ChangeNotify, a_rename_tells_both_names) {
  const FileId file = bob().open("old");
  const MessageId id = start(watched(), kFileName);
  EXPECT_EQ(bob().set(file, wire::FileInfoClass::rename, wire::FileRenameInformation{.file_name = u"new"}),
            NtStatus::SUCCESS);
  EXPECT_EQ(changes(alice().wait(id)), "4:old 5:new ");
}

TEST_F(ChangeNotify, a_move_is_a_removal_here_and_an_addition_there) {
  bob().close(bob().open("d", directory_args()));
  const FileId file = bob().open("f");
  const MessageId id = start(watched(), kFileName, true);
  EXPECT_EQ(bob().set(file, wire::FileInfoClass::rename, wire::FileRenameInformation{.file_name = u"d\\f"}),
            NtStatus::SUCCESS);
  EXPECT_EQ(changes(alice().wait(id)), "2:f ");
}

// [MS-FSA] 2.1.5.15.12: the file gets FILE_ATTRIBUTE_ARCHIVE.
TEST_F(ChangeNotify, a_rename_is_a_change_of_attributes_to_who_asks_for_no_names) {
  const FileId file = bob().open("old");
  const MessageId id = start(watched(), kAttributes), both = start(watched(), kFileName | kAttributes);
  EXPECT_EQ(bob().set(file, wire::FileInfoClass::rename, wire::FileRenameInformation{.file_name = u"new"}),
            NtStatus::SUCCESS);
  EXPECT_EQ(changes(alice().wait(id)), "3:new ");
  EXPECT_EQ(changes(alice().wait(both)), "4:old 5:new ");
}

TEST_F(ChangeNotify, streams_have_actions_and_filters_of_their_own) {
  bob().open("f");
  const MessageId made = start(watched(), kStreamName), written = start(watched(), kStreamWrite),
                  main = start(watched(), kSize | kLastWrite);
  const FileId stream = bob().open("f:s");
  EXPECT_EQ(changes(alice().wait(made)), "6:f:s ");
  bob().write(stream, 0, "x");
  EXPECT_EQ(changes(alice().wait(written)), "8:f:s ");
  EXPECT_FALSE(alice().is_answered(main));
}

TEST_F(ChangeNotify, many_watch_one_directory_and_each_is_told) {
  std::vector<MessageId> ids;
  for (int i = 0; i < 50; ++i) ids.push_back(start(watched(), kFileName));
  bob().open("new");
  for (const MessageId id : ids) EXPECT_EQ(changes(alice().wait(id)), "1:new ");
}

TEST_F(ChangeNotify, without_a_buffer_it_tells_that_there_was_something) {
  const MessageId id = start(watched(), kFileName, false, 0);
  bob().open("new");
  EXPECT_EQ(alice().wait(id).status(), NtStatus::NOTIFY_ENUM_DIR);
}

// [MS-SMB2] 3.3.5.19: bits that mean nothing are ignored; without others it waits until it is cancelled.
TEST_F(ChangeNotify, with_no_valid_filter_it_waits) {
  const MessageId id = start(watched(), 0xFFFFF000);
  bob().open("new");
  world().settle();
  EXPECT_FALSE(alice().is_answered(id));
  alice().cancel(id);
  EXPECT_EQ(alice().wait(id).status(), NtStatus::CANCELLED);
}

TEST_F(ChangeNotify, logoff_ends_it) {
  const MessageId id = start(watched(), kFileName);
  alice().call(wire::Command::logoff, wire::LogoffRequest{});
  EXPECT_EQ(alice().wait(id).status(), NtStatus::NOTIFY_CLEANUP);
}

TEST_F(ChangeNotify, filter_and_depth_of_the_first_request_stay) {
  const FileId directory = watched();
  bob().open("d", directory_args());
  const MessageId first = start(directory, kDirectoryName);
  alice().cancel(first);
  alice().wait(first);
  const MessageId second = start(directory, kFileName, true);
  bob().open("f");
  bob().open("d\\e", directory_args());
  world().settle();
  EXPECT_FALSE(alice().is_answered(second));
  bob().open("e", directory_args());
  EXPECT_EQ(changes(alice().wait(second)), "1:e ");
}

TEST_F(ChangeNotify, what_the_filter_does_not_name_is_not_told) {
  const MessageId id = start(watched(), kDirectoryName);
  bob().open("file");
  world().settle();
  EXPECT_FALSE(alice().is_answered(id));
  bob().open("directory", directory_args());
  EXPECT_EQ(changes(alice().wait(id)), "1:directory ");
}

TEST_F(ChangeNotify, a_write_is_a_change_of_size_and_time) {
  const FileId file = bob().open("f");
  const MessageId id = start(watched(), kSize | kLastWrite);
  bob().write(file, 0, "x");
  EXPECT_EQ(changes(alice().wait(id)), "3:f ");
}

TEST_F(ChangeNotify, beneath_a_directory_is_told_only_with_the_tree) {
  bob().open("d", directory_args());
  const MessageId shallow = start(watched(), kFileName), deep = start(watched(), kFileName, true);
  bob().open("d\\f");
  EXPECT_EQ(changes(alice().wait(deep)), "1:d\\f ");
  EXPECT_FALSE(alice().is_answered(shallow));
}

TEST_F(ChangeNotify, what_happens_between_two_requests_is_not_lost) {
  const FileId directory = watched();
  const MessageId first = start(directory, kFileName);
  bob().open("one");
  alice().wait(first);
  bob().open("two");
  world().settle();
  EXPECT_EQ(changes(alice().wait(start(directory, kFileName))), "1:two ");
}

TEST_F(ChangeNotify, more_than_fits_is_told_without_names) {
  const FileId directory = watched();
  const MessageId first = start(directory, kFileName, false, 64);
  bob().open("one");
  alice().wait(first);
  for (int i = 0; i < 10; ++i) bob().open("many" + std::to_string(i));
  world().settle();
  EXPECT_EQ(alice().wait(start(directory, kFileName, false, 64)).status(), NtStatus::NOTIFY_ENUM_DIR);
}

TEST_F(ChangeNotify, requests_are_answered_first_come_first_served) {
  const FileId directory = watched();
  const MessageId first = start(directory, kFileName), second = start(directory, kFileName);
  bob().open("one");
  EXPECT_EQ(changes(alice().wait(first)), "1:one ");
  EXPECT_FALSE(alice().is_answered(second));
  bob().open("two");
  EXPECT_EQ(changes(alice().wait(second)), "1:two ");
}

TEST_F(ChangeNotify, cancel_ends_it) {
  const MessageId id = start(watched(), kFileName);
  alice().cancel(id);
  EXPECT_EQ(alice().wait(id).status(), NtStatus::CANCELLED);
}

TEST_F(ChangeNotify, after_a_cancel_the_next_request_goes_on) {
  const FileId directory = watched();
  const MessageId first = start(directory, kFileName);
  alice().cancel(first);
  alice().wait(first);
  bob().open("missed");
  world().settle();
  EXPECT_EQ(changes(alice().wait(start(directory, kFileName))), "1:missed ");
}

TEST_F(ChangeNotify, the_close_of_the_directory_is_a_cleanup) {
  const FileId directory = watched();
  const MessageId id = start(directory, kFileName);
  alice().close(directory);
  EXPECT_EQ(alice().wait(id).status(), NtStatus::NOTIFY_CLEANUP);
}

TEST_F(ChangeNotify, the_deletion_of_the_directory_ends_it) {
  const FileId directory = alice().open("d", directory_args());
  const MessageId id = start(directory, kFileName);
  const FileId other = bob().open("d", directory_args());
  bob().set(other, wire::FileInfoClass::disposition, wire::FileDispositionInformation{.delete_pending = true});
  EXPECT_EQ(alice().wait(id).status(), NtStatus::DELETE_PENDING);
}

TEST_F(ChangeNotify, of_a_file_is_an_invalid_parameter) {
  EXPECT_EQ(alice().wait(start(alice().open("f"), kFileName)).status(), NtStatus::INVALID_PARAMETER);
}

TEST_F(ChangeNotify, needs_the_right_to_list) {
  const FileId directory =
      alice().open("", {.access = Access::read_attributes, .disposition = CreateDisposition::open});
  EXPECT_EQ(alice().wait(start(directory, kFileName)).status(), NtStatus::ACCESS_DENIED);
}

TEST_F(ChangeNotify, larger_than_was_negotiated_is_an_invalid_parameter) {
  for (int i = 0; i < 4; ++i) alice().echo();
  EXPECT_EQ(alice().wait(start(watched(), kFileName, false, alice().io_size_max() + 1)).status(),
            NtStatus::INVALID_PARAMETER);
}

TEST_F(ChangeNotify, tree_disconnect_ends_it) {
  const MessageId id = start(watched(), kFileName);
  alice().call(wire::Command::tree_disconnect, wire::TreeDisconnectRequest{});
  EXPECT_EQ(alice().wait(id).status(), NtStatus::NOTIFY_CLEANUP);
}

}  // namespace
}  // namespace dozo::server::testing
