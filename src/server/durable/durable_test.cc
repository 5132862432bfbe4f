// Durable and resilient handles over the wire: granted, preserved, come back to, refused, expired.
// [MS-SMB2] 3.3.5.9.6, .7, .10, .12; 3.3.5.15.9; 3.3.7.1.
#include "server/durable/durable_fixture.h"
#include "wire/fscc/file_set.h"
#include "wire/logoff.h"
#include "wire/tree_disconnect.h"

namespace dozo::server::testing {
namespace {

using std::chrono::seconds;

const Bytes kV1 = wire::context_name::kDurableRequest;
const Bytes kGrantV2 = wire::context_name::kDurableRequestV2;

std::uint32_t timeout_of(const std::optional<ByteVector>& data) {
  return data ? wire::decode_plain<wire::DurableHandleResponseV2>(*data)
                    .value_or(wire::DurableHandleResponseV2())
                    .timeout
              : 1;
}

// --- Granting.

TEST_F(DurableTest, v1_is_granted_with_a_batch_oplock) {
  EXPECT_TRUE(answered(alice().create("f", batch({v1()})), kV1));
}

TEST_F(DurableTest, v1_is_granted_with_a_lease_that_caches_the_handle) {
  EXPECT_TRUE(answered(alice().create("f", leased({v1(), lease(1)})), kV1));
  EXPECT_FALSE(answered(alice().create("g", leased({v1(), lease(2, LeaseBit::read)})), kV1));
}

TEST_F(DurableTest, without_batch_nothing_is_granted) {
  OpenArgs args = batch({v1()});
  for (const OplockLevel level : {OplockLevel::none, OplockLevel::level_ii, OplockLevel::exclusive}) {
    args.oplock = level;
    EXPECT_FALSE(answered(alice().create("f", args), kV1));
  }
}

TEST_F(DurableTest, v2_says_how_long_it_waits) {
  EXPECT_EQ(timeout_of(answered(alice().create("a", batch({v2(1)})), kGrantV2)), 60'000U);
  EXPECT_EQ(timeout_of(answered(alice().create("b", batch({v2(2, 1000)})), kGrantV2)), 1000U);
  EXPECT_EQ(timeout_of(answered(alice().create("c", batch({v2(3, 400'000)})), kGrantV2)), 300'000U);
}

TEST_F(DurableTest, a_directory_is_not_durable) {
  OpenArgs args = leased({v2(1), lease_v2(1)});
  args.options = CreateOption::directory_file;
  EXPECT_FALSE(answered(alice().create("d", args), kGrantV2));
}

TEST_F(DurableTest, contexts_of_both_versions_exclude_each_other) {
  const FileId id{1, 1};
  EXPECT_EQ(alice().create("f", batch({v1(), v2(1)})).status(), NtStatus::INVALID_PARAMETER);
  EXPECT_EQ(alice().create("f", batch({v1(), v2_again(id, 1)})).status(), NtStatus::INVALID_PARAMETER);
  EXPECT_EQ(alice().create("f", batch({v1_again(id), v2(1)})).status(), NtStatus::INVALID_PARAMETER);
  EXPECT_EQ(alice().create("f", batch({v1_again(id), v2_again(id, 1)})).status(), NtStatus::INVALID_PARAMETER);
  EXPECT_EQ(alice().create("f", batch({v2(1), v2_again(id, 1)})).status(), NtStatus::INVALID_PARAMETER);
}

TEST_F(DurableTest, dialects_before_3_know_no_v2) {
  ClientOptions old = options_of("alice");
  old.dialect = Dialect::smb_2_1;
  Client& client = world().log_on(old);
  EXPECT_FALSE(answered(client.create("f", batch({v2(1)})), kGrantV2));
  EXPECT_TRUE(answered(client.create("g", batch({v1()})), kV1));
}

// --- Coming back.

TEST_F(DurableTest, data_and_locks_are_there_after_the_connection_broke) {
  const FileId id = alice().open("f", batch({v1()}));
  ASSERT_EQ(alice().write(id, 0, "kept"), NtStatus::SUCCESS);
  ASSERT_EQ(alice().lock(id, {{0, 4, wire::LockFlag::exclusive_lock | wire::LockFlag::fail_immediately}}).status(),
            NtStatus::SUCCESS);
  drop(alice());

  Client& back = again();
  const Answer answer = come_back(back, {v1_again(id)});
  ASSERT_EQ(answer.status(), NtStatus::SUCCESS);
  EXPECT_EQ(answer.as<wire::CreateResponse>().oplock_level, OplockLevel::batch);
  EXPECT_EQ(answer.file_id().persistent, id.persistent);
  EXPECT_EQ(back.read_text(answer.file_id(), 0, 4), "kept");
  EXPECT_EQ(back.lock(answer.file_id(), {{0, 4, wire::LockFlag::unlock}}).status(), NtStatus::SUCCESS);
  EXPECT_EQ(back.close(answer.file_id()), NtStatus::SUCCESS);
}

TEST_F(DurableTest, it_can_be_lost_and_found_again_and_again) {
  FileId id = alice().open("f", batch({v2(1)}));
  drop(alice());
  for (int i = 0; i < 3; ++i) {
    Client& back = again();
    const Answer answer = come_back(back, {v2_again(id, 1)});
    ASSERT_EQ(answer.status(), NtStatus::SUCCESS);
    id = answer.file_id();
    ASSERT_EQ(back.write(id, 0, "x"), NtStatus::SUCCESS);
    drop(back);
  }
}

TEST_F(DurableTest, logoff_preserves_and_tree_disconnect_closes) {
  const FileId id = alice().open("f", batch({v1()}));
  alice().call(wire::Command::logoff, wire::LogoffRequest());
  Client& back = again();
  const Answer answer = come_back(back, {v1_again(id)});
  ASSERT_EQ(answer.status(), NtStatus::SUCCESS);
  back.call(wire::Command::tree_disconnect, wire::TreeDisconnectRequest());
  EXPECT_EQ(come_back(again(), {v1_again(answer.file_id())}).status(), NtStatus::OBJECT_NAME_NOT_FOUND);
}

TEST_F(DurableTest, an_open_that_is_connected_is_not_found) {
  const FileId id = alice().open("f", batch({v1()}));
  EXPECT_EQ(come_back(alice(), {v1_again(id)}).status(), NtStatus::OBJECT_NAME_NOT_FOUND);
  EXPECT_EQ(come_back(again(), {v1_again(id)}).status(), NtStatus::OBJECT_NAME_NOT_FOUND);
}

TEST_F(DurableTest, a_plain_open_is_gone_with_its_connection) {
  const FileId id = alice().open("f", batch({}));
  drop(alice());
  EXPECT_EQ(come_back(again(), {v1_again(id)}).status(), NtStatus::OBJECT_NAME_NOT_FOUND);
}

TEST_F(DurableTest, another_user_is_denied) {
  const FileId one = alice().open("f", batch({v1()}));
  const FileId two = alice().open("g", batch({v2(2)}));
  drop(alice());
  Client& thief = again("bob");
  EXPECT_EQ(come_back(thief, {v1_again(one)}).status(), NtStatus::ACCESS_DENIED);
  EXPECT_EQ(come_back(thief, {v2_again(two, 2)}, "g").status(), NtStatus::ACCESS_DENIED);
  EXPECT_EQ(come_back(again(), {v1_again(one)}).status(), NtStatus::SUCCESS);
}

TEST_F(DurableTest, a_create_guid_must_match) {
  const FileId id = alice().open("f", batch({v2(1)}));
  drop(alice());
  Client& back = again();
  EXPECT_EQ(come_back(back, {v2_again(id, 2)}).status(), NtStatus::OBJECT_NAME_NOT_FOUND);
  EXPECT_EQ(come_back(back, {v2_again(id, 1, true)}).status(), NtStatus::INVALID_PARAMETER);
  EXPECT_EQ(come_back(back, {v2_again(id, 1)}).status(), NtStatus::SUCCESS);
}

TEST_F(DurableTest, what_was_granted_as_v2_is_come_back_to_as_v1) {
  const FileId id = alice().open("f", batch({v2(1)}));
  drop(alice());
  EXPECT_EQ(come_back(again(), {v1_again(id)}).status(), NtStatus::SUCCESS);
}

TEST_F(DurableTest, the_rest_of_a_reconnecting_create_means_nothing) {
  const FileId id = alice().open("f", batch({v1()}));
  drop(alice());
  Client& back = again();
  wire::CreateRequest request = create_request("none", batch({v1_again(id)}));
  request.create_disposition = static_cast<CreateDisposition>(0x78);
  request.impersonation_level = static_cast<ImpersonationLevel>(0x12345678);
  request.create_options = CreateOptions::from_wire(0xFFFFFFFF);
  request.share_access = ShareAccess::from_wire(0x80);
  EXPECT_EQ(back.call(wire::Command::create, request).status(), NtStatus::SUCCESS);
}

TEST_F(DurableTest, what_was_opened_without_a_guid_is_come_back_to_with_none) {
  const FileId id = alice().open("f", leased({v1(), lease(1)}));
  drop(alice());
  Client& back = again();
  EXPECT_EQ(come_back(back, {v2_again(id, 1), lease(1)}).status(), NtStatus::OBJECT_NAME_NOT_FOUND);
  EXPECT_EQ(come_back(back, {v2_again(id, 0), lease(1)}).status(), NtStatus::SUCCESS);
}

TEST_F(DurableTest, a_lease_is_come_back_to_with_its_key_and_version) {
  const FileId id = alice().open("f", leased({v1(), lease_v2(1)}));
  drop(alice());
  Client& back = again();
  EXPECT_EQ(come_back(back, {v1_again(id)}).status(), NtStatus::OBJECT_NAME_NOT_FOUND);
  EXPECT_EQ(come_back(back, {v1_again(id), lease_v2(2)}).status(), NtStatus::OBJECT_NAME_NOT_FOUND);
  EXPECT_EQ(come_back(back, {v1_again(id), lease(1)}).status(), NtStatus::OBJECT_NAME_NOT_FOUND);
  EXPECT_EQ(come_back(back, {v1_again(id), lease_v2(1)}, "g").status(), NtStatus::INVALID_PARAMETER);
  const Answer answer = come_back(back, {v1_again(id), lease_v2(1)});
  ASSERT_EQ(answer.status(), NtStatus::SUCCESS);
  EXPECT_TRUE(answered(answer, wire::context_name::kRequestLease));
}

TEST_F(DurableTest, a_lease_is_its_machines_own) {
  const FileId id = alice().open("f", leased({v1(), lease(1)}));
  drop(alice());
  EXPECT_EQ(come_back(again("alice", 0xC2), {v1_again(id), lease(1)}).status(), NtStatus::OBJECT_NAME_NOT_FOUND);
}

TEST_F(DurableTest, an_oplock_is_not_come_back_to_with_a_lease) {
  const FileId id = alice().open("f", batch({v1()}));
  drop(alice());
  EXPECT_EQ(come_back(again(), {v1_again(id), lease(1)}).status(), NtStatus::OBJECT_NAME_NOT_FOUND);
}

TEST_F(DurableTest, the_open_of_one_share_is_none_of_another) {
  const FileId id = alice().open("f", batch({v1()}));
  drop(alice());
  EXPECT_EQ(come_back(again("alice", 0xC1, "readonly"), {v1_again(id)}).status(), NtStatus::OBJECT_NAME_NOT_FOUND);
}

TEST_F(DurableTest, a_preserved_open_keeps_its_name_when_it_is_renamed) {
  const FileId id = alice().open("f", leased({v1(), lease(1)}));
  drop(alice());
  // Through the same lease key nothing is broken.
  Client& friendly = again();
  const FileId other = friendly.open("f", leased({lease(1)}));
  EXPECT_EQ(friendly.set(other, wire::FileInfoClass::rename,
                         wire::FileRenameInformation{.replace_if_exists = false, .file_name = u"g"}),
            NtStatus::SUCCESS);
  EXPECT_EQ(come_back(friendly, {v1_again(id), lease(1)}, "f").status(), NtStatus::INVALID_PARAMETER);
  EXPECT_EQ(come_back(friendly, {v1_again(id), lease(1)}, "g").status(), NtStatus::SUCCESS);
}

// --- Not coming back.

TEST_F(DurableTest, it_waits_as_long_as_was_promised_and_no_longer) {
  const FileId early = alice().open("f", batch({v2(1, 10'000)}));
  const FileId late = alice().open("g", batch({v2(2, 10'000)}));
  drop(alice());
  pass(seconds(9));
  Client& back = again();
  EXPECT_EQ(come_back(back, {v2_again(early, 1)}).status(), NtStatus::SUCCESS);
  pass(seconds(2));
  EXPECT_EQ(come_back(back, {v2_again(late, 2)}, "g").status(), NtStatus::OBJECT_NAME_NOT_FOUND);
}

TEST_F(DurableTest, delete_on_close_acts_when_it_expires) {
  OpenArgs args = batch({v2(1, 10'000)});
  args.options = CreateOption::delete_on_close;
  alice().open("f", args);
  drop(alice());
  OpenArgs look{.access = Access::read_attributes, .disposition = CreateDisposition::open};
  Client& back = again();
  EXPECT_EQ(back.close(back.open("f", look)), NtStatus::SUCCESS);
  pass(seconds(11));
  EXPECT_EQ(back.create("f", look).status(), NtStatus::OBJECT_NAME_NOT_FOUND);
}

TEST_F(DurableTest, whoever_needs_the_file_ends_it) {
  const FileId id = alice().open("f", batch({v1()}));
  drop(alice());
  EXPECT_EQ(bob().create("f", {.disposition = CreateDisposition::open}).status(), NtStatus::SUCCESS);
  EXPECT_EQ(come_back(again(), {v1_again(id)}).status(), NtStatus::OBJECT_NAME_NOT_FOUND);
}

TEST_F(DurableTest, whoever_needs_a_file_that_goes_with_it_finds_the_name_free) {
  OpenArgs args = batch({v1()});
  args.options = CreateOption::delete_on_close;
  const FileId id = alice().open("f", args);
  ASSERT_EQ(alice().write(id, 0, "old"), NtStatus::SUCCESS);
  drop(alice());
  EXPECT_EQ(bob().create("f", {.disposition = CreateDisposition::open}).status(), NtStatus::OBJECT_NAME_NOT_FOUND);
  const Answer made = bob().create("f", {.disposition = CreateDisposition::open_if});
  EXPECT_EQ(made.as<wire::CreateResponse>().create_action, CreateAction::created);
  EXPECT_EQ(made.as<wire::CreateResponse>().end_of_file, 0U);
}

TEST_F(DurableTest, it_is_made_anew_at_once) {
  OpenArgs args = batch({v1()});
  args.options = CreateOption::delete_on_close;
  alice().open("f", args);
  drop(alice());
  const Answer made = bob().create("f", {.disposition = CreateDisposition::open_if});
  EXPECT_EQ(made.as<wire::CreateResponse>().create_action, CreateAction::created);
}

TEST_F(DurableTest, a_user_leaves_so_many_and_no_more) {
  options.config.limits.preserved_opens_per_user_max = 1;
  const FileId one = alice().open("f", batch({v1()}));
  const FileId two = alice().open("g", batch({v1()}));
  drop(alice());
  Client& back = again();
  const bool first = come_back(back, {v1_again(one)}).status() == NtStatus::SUCCESS;
  const bool second = come_back(back, {v1_again(two)}, "g").status() == NtStatus::SUCCESS;
  EXPECT_NE(first, second);
}

// --- Resilient handles.

NtStatus ask_resiliency(Client& client, FileId id, std::uint32_t milliseconds) {
  const ByteVector input = wire::encode_plain(wire::NetworkResiliencyRequest{.timeout = milliseconds});
  return client.ioctl(id, wire::Fsctl::lmr_request_resiliency, input, 0).status();
}

TEST_F(DurableTest, a_resilient_open_needs_no_oplock) {
  const FileId id = alice().open("f");
  ASSERT_EQ(ask_resiliency(alice(), id, 10'000), NtStatus::SUCCESS);
  drop(alice());
  pass(seconds(9));
  EXPECT_EQ(come_back(again(), {v1_again(id)}).status(), NtStatus::SUCCESS);
}

TEST_F(DurableTest, a_resilient_open_expires) {
  const FileId id = alice().open("f");
  ASSERT_EQ(ask_resiliency(alice(), id, 10'000), NtStatus::SUCCESS);
  drop(alice());
  pass(seconds(11));
  EXPECT_EQ(come_back(again(), {v1_again(id)}).status(), NtStatus::OBJECT_NAME_NOT_FOUND);
}

// [MS-SMB2] 3.3.2.4, 3.3.4.6.
TEST_F(DurableTest, a_resilient_open_stays_when_others_need_its_oplock) {
  const FileId id = alice().open("f", batch({}));
  ASSERT_EQ(ask_resiliency(alice(), id, 10'000), NtStatus::SUCCESS);
  drop(alice());
  EXPECT_EQ(bob().create("f", {.disposition = CreateDisposition::open}).status(), NtStatus::SUCCESS);
  const Answer back = come_back(again(), {v1_again(id)});
  EXPECT_EQ(back.status(), NtStatus::SUCCESS);
  EXPECT_EQ(back.as<wire::CreateResponse>().oplock_level, OplockLevel::none);
}

TEST_F(DurableTest, resiliency_of_no_time_is_that_of_the_server) {
  const FileId id = alice().open("f");
  ASSERT_EQ(ask_resiliency(alice(), id, 0), NtStatus::SUCCESS);
  drop(alice());
  pass(seconds(119));
  EXPECT_EQ(come_back(again(), {v1_again(id)}).status(), NtStatus::SUCCESS);
}

TEST_F(DurableTest, resiliency_has_its_limits) {
  const FileId id = alice().open("f");
  EXPECT_EQ(ask_resiliency(alice(), id, 300'001), NtStatus::INVALID_PARAMETER);
  EXPECT_EQ(alice().ioctl(id, wire::Fsctl::lmr_request_resiliency, as_bytes("short"), 0).status(),
            NtStatus::INVALID_PARAMETER);
  EXPECT_EQ(ask_resiliency(alice(), alice().open("d", directory_args()), 1000), NtStatus::NOT_SUPPORTED);
  ClientOptions old = options_of("alice");
  old.dialect = Dialect::smb_2_0_2;
  Client& client = world().log_on(old);
  EXPECT_EQ(ask_resiliency(client, client.open("g"), 1000), NtStatus::INVALID_DEVICE_REQUEST);
}

// --- Locks of such opens. [MS-SMB2] 3.3.5.14.

TEST_F(DurableTest, a_lock_that_is_sent_again_is_taken_once) {
  const FileId id = alice().open("f", batch({v1()}));
  const wire::LockRequest lock{.lock_sequence = 0x11,
                               .file_id = id,
                               .locks = {{0, 4, wire::LockFlag::exclusive_lock | wire::LockFlag::fail_immediately}}};
  EXPECT_EQ(alice().call(wire::Command::lock, lock).status(), NtStatus::SUCCESS);
  EXPECT_EQ(alice().call(wire::Command::lock, lock).status(), NtStatus::SUCCESS);
  EXPECT_EQ(alice().lock(id, {{0, 4, wire::LockFlag::unlock}}).status(), NtStatus::SUCCESS);
  EXPECT_EQ(alice().lock(id, {{0, 4, wire::LockFlag::unlock}}).status(), NtStatus::RANGE_NOT_LOCKED);
}

TEST_F(DurableTest, who_came_back_is_told_of_changes_from_outside) {
  Client& first = again();
  const FileId id = first.open("f", leased({v2(1), lease_v2(9)}));
  drop(first);
  Client& second = again();
  ASSERT_EQ(come_back(second, {v2_again(id, 1), lease_v2(9)}).status(), NtStatus::SUCCESS);
  ASSERT_TRUE(world().volume("data").outside_write({"f"}, "new"));
  EXPECT_EQ(second.next_break().status(), NtStatus::SUCCESS);
}

}  // namespace
}  // namespace dozo::server::testing
