// What others come to cache while something is being changed does not outlive the change. [MS-FSA] 2.1.4.12.
#include "server/caches.h"

#include "server/testing/caching_fixture.h"
#include "wire/fscc/file_set.h"
#include "wire/fscc/fsctl.h"
#include "wire/lock.h"
#include "wire/write.h"

namespace dozo::server::testing {
namespace {

using std::chrono::seconds;

class LateCaches : public CachingTest {
 protected:
  // What alice does to "f" is held in its file system behind `after` operations.
  template <class M>
  MessageId held(unsigned after, wire::Command command, const M& body) {
    world().volume("data").hold_once(seconds(5), after);
    const MessageId id = alice().start(command, body);
    world().settle();
    EXPECT_FALSE(alice().is_answered(id));
    return id;
  }
  template <class M>
  MessageId held_set(FileId file, wire::FileInfoClass what, const M& value) {
    const ByteVector bytes = wire::encode_plain(value);
    return held(
        0, wire::Command::set_info,
        wire::SetInfoRequest{.file_info_class = static_cast<std::uint8_t>(what), .buffer = bytes, .file_id = file});
  }
  template <class M>
  MessageId held_fsctl(unsigned after, FileId file, wire::Fsctl code, const M& value) {
    const ByteVector input = wire::encode_plain(value);
    return held(after, wire::Command::ioctl,
                wire::IoctlRequest{.ctl_code = code, .file_id = file, .input = input, .max_output_response = 1024});
  }
  FileId made() {
    const FileId file = alice().open("f");
    EXPECT_EQ(alice().write(file, 0, "as it was"), NtStatus::SUCCESS);
    return file;
  }
  // Meanwhile bob reads what was there, and may keep it: until it is done.
  void expect_late_break(MessageId id) {
    EXPECT_EQ(lease(bob(), "f", 1, kRH).lease.lease_state, kRH);
    EXPECT_EQ(alice().wait(id).status(), NtStatus::SUCCESS);
    const auto said = lease_break(bob());
    EXPECT_EQ(said.current_lease_state, kRH);
    EXPECT_EQ(said.new_lease_state, LeaseState());
  }
};

TEST_F(LateCaches, end_with_a_write) {
  const FileId file = made();
  const MessageId write =
      held(0, wire::Command::write, wire::WriteRequest{.data = as_bytes("changed"), .file_id = file});
  expect_late_break(write);
}

TEST_F(LateCaches, end_with_a_write_that_fails) {
  const FileId file = made();
  const MessageId write =
      held(0, wire::Command::write, wire::WriteRequest{.data = as_bytes("changed"), .file_id = file});
  lease(bob(), "f", 1, kR);
  world().volume("data").fail_once(NtStatus::DISK_FULL);
  EXPECT_EQ(alice().wait(write).status(), NtStatus::DISK_FULL);
  EXPECT_EQ(lease_break(bob()).new_lease_state, LeaseState());
}

TEST_F(LateCaches, end_with_a_write_whose_handle_is_closed_by_then) {
  const FileId file = made();
  const MessageId write =
      held(0, wire::Command::write, wire::WriteRequest{.data = as_bytes("changed"), .file_id = file});
  EXPECT_EQ(alice().close(file), NtStatus::SUCCESS);
  EXPECT_EQ(lease(bob(), "f", 1, kRWH).lease.lease_state, kRWH);
  // Nobody waits for his answer.
  EXPECT_EQ(alice().wait(write).status(), NtStatus::SUCCESS);
  EXPECT_EQ(lease_break(bob()).new_lease_state, LeaseState());
}

TEST_F(LateCaches, end_with_a_new_size) {
  const FileId file = made();
  expect_late_break(held_set(file, wire::FileInfoClass::end_of_file, wire::FileEndOfFileInformation{.end_of_file = 3}));
}

TEST_F(LateCaches, end_with_a_new_allocation) {
  const FileId file = made();
  expect_late_break(
      held_set(file, wire::FileInfoClass::allocation, wire::FileAllocationInformation{.allocation_size = 3}));
}

TEST_F(LateCaches, end_with_zeroes) {
  const FileId file = made();
  expect_late_break(held_fsctl(1, file, wire::Fsctl::set_zero_data, wire::FileZeroDataInformation{0, 4}));
}

TEST_F(LateCaches, end_with_a_copy) {
  const FileId file = made();
  const Answer key = alice().ioctl(file, wire::Fsctl::srv_request_resume_key, {}, 32);
  const auto resume =
      wire::decode_plain<wire::SrvRequestResumeKeyResponse>(key.as<wire::IoctlResponse>().output).value();
  expect_late_break(held_fsctl(1, file, wire::Fsctl::srv_copychunk,
                               wire::SrvCopychunkCopy{resume.resume_key, {{.target_offset = 4, .length = 4}}}));
}

TEST_F(LateCaches, end_with_shared_blocks) {
  const FileId file = made();
  const FileId source = alice().open("source");
  EXPECT_EQ(alice().write(source, 0, "other"), NtStatus::SUCCESS);
  expect_late_break(
      held_fsctl(0, file, wire::Fsctl::duplicate_extents_to_file,
                 wire::DuplicateExtentsData{
                     .source_file_id = source, .source_file_offset = 0, .target_file_offset = 0, .byte_count = 5}));
}

TEST_F(LateCaches, end_with_an_open_that_overwrites) {
  alice().close(made());
  const wire::CreateRequest overwrite = create_request("f", {.disposition = CreateDisposition::overwrite});
  // The name is looked at, the rights, and the file is opened.
  expect_late_break(held(3, wire::Command::create, overwrite));
}

// [MS-FSA] 2.1.5.8. Locks beyond the allocation keep nobody from caching.
TEST_F(LateCaches, end_with_a_lock_that_was_waited_for) {
  Client& carol = world().log_on({.user = "alice", .machine = 0xC4});
  const wire::LockElement far{.offset = 1 << 30, .length = 1, .flags = wire::LockFlag::exclusive_lock};
  const FileId in_the_way = carol.open("f");
  EXPECT_EQ(carol.lock(in_the_way, {far}).status(), NtStatus::SUCCESS);
  const FileId file = alice().open("f");
  const MessageId lock = alice().start(wire::Command::lock, wire::LockRequest{.file_id = file, .locks = {far}});
  world().settle();
  EXPECT_EQ(lease(bob(), "f", 1, kRH).lease.lease_state, kRH);
  EXPECT_EQ(carol.close(in_the_way), NtStatus::SUCCESS);
  EXPECT_EQ(alice().wait(lock).status(), NtStatus::SUCCESS);
  EXPECT_EQ(lease_break(bob()).new_lease_state, LeaseState());
}

TEST_F(LateCaches, of_the_writer_himself_stay) {
  const Leased own = lease(alice(), "f", 1, kRWH);
  EXPECT_EQ(alice().write(own.file, 0, "changed"), NtStatus::SUCCESS);
  world().settle();
  EXPECT_FALSE(alice().has_break());
}

TEST_F(LateCaches, of_an_open_that_overwrites_are_its_own) {
  const OpenArgs supersede = {.disposition = CreateDisposition::supersede};
  const Answer first = open_with(bob(), "f", OplockLevel::level_ii, supersede);
  const Answer second = open_with(bob(), "f", OplockLevel::level_ii, supersede);
  EXPECT_EQ(second.as<wire::CreateResponse>().oplock_level, OplockLevel::level_ii);
  EXPECT_EQ(oplock_break(bob()).file_id, first.file_id());
  world().settle();
  EXPECT_FALSE(bob().has_break());
}

}  // namespace
}  // namespace dozo::server::testing
