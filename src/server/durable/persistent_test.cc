// Persistent handles: what of a server that was killed the next one has again. [MS-SMB2] 3.3.5.9, 3.3.5.9.10, .12.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "server/durable/durable_fixture.h"
#include "wire/fscc/file_set.h"
#include "wire/tree_connect.h"

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

}  // namespace
}  // namespace dozo::server::testing
