// Persistent handles: what of a server that was killed the next one has again. [MS-SMB2] 3.3.5.9, 3.3.5.9.10, .12.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "identity/sqlite_database.h"
#include "server/durable/durable_fixture.h"
#include "wire/fscc/file_set.h"
#include "wire/oplock_break.h"
#include "wire/tree_connect.h"
#include "wire/tree_disconnect.h"

namespace dozo::server::testing {
namespace {

using std::chrono::seconds;

constexpr const char* kFiles[] = {"handles.db", "handles.db-wal", "handles.db-shm"};

// A state directory of its own, which goes with it.
class StateFolder {
 public:
  StateFolder() { EXPECT_NE(::mkdtemp(path_.data()), nullptr); }
  ~StateFolder() {
    for (const char* name : kFiles) ::unlink((path_ + "/" + name).c_str());
    ::rmdir(path_.c_str());
  }
  StateFolder(const StateFolder&) = delete;
  StateFolder& operator=(const StateFolder&) = delete;
  const std::string& path() const { return path_; }
  // As the disk is at this moment: what a killed server leaves.
  void copy_from(const StateFolder& other) {
    for (const char* name : {kFiles[0], kFiles[1]}) copy(other.path_ + "/" + name, path_ + "/" + name);
  }

 private:
  static void copy(const std::string& from, const std::string& to) {
    std::FILE* in = std::fopen(from.c_str(), "rb");
    std::FILE* out = std::fopen(to.c_str(), "wb");
    std::array<char, 4096> block{};
    for (std::size_t n = 1; in != nullptr && out != nullptr && n > 0;) {
      n = std::fread(block.data(), 1, block.size(), in);
      EXPECT_EQ(std::fwrite(block.data(), 1, n, out), n);
    }
    if (in != nullptr) std::fclose(in);
    if (out != nullptr) std::fclose(out);
  }
  std::string path_ = ::testing::TempDir() + "dozo-state-XXXXXX";
};

class PersistentTest : public DurableTest {
 protected:
  PersistentTest() {
    options.config.shares[0].continuously_available = true;
    options.state_dir = before_.path();
  }
  // The server is killed, and another one started on what is on the disk.
  void kill_and_start() {
    after_.copy_from(before_);
    options.volumes = world().volumes();
    EXPECT_EQ(world().leave(), "");
    options.state_dir = after_.path();
    replace_world();
  }
  Client& owner() {
    if (owner_ == nullptr) owner_ = &again();
    return *owner_;
  }
  void replace_world() {
    owner_ = nullptr;
    restart();
  }
  // From here on every write of a row fails.
  void break_store() {
    auto database = identity::SqliteDatabase::open(before_.path() + "/handles.db");
    ASSERT_TRUE(database && database->execute("DROP TABLE sequences; DROP TABLE locks; DROP TABLE opens"));
  }
  static OpenArgs plain(std::vector<wire::CreateContext> contexts) {
    OpenArgs out;
    out.contexts = std::move(contexts);
    return out;
  }
  static bool is_persistent(const std::optional<ByteVector>& data) {
    return data && wire::decode_plain<wire::DurableHandleResponseV2>(*data)
                       .value_or(wire::DurableHandleResponseV2())
                       .flags.has(wire::DurableFlag::persistent);
  }

 private:
  StateFolder before_;
  StateFolder after_;
  Client* owner_ = nullptr;
};

const Bytes kV2 = wire::context_name::kDurableRequestV2;

TEST_F(PersistentTest, it_is_granted_without_an_oplock) {
  EXPECT_TRUE(is_persistent(answered(owner().create("f", plain({v2(1, 0, true)})), kV2)));
}

TEST_F(PersistentTest, it_is_granted_where_the_share_the_dialect_and_the_client_have_it) {
  EXPECT_FALSE(is_persistent(answered(again("bob", 0xC1, "bobs").create("f", batch({v2(1, 0, true)})), kV2)));
  EXPECT_FALSE(is_persistent(answered(alice().create("g", batch({v2(2, 0, true)})), kV2)));
  EXPECT_FALSE(is_persistent(answered(owner().create("h", batch({v2(3)})), kV2)));
}

TEST_F(PersistentTest, the_share_says_that_it_is_continuously_available) {
  using enum wire::ShareCapability;
  const auto capabilities = [this](const std::string& share, Dialect dialect) {
    ClientOptions with = options_of("alice");
    with.dialect = dialect;
    Client& client = world().log_on(with);
    return client.connect_tree(share).as<wire::TreeConnectResponse>().capabilities;
  };
  EXPECT_TRUE(capabilities("data", Dialect::smb_3_0).has(continuous_availability));
  EXPECT_FALSE(capabilities("readonly", Dialect::smb_3_0).has(continuous_availability));
  EXPECT_FALSE(capabilities("data", Dialect::smb_2_1).has(continuous_availability));
}

TEST_F(PersistentTest, it_is_there_after_a_crash_with_its_data_and_locks) {
  const FileId id = owner().open("f", plain({v2(1, 0, true)}));
  ASSERT_EQ(owner().write(id, 0, "kept"), NtStatus::SUCCESS);
  ASSERT_EQ(owner().lock(id, {{0, 4, wire::LockFlag::exclusive_lock | wire::LockFlag::fail_immediately}}).status(),
            NtStatus::SUCCESS);
  kill_and_start();

  const Answer answer = come_back(owner(), {v2_again(id, 1, true)});
  ASSERT_EQ(answer.status(), NtStatus::SUCCESS);
  EXPECT_EQ(answer.file_id().persistent, id.persistent);
  EXPECT_EQ(owner().read_text(answer.file_id(), 0, 4), "kept");
  const FileId other = again("bob").open("f", {.disposition = CreateDisposition::open});
  EXPECT_NE(other, FileId());
  EXPECT_EQ(owner().lock(answer.file_id(), {{0, 4, wire::LockFlag::unlock}}).status(), NtStatus::SUCCESS);
}

TEST_F(PersistentTest, others_are_held_off_until_its_client_is_back) {
  const FileId id = owner().open("f", plain({v2(1, 0, true)}));
  kill_and_start();
  Client& other = again("bob");
  const OpenArgs look{.disposition = CreateDisposition::open};
  EXPECT_EQ(other.create("f", look).status(), NtStatus::FILE_NOT_AVAILABLE);
  EXPECT_EQ(come_back(owner(), {v2_again(id, 1, true)}).status(), NtStatus::SUCCESS);
  EXPECT_EQ(other.create("f", look).status(), NtStatus::SUCCESS);
}

TEST_F(PersistentTest, others_are_held_off_until_its_time_is_over) {
  const FileId id = owner().open("f", plain({v2(1, 10'000, true)}));
  kill_and_start();
  pass(seconds(11));
  EXPECT_EQ(again("bob").create("f", {.disposition = CreateDisposition::open}).status(), NtStatus::SUCCESS);
  EXPECT_EQ(come_back(owner(), {v2_again(id, 1, true)}).status(), NtStatus::OBJECT_NAME_NOT_FOUND);
}

TEST_F(PersistentTest, a_dropped_connection_holds_others_off_too) {
  owner().open("f", plain({v2(1, 0, true)}));
  drop(owner());
  EXPECT_EQ(bob().create("f", {.disposition = CreateDisposition::open}).status(), NtStatus::FILE_NOT_AVAILABLE);
}

TEST_F(PersistentTest, it_is_come_back_to_as_what_it_is) {
  const FileId id = owner().open("f", plain({v2(1, 0, true)}));
  kill_and_start();
  EXPECT_EQ(come_back(owner(), {v2_again(id, 1)}).status(), NtStatus::OBJECT_NAME_NOT_FOUND);
  EXPECT_EQ(come_back(again("bob"), {v2_again(id, 1, true)}).status(), NtStatus::ACCESS_DENIED);
  EXPECT_EQ(come_back(owner(), {v2_again(id, 1, true)}).status(), NtStatus::SUCCESS);
}

TEST_F(PersistentTest, a_client_that_knows_no_file_id_comes_back_with_its_guid) {
  owner().open("f", plain({v2(1, 0, true)}));
  kill_and_start();
  EXPECT_EQ(come_back(owner(), {v2_again(FileId{1, 1}, 1, true)}).status(), NtStatus::SUCCESS);
}

TEST_F(PersistentTest, a_create_whose_answer_was_lost_is_sent_again) {
  const FileId id = owner().open("f", plain({v2(1, 0, true)}));
  kill_and_start();
  const Sending replay{.flags = wire::HeaderFlag::replay_operation};
  OpenArgs other = plain({v2(1, 0, true)});
  other.share = ShareFlag::read;
  EXPECT_EQ(owner().create("f", other, replay).status(), NtStatus::CONTEXT_MISMATCH);
  const Answer answer = owner().create("f", plain({v2(1, 0, true)}), replay);
  ASSERT_EQ(answer.status(), NtStatus::SUCCESS);
  EXPECT_EQ(answer.file_id().persistent, id.persistent);
}

TEST_F(PersistentTest, share_modes_and_leases_come_back) {
  OpenArgs args = leased({v2(1, 0, true), lease_v2(9, LeaseBit::read | LeaseBit::handle | LeaseBit::write)});
  args.share = ShareAccess();
  const FileId id = owner().open("f", args);
  kill_and_start();
  const Answer answer = come_back(owner(), {v2_again(id, 1, true), lease_v2(9)});
  ASSERT_EQ(answer.status(), NtStatus::SUCCESS);
  const auto granted = answered(answer, wire::context_name::kRequestLease);
  ASSERT_TRUE(granted);
  EXPECT_EQ(wire::decode_plain<wire::LeaseContextV2>(*granted).value_or(wire::LeaseContextV2()).lease_state,
            LeaseBit::read | LeaseBit::handle | LeaseBit::write);
}

TEST_F(PersistentTest, changes_from_outside_are_seen_after_a_crash) {
  const FileId id = owner().open("f", leased({v2(1, 0, true), lease_v2(9)}));
  kill_and_start();
  ASSERT_EQ(come_back(owner(), {v2_again(id, 1, true), lease_v2(9)}).status(), NtStatus::SUCCESS);
  ASSERT_TRUE(world().volume("data").outside_write({"f"}, "new"));
  EXPECT_EQ(owner().next_break().status(), NtStatus::SUCCESS);
}

TEST_F(PersistentTest, what_a_change_from_outside_ended_is_not_cached_after_a_crash) {
  const FileId id = owner().open("f", leased({v2(1, 0, true), lease_v2(9)}));
  drop(owner());
  ASSERT_TRUE(world().volume("data").outside_write({"f"}, "new"));
  world().settle();
  kill_and_start();
  const Answer answer = come_back(owner(), {v2_again(id, 1, true), lease_v2(9)});
  ASSERT_EQ(answer.status(), NtStatus::SUCCESS);
  const auto granted = answered(answer, wire::context_name::kRequestLease);
  ASSERT_TRUE(granted);
  EXPECT_EQ(wire::decode_plain<wire::LeaseContextV2>(*granted).value_or(wire::LeaseContextV2()).lease_state,
            LeaseState());
}

TEST_F(PersistentTest, a_closed_one_is_gone_for_good) {
  const FileId id = owner().open("f", plain({v2(1, 0, true)}));
  EXPECT_EQ(owner().close(id), NtStatus::SUCCESS);
  kill_and_start();
  EXPECT_EQ(come_back(owner(), {v2_again(id, 1, true)}).status(), NtStatus::OBJECT_NAME_NOT_FOUND);
  EXPECT_EQ(again("bob").create("f", {.disposition = CreateDisposition::open}).status(), NtStatus::SUCCESS);
}

TEST_F(PersistentTest, one_that_was_renamed_is_found_by_its_new_name) {
  const FileId id = owner().open("f", plain({v2(1, 0, true)}));
  ASSERT_EQ(owner().set(id, wire::FileInfoClass::rename, wire::FileRenameInformation{.file_name = u"g"}),
            NtStatus::SUCCESS);
  kill_and_start();
  EXPECT_EQ(again("bob").create("g", {.disposition = CreateDisposition::open}).status(), NtStatus::FILE_NOT_AVAILABLE);
  EXPECT_EQ(come_back(owner(), {v2_again(id, 1, true)}, "g").status(), NtStatus::SUCCESS);
}

TEST_F(PersistentTest, a_stream_that_was_renamed_has_its_new_name_still) {
  const FileId id = owner().open("f:s", plain({v2(1, 0, true)}));
  ASSERT_EQ(owner().write(id, 0, "kept"), NtStatus::SUCCESS);
  ASSERT_EQ(owner().set(id, wire::FileInfoClass::rename, wire::FileRenameInformation{.file_name = u":t"}),
            NtStatus::SUCCESS);
  kill_and_start();
  const OpenArgs existing{.disposition = CreateDisposition::open};
  EXPECT_EQ(again("bob").create("f:t", existing).status(), NtStatus::FILE_NOT_AVAILABLE);
  const Answer answer = come_back(owner(), {v2_again(id, 1, true)}, "f:t");
  ASSERT_EQ(answer.status(), NtStatus::SUCCESS);
  EXPECT_EQ(owner().read_text(answer.file_id(), 0, 10), "kept");
  EXPECT_EQ(owner().close(answer.file_id()), NtStatus::SUCCESS);
  EXPECT_EQ(owner().create("f:s", existing).status(), NtStatus::OBJECT_NAME_NOT_FOUND);
  EXPECT_EQ(owner().create("f:t", existing).status(), NtStatus::SUCCESS);
}

TEST_F(PersistentTest, a_pending_deletion_is_pending_still) {
  const FileId id = owner().open("f", plain({v2(1, 0, true)}));
  ASSERT_EQ(owner().set(id, wire::FileInfoClass::disposition, wire::FileDispositionInformation{true}),
            NtStatus::SUCCESS);
  kill_and_start();
  const Answer answer = come_back(owner(), {v2_again(id, 1, true)});
  ASSERT_EQ(answer.status(), NtStatus::SUCCESS);
  EXPECT_EQ(owner().close(answer.file_id()), NtStatus::SUCCESS);
  EXPECT_EQ(owner().create("f", {.disposition = CreateDisposition::open}).status(), NtStatus::OBJECT_NAME_NOT_FOUND);
}

TEST_F(PersistentTest, a_share_that_is_not_so_marked_any_more_gives_none_back) {
  const FileId id = owner().open("f", plain({v2(1, 0, true)}));
  options.config.shares[0].continuously_available = false;
  kill_and_start();
  EXPECT_EQ(come_back(owner(), {v2_again(id, 1, true)}).status(), NtStatus::OBJECT_NAME_NOT_FOUND);
}

TEST_F(PersistentTest, a_server_that_stops_in_good_order_keeps_them_too) {
  const FileId id = owner().open("f", plain({v2(1, 0, true)}));
  options.volumes = world().volumes();
  EXPECT_EQ(world().leave(), "");
  replace_world();
  EXPECT_EQ(come_back(owner(), {v2_again(id, 1, true)}).status(), NtStatus::SUCCESS);
}

// --- What others do to the file, and what is done at the same time.

constexpr LeaseState kRead = LeaseBit::read;
constexpr LeaseState kReadHandle = LeaseBit::read | LeaseBit::handle;
constexpr LeaseState kAll = kReadHandle | LeaseBit::write;

class SharedFileTest : public PersistentTest {
 protected:
  OpenArgs leased_args(LeaseState state) { return leased({v2(1, 0, true), lease_v2(9, state)}); }
  wire::LeaseContextV2 lease_of(const Answer& answer) {
    const auto data = answered(answer, wire::context_name::kRequestLease);
    EXPECT_TRUE(data);
    return wire::decode_plain<wire::LeaseContextV2>(data.value_or(ByteVector())).value_or(wire::LeaseContextV2());
  }
  // As its client is told after a crash.
  wire::LeaseContextV2 lease_after_crash(FileId id) {
    kill_and_start();
    return lease_of(come_back(owner(), {v2_again(id, 1, true), lease_v2(9)}));
  }
  MessageId start_open(Client& client, OpenArgs args = {.disposition = CreateDisposition::open}) {
    return client.start(wire::Command::create, create_request("f", args));
  }
};

TEST_F(SharedFileTest, a_lease_is_as_it_was_acknowledged) {
  const FileId id = owner().open("f", leased_args(kAll));
  const MessageId other = start_open(bob());
  const auto notice = owner().next_break().as<wire::LeaseBreakNotification>();
  ASSERT_EQ(owner().ack(guid_of(9), kReadHandle).status(), NtStatus::SUCCESS);
  ASSERT_EQ(bob().wait(other).status(), NtStatus::SUCCESS);
  const wire::LeaseContextV2 after = lease_after_crash(id);
  EXPECT_EQ(after.lease_state, kReadHandle);
  EXPECT_EQ(after.epoch, notice.new_epoch);
}

TEST_F(SharedFileTest, a_lease_is_what_it_was_raised_to) {
  const FileId id = owner().open("f", leased_args(kReadHandle));
  const wire::LeaseContextV2 raised = lease_of(owner().create("f", leased({lease_v2(9, kAll)})));
  ASSERT_EQ(raised.lease_state, kAll);
  const wire::LeaseContextV2 after = lease_after_crash(id);
  EXPECT_EQ(after.lease_state, kAll);
  EXPECT_EQ(after.epoch, raised.epoch);
}

TEST_F(SharedFileTest, a_lease_that_was_taken_away_unasked_is_gone) {
  const FileId id = owner().open("f", leased_args(kRead));
  ASSERT_EQ(bob().write(bob().open("f"), 0, "new"), NtStatus::SUCCESS);
  world().settle();
  EXPECT_EQ(lease_after_crash(id).lease_state, LeaseState());
}

TEST_F(SharedFileTest, a_lease_whose_break_was_waited_for_in_vain_is_gone) {
  const FileId id = owner().open("f", leased_args(kAll));
  const MessageId other = start_open(bob());
  pass(seconds(40));
  ASSERT_EQ(bob().wait(other).status(), NtStatus::SUCCESS);
  EXPECT_EQ(lease_after_crash(id).lease_state, LeaseState());
}

TEST_F(SharedFileTest, an_oplock_is_as_it_was_acknowledged) {
  const FileId id = owner().open("f", batch({v2(1, 0, true)}));
  const MessageId other = start_open(bob());
  owner().next_break();
  ASSERT_EQ(owner().ack(id, OplockLevel::level_ii).status(), NtStatus::SUCCESS);
  ASSERT_EQ(bob().wait(other).status(), NtStatus::SUCCESS);
  kill_and_start();
  const Answer answer = come_back(owner(), {v2_again(id, 1, true)});
  EXPECT_EQ(answer.as<wire::CreateResponse>().oplock_level, OplockLevel::level_ii);
}

// Where the answer to the acknowledgement waits for the disk, too.
class BreakAfterAnswer final : public BreakListener {
 public:
  void on_break(Client& client, const Answer&) override {
    ++breaks;
    if (acknowledgement) is_behind = client.is_answered(*acknowledgement);
  }
  std::optional<MessageId> acknowledgement;
  int breaks = 0;
  bool is_behind = false;
};

TEST_F(SharedFileTest, the_break_that_an_acknowledgement_brings_goes_behind_its_answer) {
  BreakAfterAnswer seen;
  owner().open("f", leased_args(kAll));
  owner().listen_for_breaks(&seen);
  const MessageId reader = start_open(bob());
  world().settle();
  const MessageId writer = start_open(bob(), {.disposition = CreateDisposition::overwrite});
  world().settle();
  seen.acknowledgement = owner().start_ack(guid_of(9), kReadHandle);
  ASSERT_TRUE(world().run_until([&] { return seen.breaks == 2; }));
  EXPECT_TRUE(seen.is_behind);
  owner().listen_for_breaks(nullptr);
  EXPECT_EQ(owner().ack(guid_of(9), {}).status(), NtStatus::SUCCESS);
  EXPECT_EQ(bob().wait(reader).status(), NtStatus::SUCCESS);
  EXPECT_EQ(bob().wait(writer).status(), NtStatus::SUCCESS);
}

TEST_F(SharedFileTest, a_deletion_through_anothers_handle_is_pending_still) {
  OpenArgs reader = plain({v2(1, 0, true)});
  owner().close(owner().open("f"));
  reader.access = kFileGenericRead;
  const FileId id = owner().open("f", reader);
  const FileId other = bob().open("f");
  ASSERT_EQ(bob().set(other, wire::FileInfoClass::disposition, wire::FileDispositionInformation{true}),
            NtStatus::SUCCESS);
  kill_and_start();
  const Answer answer = come_back(owner(), {v2_again(id, 1, true)});
  ASSERT_EQ(answer.status(), NtStatus::SUCCESS);
  EXPECT_EQ(owner().close(answer.file_id()), NtStatus::SUCCESS);
  EXPECT_EQ(owner().create("f", {.disposition = CreateDisposition::open}).status(), NtStatus::OBJECT_NAME_NOT_FOUND);
}

TEST_F(SharedFileTest, a_deletion_by_anothers_close_is_pending_still) {
  const FileId id = owner().open("f", plain({v2(1, 0, true)}));
  OpenArgs deleting;
  deleting.options = CreateOption::delete_on_close;
  ASSERT_EQ(bob().close(bob().open("f", deleting)), NtStatus::SUCCESS);
  kill_and_start();
  const Answer answer = come_back(owner(), {v2_again(id, 1, true)});
  ASSERT_EQ(answer.status(), NtStatus::SUCCESS);
  EXPECT_EQ(owner().close(answer.file_id()), NtStatus::SUCCESS);
  EXPECT_EQ(owner().create("f", {.disposition = CreateDisposition::open}).status(), NtStatus::OBJECT_NAME_NOT_FOUND);
}

TEST_F(SharedFileTest, all_handles_of_a_file_that_is_to_be_deleted_are_there) {
  const FileId one = owner().open("f", plain({v2(1, 0, true)}));
  const FileId two = owner().open("f", plain({v2(2, 0, true)}));
  ASSERT_EQ(owner().set(one, wire::FileInfoClass::disposition, wire::FileDispositionInformation{true}),
            NtStatus::SUCCESS);
  kill_and_start();
  EXPECT_EQ(come_back(owner(), {v2_again(one, 1, true)}).status(), NtStatus::SUCCESS);
  EXPECT_EQ(come_back(owner(), {v2_again(two, 2, true)}).status(), NtStatus::SUCCESS);
}

// --- Locks.

const wire::LockFlags kAtOnce = wire::LockFlag::exclusive_lock | wire::LockFlag::fail_immediately;

TEST_F(PersistentTest, a_lock_that_is_sent_again_after_a_crash_is_taken_once) {
  const FileId id = owner().open("f", plain({v2(1, 0, true)}));
  wire::LockRequest lock{.lock_sequence = 0x11, .file_id = id, .locks = {{0, 4, kAtOnce}}};
  ASSERT_EQ(owner().call(wire::Command::lock, lock).status(), NtStatus::SUCCESS);
  kill_and_start();
  lock.file_id = come_back(owner(), {v2_again(id, 1, true)}).file_id();
  EXPECT_EQ(owner().call(wire::Command::lock, lock).status(), NtStatus::SUCCESS);
  EXPECT_EQ(owner().lock(lock.file_id, {{0, 4, wire::LockFlag::unlock}}).status(), NtStatus::SUCCESS);
  EXPECT_EQ(owner().lock(lock.file_id, {{0, 4, wire::LockFlag::unlock}}).status(), NtStatus::RANGE_NOT_LOCKED);
}

TEST_F(PersistentTest, what_was_unlocked_before_an_unlock_failed_stays_so) {
  const FileId id = owner().open("f", plain({v2(1, 0, true)}));
  ASSERT_EQ(owner().lock(id, {{0, 4, kAtOnce}, {8, 4, kAtOnce}}).status(), NtStatus::SUCCESS);
  ASSERT_EQ(owner().lock(id, {{0, 4, wire::LockFlag::unlock}, {4, 4, wire::LockFlag::unlock}}).status(),
            NtStatus::RANGE_NOT_LOCKED);
  kill_and_start();
  const FileId after = come_back(owner(), {v2_again(id, 1, true)}).file_id();
  EXPECT_EQ(owner().lock(after, {{0, 4, wire::LockFlag::unlock}}).status(), NtStatus::RANGE_NOT_LOCKED);
  EXPECT_EQ(owner().lock(after, {{8, 4, wire::LockFlag::unlock}}).status(), NtStatus::SUCCESS);
}

TEST_F(PersistentTest, what_cannot_be_stored_is_not_persistent) {
  owner();
  break_store();
  const Answer answer = owner().create("f", plain({v2(1, 0, true)}));
  EXPECT_EQ(answer.status(), NtStatus::SUCCESS);
  EXPECT_FALSE(is_persistent(answered(answer, kV2)));
  EXPECT_FALSE(world().server().durables().find_persistent(guid_of(1)));
}

// The disk is slow, and does in any order what it is asked to do at once.
class SlowDiskTest : public PersistentTest, public ::testing::WithParamInterface<std::uint64_t> {
 protected:
  SlowDiskTest() {
    options.seed = GetParam();
    options.simulation.completion_max = std::chrono::milliseconds(20);
  }
  MessageId start_create(const Sending& how = {}) {
    return owner().start(wire::Command::create, create_request("f", plain({v2(1, 0, true)})), how);
  }
};

TEST_P(SlowDiskTest, locks_of_one_moment_are_all_there) {
  const FileId id = owner().open("f", plain({v2(1, 0, true)}));
  std::vector<MessageId> asked;
  for (std::uint64_t i = 0; i < 4; ++i) {
    asked.push_back(owner().start(wire::Command::lock, wire::LockRequest{.file_id = id, .locks = {{i, 1, kAtOnce}}}));
  }
  for (const MessageId each : asked) ASSERT_EQ(owner().wait(each).status(), NtStatus::SUCCESS);
  kill_and_start();
  const FileId after = come_back(owner(), {v2_again(id, 1, true)}).file_id();
  for (std::uint64_t i = 0; i < 4; ++i) {
    EXPECT_EQ(owner().lock(after, {{i, 1, wire::LockFlag::unlock}}).status(), NtStatus::SUCCESS) << i;
  }
}

TEST_P(SlowDiskTest, what_is_closed_while_it_is_stored_is_gone) {
  start_create();
  owner().start(wire::Command::tree_disconnect, wire::TreeDisconnectRequest{});
  world().settle();
  kill_and_start();
  again("bob").open("f");
}

TEST_P(SlowDiskTest, what_is_closed_while_it_cannot_be_stored_leaves_nothing) {
  owner();
  break_store();
  start_create();
  owner().start(wire::Command::tree_disconnect, wire::TreeDisconnectRequest{});
  world().settle();
  again().open("f", plain({v2(1)}));
}

TEST_P(SlowDiskTest, what_loses_its_connection_while_it_is_stored_is_come_back_to) {
  start_create();
  ASSERT_TRUE(world().run_until([this] { return world().server().stats.opens_now == 1; }));
  drop(owner());
  kill_and_start();
  EXPECT_EQ(come_back(owner(), {v2_again(FileId{1, 1}, 1, true)}).status(), NtStatus::SUCCESS);
}

TEST_P(SlowDiskTest, what_loses_its_connection_while_it_cannot_be_stored_is_closed) {
  owner();
  break_store();
  start_create();
  ASSERT_TRUE(world().run_until([this] { return world().server().stats.opens_now == 1; }));
  drop(owner());
  EXPECT_EQ(world().server().stats.opens_now, 0U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, SlowDiskTest, ::testing::Range<std::uint64_t>(1, 9));

}  // namespace
}  // namespace dozo::server::testing
