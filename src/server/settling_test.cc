// Names that mean something else by the time they are used: looked at anew, or refused with what a client knows.
#include "server/settling.h"

#include "server/testing/test_fixture.h"
#include "wire/close.h"
#include "wire/fscc/file_info.h"
#include "wire/fscc/file_set.h"
#include "wire/fscc/reparse.h"
#include "wire/set_info.h"

namespace dozo::server::testing {
namespace {

using std::chrono::seconds;
using wire::FileInfoClass;

class SettlingTest : public ServerTest {
 protected:
  vfs::MemoryVolume& volume() { return world().volume("data"); }

  MessageId start_rename(Client& client, FileId file, std::u16string to, FileInfoClass how = FileInfoClass::rename) {
    const ByteVector value =
        wire::encode_plain(wire::FileRenameInformation{.replace_if_exists = true, .file_name = std::move(to)});
    return client.start(
        wire::Command::set_info,
        wire::SetInfoRequest{.file_info_class = static_cast<std::uint8_t>(how), .buffer = value, .file_id = file});
  }
  // Held where the volume is asked to do it: what is done meanwhile comes between the look and the deed.
  MessageId hold_rename(FileId file, std::u16string to, FileInfoClass how = FileInfoClass::rename) {
    volume().hold_once(seconds(5), 2);
    const MessageId id = start_rename(alice(), file, std::move(to), how);
    world().settle();
    EXPECT_FALSE(alice().is_answered(id));
    return id;
  }
  FileId made(std::string_view name) {
    const FileId file = alice().open(name);
    EXPECT_EQ(alice().write(file, 0, name), NtStatus::SUCCESS);
    return file;
  }
  void make_closed(std::string_view name) { EXPECT_EQ(alice().close(made(name)), NtStatus::SUCCESS); }
  void replace_from_outside(const std::string& name) {
    ASSERT_TRUE(volume().outside_remove({name}));
    ASSERT_TRUE(volume().outside_write({name}, "another"));
  }
  bool exists(std::string_view name) {
    const Answer opened = alice().create(name, {.disposition = CreateDisposition::open});
    if (opened.status() == NtStatus::SUCCESS) alice().close(opened.file_id());
    return opened.status() == NtStatus::SUCCESS;
  }
  std::string text_of(std::string_view name) {
    const FileId file = alice().open(name, {.disposition = CreateDisposition::open});
    std::string text = alice().read_text(file, 0, 100);
    alice().close(file);
    return text;
  }
};

TEST_F(SettlingTest, a_target_that_became_another_file_is_replaced_all_the_same) {
  make_closed("t");
  const MessageId rename = hold_rename(made("f"), u"t");
  replace_from_outside("t");
  EXPECT_EQ(alice().wait(rename).status(), NtStatus::SUCCESS);
  EXPECT_EQ(text_of("t"), "f");
}

TEST_F(SettlingTest, and_so_is_the_target_of_a_link) {
  make_closed("t");
  const MessageId link = hold_rename(made("f"), u"t", FileInfoClass::link);
  replace_from_outside("t");
  EXPECT_EQ(alice().wait(link).status(), NtStatus::SUCCESS);
  EXPECT_EQ(text_of("t"), "f");
}

TEST_F(SettlingTest, a_file_that_has_lost_its_name_cannot_be_renamed_by_it) {
  const FileId file = made("f");
  const MessageId rename = hold_rename(file, u"t");
  replace_from_outside("f");
  EXPECT_EQ(alice().wait(rename).status(), NtStatus::OBJECT_NAME_NOT_FOUND);
  EXPECT_EQ(text_of("f"), "another");
  EXPECT_EQ(alice().wait(start_rename(alice(), file, u"t", FileInfoClass::link)).status(),
            NtStatus::OBJECT_NAME_NOT_FOUND);
}

TEST_F(SettlingTest, two_renames_at_once_are_done_one_after_the_other) {
  const FileId mine = made("f");
  const FileId theirs = bob().open("f");
  const MessageId first = hold_rename(mine, u"a");
  const MessageId second = start_rename(bob(), theirs, u"b");
  EXPECT_EQ(bob().wait(second).status(), NtStatus::SHARING_VIOLATION);
  EXPECT_EQ(alice().wait(first).status(), NtStatus::SUCCESS);
  EXPECT_EQ(bob().wait(start_rename(bob(), theirs, u"b")).status(), NtStatus::SUCCESS);
  EXPECT_EQ(text_of("b"), "f");
}

TEST_F(SettlingTest, one_of_two_renames_waits_a_little_for_the_other) {
  const FileId mine = made("f");
  const FileId theirs = bob().open("f");
  volume().set_delay(std::chrono::milliseconds(3));
  const MessageId first = start_rename(alice(), mine, u"a");
  const MessageId second = start_rename(bob(), theirs, u"b");
  EXPECT_EQ(alice().wait(first).status(), NtStatus::SUCCESS);
  EXPECT_EQ(bob().wait(second).status(), NtStatus::SUCCESS);
  volume().set_delay(Duration(0));
  const bool first_was_last = exists("a");
  EXPECT_NE(first_was_last, exists("b"));
  EXPECT_EQ(text_of(first_was_last ? "a" : "b"), "f");
}

TEST_F(SettlingTest, a_link_to_a_file_that_is_being_renamed_finds_it) {
  const FileId mine = made("f");
  const FileId theirs = bob().open("f");
  volume().set_delay(std::chrono::milliseconds(3));
  const MessageId rename = start_rename(alice(), mine, u"a");
  const MessageId link = start_rename(bob(), theirs, u"b", FileInfoClass::link);
  EXPECT_EQ(alice().wait(rename).status(), NtStatus::SUCCESS);
  EXPECT_EQ(bob().wait(link).status(), NtStatus::SUCCESS);
  volume().set_delay(Duration(0));
  EXPECT_EQ(text_of("a"), "f");
  EXPECT_EQ(text_of("b"), "f");
}

// Its close is under way, and waits for the disk, when another handle takes the file elsewhere and is closed too.
TEST_F(SettlingTest, a_file_that_is_renamed_while_it_is_closed_is_removed_by_its_new_name) {
  const FileId mine = made("f");
  const FileId theirs = bob().open("f", {.options = CreateOption::delete_on_close});
  const wire::FileBasicInformation frozen{.last_write_time = FileTime{kFileTimeFreeze}};
  ASSERT_EQ(bob().set(theirs, FileInfoClass::basic, frozen), NtStatus::SUCCESS);
  ASSERT_EQ(bob().write(theirs, 0, "x"), NtStatus::SUCCESS);
  volume().hold_once(seconds(5));
  const MessageId close = bob().start(wire::Command::close, wire::CloseRequest{.file_id = theirs});
  world().settle();
  ASSERT_FALSE(bob().is_answered(close));
  EXPECT_EQ(alice().wait(start_rename(alice(), mine, u"t")).status(), NtStatus::SUCCESS);
  EXPECT_EQ(alice().close(mine), NtStatus::SUCCESS);
  EXPECT_EQ(bob().wait(close).status(), NtStatus::SUCCESS);
  EXPECT_FALSE(exists("f"));
  EXPECT_FALSE(exists("t"));
}

// It is not the last to be closed: the rename is under way, and whoever is last knows its end.
TEST_F(SettlingTest, a_deletion_waits_for_a_rename_that_is_under_way) {
  const FileId mine = made("f");
  const FileId theirs = bob().open("f", {.options = CreateOption::delete_on_close});
  volume().set_delay(std::chrono::milliseconds(3));
  const MessageId rename = start_rename(alice(), mine, u"t");
  const MessageId close = bob().start(wire::Command::close, wire::CloseRequest{.file_id = theirs});
  EXPECT_EQ(bob().wait(close).status(), NtStatus::SUCCESS);
  static_cast<void>(alice().wait(rename));
  EXPECT_EQ(alice().close(mine), NtStatus::SUCCESS);
  volume().set_delay(Duration(0));
  EXPECT_FALSE(exists("f"));
  EXPECT_FALSE(exists("t"));
}

TEST_F(SettlingTest, a_name_that_never_settles_is_a_sharing_violation) {
  const FileId file = made("f");
  volume().unsettle();
  EXPECT_EQ(alice().create("f").status(), NtStatus::SHARING_VIOLATION);
  EXPECT_EQ(alice().wait(start_rename(alice(), file, u"t")).status(), NtStatus::SHARING_VIOLATION);
  EXPECT_EQ(alice().wait(start_rename(alice(), file, u"t", FileInfoClass::link)).status(), NtStatus::SHARING_VIOLATION);
  volume().settle();
}

// --- Leases of local programs.

TEST_F(SettlingTest, an_open_waits_until_a_local_program_gives_up_its_lease) {
  make_closed("f");
  volume().unsettle(1, NtStatus::CANNOT_BREAK_OPLOCK);
  const MessageId open = alice().start(wire::Command::create, create_request("f", {}));
  world().loop().run_for(seconds(40));
  EXPECT_TRUE(alice().is_pending(open));
  EXPECT_FALSE(alice().is_answered(open));
  volume().settle();
  EXPECT_EQ(alice().wait(open).status(), NtStatus::SUCCESS);
}

TEST_F(SettlingTest, and_no_longer_than_the_kernel_lets_it_keep_it) {
  make_closed("f");
  volume().unsettle(1, NtStatus::CANNOT_BREAK_OPLOCK);
  const MessageId open = alice().start(wire::Command::create, create_request("f", {}));
  world().loop().run_for(seconds(51));
  ASSERT_TRUE(alice().is_answered(open));
  EXPECT_EQ(alice().wait(open).status(), NtStatus::SHARING_VIOLATION);
  volume().settle();
}

TEST_F(SettlingTest, an_open_that_waits_for_a_local_program_can_be_cancelled) {
  make_closed("f");
  volume().unsettle(1, NtStatus::CANNOT_BREAK_OPLOCK);
  const MessageId open = alice().start(wire::Command::create, create_request("f", {}));
  world().settle();
  alice().cancel(open);
  EXPECT_EQ(alice().wait(open).status(), NtStatus::CANCELLED);
  volume().settle();
  EXPECT_EQ(world().server().engine().counts().opens, 0U);
}

TEST_F(SettlingTest, an_open_that_waits_for_a_local_program_ends_with_its_connection) {
  make_closed("f");
  volume().unsettle(1, NtStatus::CANNOT_BREAK_OPLOCK);
  alice().start(wire::Command::create, create_request("f", {}));
  world().settle();
  alice().reset();
  world().settle();
  volume().settle();
  EXPECT_EQ(world().server().engine().counts().opens, 0U);
}

// Whatever step of whatever request finds the name unsettled: no client hears of STATUS_RETRY. (Each of the world's
// clients looks out for it, in every test.)
class Unsettled : public SettlingTest, public ::testing::WithParamInterface<unsigned> {
 protected:
  // What is asked when names have not been settled for GetParam() steps.
  template <class Ask>
  void expect_no_retry(const char* what, Ask ask) {
    volume().unsettle(GetParam());
    const NtStatus status = ask();
    volume().settle();
    EXPECT_NE(status, NtStatus::RETRY) << what;
    EXPECT_NE(status, NtStatus::IO_TIMEOUT) << what;
  }
};
INSTANTIATE_TEST_SUITE_P(Steps, Unsettled, ::testing::Range(0U, 6U));

TEST_P(Unsettled, names_are_opened_and_made_without_retry) {
  make_closed("f");
  const auto create = [&](std::string_view name, CreateDisposition how) {
    expect_no_retry("create", [&] { return alice().create(name, {.disposition = how}).status(); });
  };
  for (const CreateDisposition how : {CreateDisposition::open, CreateDisposition::open_if, CreateDisposition::overwrite,
                                      CreateDisposition::overwrite_if, CreateDisposition::supersede}) {
    create("f", how);
    create("f:s", how);
    create("new", how);
  }
  create("new2", CreateDisposition::create);
  create("f:s2", CreateDisposition::create);
  expect_no_retry("tree connect", [&] { return alice().connect_tree("data").status(); });
}

TEST_P(Unsettled, files_are_renamed_linked_and_deleted_without_retry) {
  make_closed("t");
  const FileId file = made("f");
  const FileId stream = alice().open("f:s");
  const auto rename = [&](FileId id, const std::u16string& to, FileInfoClass how) {
    expect_no_retry("rename", [&] { return alice().wait(start_rename(alice(), id, to, how)).status(); });
  };
  rename(stream, u":other", FileInfoClass::rename);
  rename(file, u"t", FileInfoClass::rename);
  rename(file, u"l", FileInfoClass::link);
  const FileId going = alice().open("going", {.options = CreateOption::delete_on_close});
  const FileId going_stream = alice().open("f:going", {.options = CreateOption::delete_on_close});
  expect_no_retry("close", [&] { return alice().close(going); });
  expect_no_retry("close", [&] { return alice().close(going_stream); });
}

TEST_P(Unsettled, links_are_made_and_read_without_retry) {
  const FileId file = made("link");
  const ByteVector target = wire::encode_symlink_reparse({u"t", u"t", true});
  const OpenArgs itself = {.disposition = CreateDisposition::open, .options = CreateOption::open_reparse_point};
  expect_no_retry("set", [&] { return alice().ioctl(file, wire::Fsctl::set_reparse_point, target, 0).status(); });
  alice().close(file);
  const FileId link = alice().open("link", itself);
  expect_no_retry("get", [&] { return alice().ioctl(link, wire::Fsctl::get_reparse_point, {}, 1024).status(); });
}

TEST_F(SettlingTest, an_open_under_a_name_that_was_given_up_meanwhile_is_none) {
  const FileId file = made("f");
  const OpenArgs existing{.disposition = CreateDisposition::open};
  // Held where the file itself is opened.
  volume().hold_once(seconds(5), 2);
  const MessageId opening = bob().start(wire::Command::create, create_request("f", existing));
  world().settle();
  ASSERT_FALSE(bob().is_answered(opening));
  ASSERT_EQ(alice().wait(start_rename(alice(), file, u"g")).status(), NtStatus::SUCCESS);
  EXPECT_EQ(bob().wait(opening).status(), NtStatus::OBJECT_NAME_NOT_FOUND);
  EXPECT_EQ(bob().create("g", existing).status(), NtStatus::SUCCESS);
}

}  // namespace
}  // namespace dozo::server::testing
