// Oplocks and leases as CREATE grants them. [MS-SMB2] 3.3.5.9, 3.3.5.9.8, 3.3.5.9.11.
#include "server/testing/caching_fixture.h"
#include "wire/fscc/file_info.h"
#include "wire/fscc/file_set.h"

namespace dozo::server::testing {
namespace {

class CreateCaching : public CachingTest {
 protected:
  Client& client_of(Dialect dialect, wire::Capabilities more = {}) {
    ClientOptions wishes{.dialect = dialect, .only_this_dialect = true, .machine = 0xC4};
    wishes.capabilities |= more;
    return world().log_on(wishes);
  }
  Client& with_directory_leases() { return client_of(Dialect::smb_3_0, wire::Capability::directory_leasing); }
  static wire::LeaseContextV2 v2(std::uint8_t key, LeaseState state, std::optional<std::uint8_t> parent = {}) {
    wire::LeaseContextV2 out{.lease_key = key_of(key), .lease_state = state};
    out.epoch = 7;
    if (parent) {
      out.flags = wire::LeaseFlag::parent_lease_key_set;
      out.parent_lease_key = key_of(*parent);
    }
    return out;
  }
  void make_directory() { alice().close(alice().open("d", directory_args())); }
};

TEST_F(CreateCaching, oplocks_are_granted_as_asked_for_to_who_is_alone) {
  for (const OplockLevel level :
       {OplockLevel::none, OplockLevel::level_ii, OplockLevel::exclusive, OplockLevel::batch}) {
    alice().close(hold(alice(), "f", level));
  }
}

TEST_F(CreateCaching, a_level_that_does_not_exist_is_none) {
  const Answer answer = open_with(alice(), "f", static_cast<OplockLevel>(0x33));
  EXPECT_EQ(answer.as<wire::CreateResponse>().oplock_level, OplockLevel::none);
}

TEST_F(CreateCaching, a_directory_gets_no_oplock) {
  OpenArgs args = directory_args();
  const Answer answer = open_with(alice(), "d", OplockLevel::batch, args);
  EXPECT_EQ(answer.as<wire::CreateResponse>().oplock_level, OplockLevel::none);
}

TEST_F(CreateCaching, a_lease_is_answered_with_its_key_and_state) {
  const Leased granted = lease(client_of(Dialect::smb_2_1), "f", 1, kRWH);
  EXPECT_EQ(granted.level, OplockLevel::lease);
  EXPECT_EQ(granted.lease.lease_key, key_of(1));
  EXPECT_EQ(granted.lease.lease_state, kRWH);
}

TEST_F(CreateCaching, there_are_no_leases_in_2_0_2) {
  const Leased granted = lease(client_of(Dialect::smb_2_0_2), "f", 1, kRWH);
  EXPECT_EQ(granted.level, OplockLevel::none);
  EXPECT_FALSE(granted.has_context);
}

TEST_F(CreateCaching, version_2_is_ignored_outside_of_3_x) {
  const LeasedV2 granted = lease_v2(client_of(Dialect::smb_2_1), "f", v2(1, kRWH));
  EXPECT_EQ(granted.level, OplockLevel::none);
  EXPECT_FALSE(granted.has_context);
}

TEST_F(CreateCaching, the_level_of_a_lease_without_the_context_is_none) {
  const Answer answer = open_with(alice(), "f", OplockLevel::lease);
  EXPECT_EQ(answer.as<wire::CreateResponse>().oplock_level, OplockLevel::none);
}

TEST_F(CreateCaching, the_context_of_a_lease_without_its_level_is_ignored) {
  OpenArgs args{.oplock = OplockLevel::none};
  args.contexts = {alice().lease_context(wire::LeaseContext{.lease_key = key_of(1), .lease_state = kRWH})};
  const auto said = alice().create("f", args).as<wire::CreateResponse>();
  EXPECT_EQ(said.oplock_level, OplockLevel::none);
  EXPECT_TRUE(said.create_contexts.empty());
}

TEST_F(CreateCaching, a_lease_context_of_neither_versions_size_is_an_invalid_parameter) {
  const ByteVector data(40);
  OpenArgs args{.oplock = OplockLevel::lease};
  args.contexts = {{wire::context_name::kRequestLease, data}};
  EXPECT_EQ(alice().create("f", args).status(), NtStatus::INVALID_PARAMETER);
}

TEST_F(CreateCaching, version_2_tells_epoch_and_parent) {
  const LeasedV2 granted = lease_v2(alice(), "f", v2(1, kRWH, 5));
  EXPECT_EQ(granted.lease.lease_state, kRWH);
  EXPECT_EQ(granted.lease.epoch, 8);
  EXPECT_TRUE(granted.lease.flags.has(wire::LeaseFlag::parent_lease_key_set));
  EXPECT_EQ(granted.lease.parent_lease_key, key_of(5));
}

TEST_F(CreateCaching, a_lease_key_in_use_for_another_file_is_an_invalid_parameter) {
  lease(alice(), "f", 1, kRWH);
  alice().close(alice().open("other"));
  OpenArgs args{.oplock = OplockLevel::lease};
  args.contexts = {alice().lease_context(wire::LeaseContext{.lease_key = key_of(1), .lease_state = kR})};
  EXPECT_EQ(alice().create("other", args).status(), NtStatus::INVALID_PARAMETER);
}

TEST_F(CreateCaching, a_lease_key_in_use_makes_no_new_file) {
  lease(alice(), "f", 1, kRWH);
  OpenArgs args{.oplock = OplockLevel::lease};
  args.contexts = {alice().lease_context(wire::LeaseContext{.lease_key = key_of(1), .lease_state = kR})};
  EXPECT_EQ(alice().create("new", args).status(), NtStatus::INVALID_PARAMETER);
  EXPECT_EQ(alice().create("new", {.disposition = CreateDisposition::open}).status(), NtStatus::OBJECT_NAME_NOT_FOUND);
}

TEST_F(CreateCaching, one_key_of_two_clients_is_two_leases) {
  EXPECT_EQ(lease(alice(), "f", 1, kR).lease.lease_state, kR);
  EXPECT_EQ(lease(bob(), "g", 1, kR).lease.lease_state, kR);
}

TEST_F(CreateCaching, an_open_of_the_same_lease_meets_no_break) {
  lease(alice(), "f", 1, kRWH);
  EXPECT_EQ(lease(alice(), "f", 1, kRWH).lease.lease_state, kRWH);
  EXPECT_FALSE(alice().has_break());
}

TEST_F(CreateCaching, an_open_of_a_breaking_lease_says_so) {
  lease(alice(), "f", 1, kRWH);
  const MessageId open = start_open(bob(), "f");
  EXPECT_TRUE(lease(alice(), "f", 1, kRWH).lease.lease_flags.has(wire::LeaseFlag::break_in_progress));
  EXPECT_EQ(alice().ack(key_of(1), kRH).status(), NtStatus::SUCCESS);
  EXPECT_EQ(bob().wait(open).status(), NtStatus::SUCCESS);
}

// [MS-SMB2] 3.3.5.9: FILE_COMPLETE_IF_OPLOCKED is set to zero.
TEST_F(CreateCaching, complete_if_oplocked_is_ignored) {
  const FileId file = hold(alice(), "f", OplockLevel::batch);
  const MessageId open = start_open(bob(), "f", {.options = CreateOption::complete_if_oplocked});
  EXPECT_FALSE(bob().is_answered(open));
  EXPECT_EQ(alice().ack(file, OplockLevel::none).status(), NtStatus::SUCCESS);
  EXPECT_EQ(bob().wait(open).status(), NtStatus::SUCCESS);
}

// --- Directories.

TEST_F(CreateCaching, a_directory_can_have_a_lease_of_version_2_without_w) {
  make_directory();
  const LeasedV2 granted = lease_v2(with_directory_leases(), "d", v2(1, kRWH), directory_args());
  EXPECT_EQ(granted.level, OplockLevel::lease);
  EXPECT_EQ(granted.lease.lease_state, kRH);
}

TEST_F(CreateCaching, a_directory_has_no_lease_of_version_1) {
  make_directory();
  const Leased granted = lease(with_directory_leases(), "d", 1, kRH, directory_args());
  EXPECT_EQ(granted.level, OplockLevel::none);
  EXPECT_FALSE(granted.has_context);
}

TEST_F(CreateCaching, a_directory_has_no_lease_where_that_was_not_negotiated) {
  make_directory();
  const LeasedV2 granted = lease_v2(client_of(Dialect::smb_3_0), "d", v2(1, kRH), directory_args());
  EXPECT_EQ(granted.level, OplockLevel::none);
}

class DirectoryLease : public CreateCaching {
 protected:
  void SetUp() override {
    make_directory();
    holder_ = &with_directory_leases();
    EXPECT_EQ(lease_v2(*holder_, "d", v2(1, kRH), directory_args()).lease.lease_state, kRH);
  }
  Client& holder() { return *holder_; }
  bool is_broken() {
    world().settle();
    const bool broken = holder().has_break();
    if (!broken) return false;
    EXPECT_EQ(lease_break(holder()).new_lease_state, LeaseState());
    EXPECT_EQ(holder().ack(key_of(1), {}).status(), NtStatus::SUCCESS);
    return true;
  }
  // The lease once more, after it was broken.
  void lease_again() { EXPECT_EQ(lease_v2(holder(), "d", v2(1, kRH), directory_args()).lease.lease_state, kRH); }

 private:
  Client* holder_ = nullptr;
};

TEST_F(DirectoryLease, ends_with_a_new_entry) {
  bob().close(bob().open("d\\new"));
  EXPECT_TRUE(is_broken());
}

TEST_F(DirectoryLease, stays_when_its_own_client_makes_an_entry_under_it) {
  lease_v2(holder(), "d\\new", v2(2, kR, 1));
  EXPECT_FALSE(is_broken());
}

TEST_F(DirectoryLease, ends_when_its_own_client_makes_an_entry_without_naming_it) {
  holder().close(holder().open("d\\new"));
  EXPECT_TRUE(is_broken());
}

TEST_F(DirectoryLease, ends_with_a_deleted_entry) {
  const FileId file = bob().open("d\\f");
  ASSERT_TRUE(is_broken());
  lease_again();
  EXPECT_EQ(bob().set(file, wire::FileInfoClass::disposition, wire::FileDispositionInformation{true}),
            NtStatus::SUCCESS);
  EXPECT_FALSE(is_broken());
  bob().close(file);
  EXPECT_TRUE(is_broken());
}

TEST_F(DirectoryLease, ends_with_an_entry_renamed_away) {
  const FileId file = bob().open("d\\f");
  ASSERT_TRUE(is_broken());
  lease_again();
  EXPECT_EQ(bob().set(file, wire::FileInfoClass::rename, wire::FileRenameInformation{.file_name = u"f"}),
            NtStatus::SUCCESS);
  EXPECT_TRUE(is_broken());
}

TEST_F(DirectoryLease, ends_with_the_close_of_an_entry_that_was_written) {
  const FileId file = bob().open("d\\f");
  ASSERT_TRUE(is_broken());
  lease_again();
  EXPECT_EQ(bob().write(file, 0, "data"), NtStatus::SUCCESS);
  EXPECT_FALSE(is_broken());
  bob().close(file);
  EXPECT_TRUE(is_broken());
}

TEST_F(DirectoryLease, ends_with_new_attributes_of_an_entry) {
  const FileId file = bob().open("d\\f");
  ASSERT_TRUE(is_broken());
  lease_again();
  EXPECT_EQ(
      bob().set(file, wire::FileInfoClass::basic, wire::FileBasicInformation{.file_attributes = FileAttribute::hidden}),
      NtStatus::SUCCESS);
  EXPECT_TRUE(is_broken());
}

TEST_F(DirectoryLease, stays_when_an_entry_is_only_looked_at) {
  const FileId file = bob().open("d\\f");
  ASSERT_TRUE(is_broken());
  lease_again();
  bob().read(file, 0, 10);
  bob().close(file);
  EXPECT_FALSE(is_broken());
}

}  // namespace
}  // namespace dozo::server::testing
