// What other programs change under clients' caches. [MS-FSA] 2.1.4.12; share::OutsideChange.
#include "server/outside_changes.h"

#include "server/testing/test_fixture.h"
#include "wire/oplock_break.h"

namespace dozo::server::testing {
namespace {

constexpr LeaseState kTold = LeaseBit::read | LeaseBit::handle;

class OutsideChanges : public ServerTest {
 protected:
  vfs::MemoryVolume& volume() { return world().volume("data"); }
  Guid key(std::uint8_t number) {
    Guid out;
    out.bytes[0] = number;
    return out;
  }
  OpenArgs with_lease(const Guid& lease, LeaseState state, OpenArgs args = {}) {
    wire::LeaseContextV2 context;
    context.lease_key = lease;
    context.lease_state = state;
    args.access = kFileGenericRead;
    args.oplock = OplockLevel::lease;
    args.contexts = {alice().lease_context(context)};
    return args;
  }
  // The state that the answer to a CREATE grants.
  LeaseState granted(const Answer& answer) {
    EXPECT_EQ(answer.status(), NtStatus::SUCCESS);
    const auto response = answer.as<wire::CreateResponse>();
    for (const wire::CreateContext& context : response.create_contexts) {
      const auto lease = wire::decode_plain<wire::LeaseContextV2>(context.data);
      if (lease) return lease->lease_state;
    }
    return {};
  }
  LeaseState broken_to(const Answer& notice) { return notice.as<wire::LeaseBreakNotification>().new_lease_state; }
};

TEST_F(OutsideChanges, a_file_that_is_written_outside_is_no_longer_cached) {
  ASSERT_TRUE(volume().outside_write({"f"}, "old"));
  const Answer opened = alice().create("f", with_lease(key(1), kTold));
  ASSERT_EQ(granted(opened), kTold);
  ASSERT_TRUE(volume().outside_write({"f"}, "new"));
  const Answer notice = alice().next_break();
  ASSERT_EQ(notice.status(), NtStatus::SUCCESS);
  EXPECT_TRUE(broken_to(notice).empty());
  EXPECT_EQ(alice().read_text(opened.file_id(), 0, 10), "new");
}

TEST_F(OutsideChanges, a_level_ii_oplock_ends_too) {
  ASSERT_TRUE(volume().outside_write({"f"}, "old"));
  const Answer opened = alice().create("f", {.access = kFileGenericRead, .oplock = OplockLevel::level_ii});
  ASSERT_EQ(opened.as<wire::CreateResponse>().oplock_level, OplockLevel::level_ii);
  ASSERT_TRUE(volume().outside_write({"f"}, "new"));
  const auto notice = alice().next_break().as<wire::OplockBreakNotification>();
  EXPECT_EQ(notice.file_id, opened.file_id());
  EXPECT_EQ(notice.oplock_level, OplockLevel::none);
}

TEST_F(OutsideChanges, a_directory_that_gets_an_entry_outside_is_no_longer_cached) {
  Client& peer = world().log_on({.capabilities = wire::Capability::directory_leasing | wire::Capability::leasing});
  ASSERT_EQ(granted(peer.create("d", with_lease(key(2), kTold, directory_args()))), kTold);
  ASSERT_TRUE(volume().outside_write({"d", "f"}, "new"));
  EXPECT_TRUE(broken_to(peer.next_break()).empty());
}

TEST_F(OutsideChanges, the_file_of_another_name_stays_cached) {
  ASSERT_TRUE(volume().outside_write({"f"}, "old"));
  ASSERT_EQ(granted(alice().create("f", with_lease(key(1), kTold))), kTold);
  ASSERT_TRUE(volume().outside_write({"g"}, "new"));
  EXPECT_TRUE(alice().next_break().none());
}

TEST_F(OutsideChanges, where_they_are_not_seen_nothing_is_granted) {
  ASSERT_TRUE(volume().outside_write({"f"}, "old"));
  volume().set_outside_changes_seen(false);
  EXPECT_TRUE(granted(alice().create("f", with_lease(key(1), kTold))).empty());
  const Answer opened = alice().create("f", {.access = kFileGenericRead, .oplock = OplockLevel::batch});
  EXPECT_EQ(opened.as<wire::CreateResponse>().oplock_level, OplockLevel::none);
}

// The open that raised the lease goes; the other still caches.
TEST_F(OutsideChanges, every_open_of_a_lease_watches) {
  ASSERT_TRUE(volume().outside_write({"f"}, "old"));
  EXPECT_TRUE(granted(alice().create("f", with_lease(key(1), {}))).empty());
  const Answer second = alice().create("f", with_lease(key(1), kTold));
  ASSERT_EQ(granted(second), kTold);
  alice().close(second.file_id());
  ASSERT_TRUE(volume().outside_write({"f"}, "new"));
  EXPECT_TRUE(broken_to(alice().next_break()).empty());
}

}  // namespace
}  // namespace dozo::server::testing
