// What only the posix backend has to keep.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "vfs/posix/posix_volume.h"
#include "vfs/short_name.h"
#include "vfs/volume_test_support.h"

namespace dozo::vfs::posix {
namespace {

class PosixVolumeTest : public VolumeFixture {
 protected:
  void SetUp() override { open_volume("posix"); }
  std::string on_disk(const std::string& name) const { return folder() + "/" + name; }
  void put(const std::string& name) const { std::ofstream(on_disk(name)) << name; }
  std::uint64_t scans() { return static_cast<PosixVolume&>(volume()).share().names.scans(); }
  static CallerRef user(uid_t uid, std::vector<gid_t> groups = {}) {
    return std::make_shared<Caller>(
        Caller{.uid = uid, .gid = uid, .groups = std::move(groups), .switch_identity = true});
  }
  void put_for_group(const std::string& name, gid_t group) const {
    put(name);
    ASSERT_EQ(::chown(on_disk(name).c_str(), 0, group), 0);
    ASSERT_EQ(::chmod(on_disk(name).c_str(), 0640), 0);
  }
  Result<FileRef> open_as(const CallerRef& who, const Path& path, OpenFor use) {
    const auto at = run(volume().resolve(who, path, {}));
    if (!at) return fail(at.error());
    return run(volume().open(who, *at, use));
  }
};

TEST_F(PosixVolumeTest, folder_that_is_missing_or_no_folder_is_refused) {
  put("file");
  EXPECT_EQ(status(open_posix_volume({.path = on_disk("none")})), NtStatus::OBJECT_PATH_NOT_FOUND);
  EXPECT_EQ(status(open_posix_volume({.path = on_disk("file")})), NtStatus::NOT_A_DIRECTORY);
}

TEST_F(PosixVolumeTest, misses_in_a_large_folder_cost_one_scan) {
  for (int i = 0; i < 2000; ++i) put(fmt::format("File{}", i));
  for (int i = 0; i < 500; ++i) EXPECT_FALSE(exists({fmt::format("none{}", i)}));
  EXPECT_TRUE(exists({"fILE77"}));
  EXPECT_EQ(scans(), 1u);
}

TEST_F(PosixVolumeTest, local_changes_are_seen_at_once) {
  EXPECT_FALSE(exists({"first"}));
  for (int i = 0; i < 100; ++i) {
    put("Local");
    EXPECT_TRUE(exists({"LOCAL"}));
    std::filesystem::rename(on_disk("Local"), on_disk("Moved"));
    EXPECT_FALSE(exists({"LOCAL"}));
    EXPECT_TRUE(exists({"MOVED"}));
    ::unlink(on_disk("Moved").c_str());
    EXPECT_FALSE(exists({"MOVED"}));
  }
  EXPECT_EQ(scans(), 1u);
}

TEST_F(PosixVolumeTest, folder_removed_and_made_again_is_another) {
  for (int i = 0; i < 20; ++i) {
    ::mkdir(on_disk("d").c_str(), 0755);
    EXPECT_FALSE(exists({"d", "NAME"}));
    put("d/Name");
    EXPECT_TRUE(exists({"d", "NAME"}));
    std::filesystem::remove_all(on_disk("d"));
  }
}

TEST_F(PosixVolumeTest, symlink_within_the_share_is_followed_upwards_too) {
  ::mkdir(on_disk("d").c_str(), 0755);
  put("target");
  ASSERT_EQ(::symlink("../target", on_disk("d/up").c_str()), 0);
  EXPECT_EQ(look({"d", "up"})->node->id(), look({"target"})->node->id());
  EXPECT_TRUE(open({"D", "UP"}));
}

TEST_F(PosixVolumeTest, symlink_swapped_in_between_resolve_and_open_is_not_followed) {
  put("f");
  const auto at = look({"f"});
  ASSERT_EQ(::unlink(on_disk("f").c_str()), 0);
  ASSERT_EQ(::symlink("/etc/passwd", on_disk("f").c_str()), 0);
  const auto opened = run(volume().open(caller(), *at, {.read_data = true}));
  ASSERT_FALSE(opened);
  EXPECT_TRUE(opened.error() == NtStatus::ACCESS_DENIED || opened.error() == NtStatus::RETRY);
}

TEST_F(PosixVolumeTest, lease_of_a_program_makes_an_open_try_again_later) {
  put("f");
  const auto before = std::signal(SIGIO, SIG_IGN);  // how the kernel asks for it back
  const UniqueFd leased(::open(on_disk("f").c_str(), O_RDWR | O_CLOEXEC));
  if (fcntl(leased.get(), F_SETLEASE, F_WRLCK) != 0) GTEST_SKIP() << "no leases on this file system";
  EXPECT_EQ(status(open_as(caller(), {"f"}, kReadWrite)), NtStatus::CANNOT_BREAK_OPLOCK);
  EXPECT_TRUE(open_as(caller(), {"f"}, {}));  // to look at it
  ASSERT_EQ(fcntl(leased.get(), F_SETLEASE, F_UNLCK), 0);
  EXPECT_TRUE(open_as(caller(), {"f"}, kReadWrite));
  std::signal(SIGIO, before);
}

TEST_F(PosixVolumeTest, folder_on_the_way_swapped_for_a_symlink_out_is_denied) {
  ::mkdir(on_disk("d").c_str(), 0755);
  EXPECT_FALSE(exists({"d", "passwd"}));
  ASSERT_EQ(::rmdir(on_disk("d").c_str()), 0);
  ASSERT_EQ(::symlink("/etc", on_disk("d").c_str()), 0);
  EXPECT_EQ(look_status({"d", "passwd"}), NtStatus::ACCESS_DENIED);
  EXPECT_EQ(names({}), (std::vector<std::string>{".", ".."}));
}

TEST_F(PosixVolumeTest, fifo_is_never_opened_for_data) {
  ASSERT_EQ(::mkfifo(on_disk("pipe").c_str(), 0644), 0);
  EXPECT_EQ(look({"pipe"})->info.type, NodeType::fifo);
  EXPECT_EQ(status(open_as(caller(), {"pipe"}, {.read_data = true})), NtStatus::ACCESS_DENIED);
  EXPECT_EQ(status(open_as(caller(), {"pipe"}, {.write_data = true})), NtStatus::ACCESS_DENIED);
  EXPECT_TRUE(open_as(caller(), {"pipe"}, {}));
}

TEST_F(PosixVolumeTest, names_windows_cannot_hold_are_mapped_both_ways) {
  put("a:b?");
  EXPECT_EQ(names({}), (std::vector<std::string>{".", "..", "a\uF022b\uF025"}));
  EXPECT_TRUE(open({"A\uF022B\uF025"}));
  ASSERT_TRUE(make({"x\uF021"}));
  EXPECT_EQ(::access(on_disk("x*").c_str(), F_OK), 0);
}

TEST_F(PosixVolumeTest, records_are_kept_as_smbd_keeps_them) {
  const FileRef file = make({"f"}, NodeType::file, FileAttribute::archive);
  const FileTime created{0x01dd7a3411f6d67e};
  ASSERT_TRUE(run(file->set_times({.creation = created})));
  std::array<std::uint8_t, 64> blob;
  ASSERT_EQ(::getxattr(on_disk("f").c_str(), "user.DOSATTRIB", blob.data(), blob.size()), 24);
  EXPECT_EQ(fmt::format("{:02x}", fmt::join(std::span(blob).first(24), "")),
            "000005000500000011000000200000007ed6f611347add01");
}

// Remembered records: what another program does to them is seen at once.
TEST_F(PosixVolumeTest, a_record_changed_by_another_program_is_seen) {
  const FileRef file = make({"f"}, NodeType::file, FileAttribute::archive);
  std::this_thread::sleep_for(std::chrono::milliseconds(150));  // old enough to be remembered
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(run(file->info())->attributes.has(FileAttribute::hidden));
  ASSERT_EQ(::setxattr(on_disk("f").c_str(), "user.DOSATTRIB", "0x22", 5, 0), 0);
  EXPECT_TRUE(run(file->info())->attributes.has(FileAttribute::hidden));
  ASSERT_EQ(::setxattr(on_disk("f").c_str(), "user.note", "x", 1, 0), 0);
  EXPECT_GT(run(file->info())->ea_size, 0u);
}

TEST_F(PosixVolumeTest, change_time_is_kept_until_something_else_changes_the_file) {
  const FileRef file = make({"f"});
  const FileTime wanted{0x01dd000000000000};
  ASSERT_TRUE(run(file->set_times({.last_write = wanted, .change = wanted})));
  EXPECT_EQ(run(file->info())->change_time, wanted);
  EXPECT_EQ(look({"f"})->info.change_time, wanted);
  ::usleep(30'000);
  ASSERT_EQ(::chmod(on_disk("f").c_str(), 0600), 0);
  EXPECT_GT(run(file->info())->change_time, wanted);
}

TEST_F(PosixVolumeTest, times_after_2262_are_kept) {
  const FileRef file = make({"f"});
  const FileTime wanted = FileTime::from_unix(15'032'385'535, 0);
  ASSERT_TRUE(run(file->set_times({.creation = wanted, .last_write = wanted})));
  EXPECT_EQ(run(file->info())->last_write_time, wanted);
  EXPECT_EQ(run(file->info())->creation_time, wanted);
}

TEST_F(PosixVolumeTest, short_name_means_the_file_it_was_made_for) {
  const std::string name = "a rather long name.html";
  put(name);
  EXPECT_EQ(look({short_name_of(name)})->path, Path{name});
  EXPECT_TRUE(exists({short_name_of(name)}));
  ASSERT_EQ(::unlink(on_disk(name).c_str()), 0);
  EXPECT_FALSE(exists({short_name_of(name)}));
  put("another long name.html");
  EXPECT_TRUE(exists({short_name_of("another long name.html")}));
}

TEST_F(PosixVolumeTest, name_of_its_own_goes_before_a_short_name) {
  const std::string name = "a rather long name.html";
  put(name);
  put(short_name_of(name));
  EXPECT_EQ(look({short_name_of(name)})->path, Path{short_name_of(name)});
}

TEST_F(PosixVolumeTest, allocation_behind_the_end_is_given_back) {
  const FileRef file = make({"f"});
  ASSERT_TRUE(run(file->set_allocation(1 << 20)));
  EXPECT_GE(run(file->info())->allocation_size, 1u << 20);
  ASSERT_TRUE(run(file->set_allocation(0)));
  EXPECT_EQ(run(file->info())->allocation_size, 0u);
}

TEST_F(PosixVolumeTest, streams_are_kept_as_samba_keeps_them) {
  put("f");
  const auto stream = run(volume().open_stream(caller(), *look({"f"}), "note", StreamMode::create_new, kReadWrite));
  write(**stream, "text");
  std::array<char, 64> blob;
  ASSERT_EQ(::getxattr(on_disk("f").c_str(), "user.DosStream.note:$DATA", blob.data(), blob.size()), 5);
  EXPECT_EQ(std::string(blob.data(), 5), std::string("text\0", 5));
  EXPECT_EQ(write(**stream, "x", 1u << 20), NtStatus::DISK_FULL);
}

TEST_F(PosixVolumeTest, own_records_are_no_extended_attributes_of_clients) {
  const FileRef file = make({"f"}, NodeType::file, FileAttribute::archive);
  EXPECT_TRUE(run(file->extended_attributes())->empty());
  EXPECT_EQ(status(run(file->set_extended_attribute("dosattrib", as_bytes("x")))), NtStatus::ACCESS_DENIED);
  EXPECT_EQ(status(run(file->set_extended_attribute("DosStream.x:$DATA", as_bytes("x")))), NtStatus::ACCESS_DENIED);
}

TEST_F(PosixVolumeTest, identity_decides_and_is_given_back) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  ::chmod(folder().c_str(), 0777);
  put("private");
  ::chmod(on_disk("private").c_str(), 0600);
  EXPECT_EQ(status(open_as(user(1000), {"private"}, {.read_data = true})), NtStatus::ACCESS_DENIED);
  EXPECT_TRUE(open_as(user(1000), {"private"}, {}));
  const auto at = run(volume().resolve(user(1000), {"mine"}, {}));
  ASSERT_TRUE(run(volume().create(user(1000), *at, {NodeType::file, kReadWrite, FileAttribute::hidden})));
  EXPECT_EQ(look({"mine"})->info.uid, 1000u);
  EXPECT_TRUE(look({"mine"})->info.attributes.has(FileAttribute::hidden));
  EXPECT_TRUE(open_as(caller(), {"private"}, kReadWrite));
  const auto granted = run(volume().permissions(user(1000), *look({"private"})));
  EXPECT_FALSE(granted->read || granted->write || granted->owner);
}

TEST_F(PosixVolumeTest, groups_are_the_callers_own_and_no_others) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  ::chmod(folder().c_str(), 0755);
  for (const gid_t group : {0u, 1000u, 2000u}) put_for_group(fmt::format("of{}", group), group);
  // In turn: each is to be rid of what the one before was given.
  for (const std::vector<gid_t>& groups : {std::vector<gid_t>{}, {2000}, {1000}, {1000, 2000}, {1000}}) {
    const CallerRef who = user(1000, groups);
    EXPECT_EQ(status(open_as(who, {"of0"}, {.read_data = true})), NtStatus::ACCESS_DENIED);
    EXPECT_TRUE(open_as(who, {"of1000"}, {.read_data = true}));
    const bool member = std::ranges::find(groups, 2000u) != groups.end();
    EXPECT_EQ(open_as(who, {"of2000"}, {.read_data = true}).has_value(), member);
  }
}

TEST_F(PosixVolumeTest, permissions_are_those_of_the_moment_of_the_resolve_or_later) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  ::mkdir(on_disk("d").c_str(), 0777);
  ::chmod(on_disk("d").c_str(), 0777);
  put("d/f");
  const auto before = *look({"d", "f"});
  EXPECT_TRUE(run(volume().permissions(user(1000), before))->delete_child);
  ::chmod(on_disk("d").c_str(), 0755);
  ::chmod(on_disk("d/f").c_str(), 0600);
  auto kept = before;
  kept.findings = nullptr;
  for (const Resolved& at : {kept, *look({"d", "f"})}) {
    const auto granted = run(volume().permissions(user(1000), at));
    EXPECT_FALSE(granted->delete_child || granted->read);
  }
}

// What setfacl -m u:UID:rwx leaves: version 2, and entries of tag, permissions and id.
ByteVector acl_with_user(uid_t uid) {
  ByteWriter acl;
  acl.u32(2);
  struct Entry {
    std::uint16_t tag;
    std::uint16_t permissions;
    std::uint32_t id;
  };
  for (const Entry& entry : {Entry{1, 7, ~0u}, {2, 7, uid}, {4, 0, ~0u}, {16, 7, ~0u}, {32, 5, ~0u}}) {
    acl.u16(entry.tag);
    acl.u16(entry.permissions);
    acl.u32(entry.id);
  }
  return std::move(acl).take();
}

TEST_F(PosixVolumeTest, an_acl_that_a_directory_is_given_counts_at_once) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  ::mkdir(on_disk("d").c_str(), 0755);
  put("d/f");
  std::this_thread::sleep_for(std::chrono::milliseconds(150));  // till what is known of it is remembered
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(run(volume().permissions(user(1000), *look({"d", "f"})))->delete_child);
  const ByteVector acl = acl_with_user(1000);
  if (::setxattr(on_disk("d").c_str(), "system.posix_acl_access", acl.data(), acl.size(), 0) != 0) {
    GTEST_SKIP() << "no ACLs on this file system";
  }
  EXPECT_TRUE(run(volume().permissions(user(1000), *look({"d", "f"})))->delete_child);
  EXPECT_FALSE(run(volume().permissions(user(1001), *look({"d", "f"})))->delete_child);
}

TEST_F(PosixVolumeTest, an_open_for_attributes_outlives_what_it_was_resolved_by) {
  put("f");
  FileRef file = open({"f"}, OpenFor{});
  ::unlink(on_disk("f").c_str());
  EXPECT_EQ(run(file->info())->links, 0u);
  ASSERT_TRUE(run(file->set_ownership(caller(), {.uid = {}, .gid = {}, .mode = 0600})));
  EXPECT_EQ(run(file->info())->mode, 0600u);
}

struct CountedRead {
  std::string text;
  std::uint64_t operations = 0;  // of the loop
};
Task<CountedRead> read_counted(File& file, std::size_t length) {
  const std::uint64_t before = runtime::Loop::current().counters().operations;
  ByteVector bytes(length);
  const auto n = co_await file.read_at(0, bytes);
  const std::uint64_t after = runtime::Loop::current().counters().operations;
  co_return CountedRead{std::string(as_text(Bytes(bytes).first(n.value_or(0)))), after - before};
}

TEST_F(PosixVolumeTest, file_kept_in_memory_is_read_inline_unless_that_was_slow) {
  std::string shm = "/dev/shm/dozo-vfs-XXXXXX";
  if (::mkdtemp(shm.data()) == nullptr) GTEST_SKIP() << "no /dev/shm";
  std::ofstream(shm + "/f") << "content";
  const auto opened = open_posix_volume({.path = shm});
  const Share& share = static_cast<PosixVolume&>(**opened).share();
  const auto at = run((*opened)->resolve(caller(), {"f"}, {}));
  const FileRef file = *run((*opened)->open(caller(), *at, {.read_data = true}));
  const CountedRead quick = run(read_counted(*file, 7));
  share.inline_reads.offload(1);
  const CountedRead offloaded = run(read_counted(*file, 7));
  EXPECT_EQ(quick.text, "content");
  EXPECT_EQ(offloaded.text, "content");
  if (share.in_memory) EXPECT_EQ(quick.operations, 0u);
  if (share.in_memory && !share.can_read_nowait) EXPECT_EQ(offloaded.operations, 1u);
  std::filesystem::remove_all(shm);
}

TEST_F(PosixVolumeTest, folder_of_another_user_is_neither_searched_nor_changed) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  ::chmod(folder().c_str(), 0755);
  ::mkdir(on_disk("closed").c_str(), 0700);
  put("closed/f");
  EXPECT_EQ(status(run(volume().resolve(user(1000), {"closed", "f"}, {}))), NtStatus::ACCESS_DENIED);
  const auto at = run(volume().resolve(user(1000), {"new"}, {}));
  EXPECT_EQ(status(run(volume().create(user(1000), *at, {NodeType::file, kReadWrite, {}}))), NtStatus::ACCESS_DENIED);
  const auto root = run(volume().resolve(user(1000), {"closed"}, {}));
  const Location where{root->parent, "closed"};
  EXPECT_EQ(status(run(volume().remove(user(1000), where, root->node->id()))), NtStatus::ACCESS_DENIED);
}

}  // namespace
}  // namespace dozo::vfs::posix
