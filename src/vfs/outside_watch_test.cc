// Volume::watch_outside, over every backend.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vfs/posix/outside_watch.h"
#include "vfs/volume_test_support.h"

namespace dozo::vfs {
namespace {

class Seen final : public OutsideListener {
 public:
  void on_outside_change(NodeId node) override {
    const std::lock_guard lock(mutex_);
    nodes_.push_back(node);
  }
  std::size_t count(NodeId node) {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(std::ranges::count(nodes_, node));
  }

 private:
  std::mutex mutex_;
  std::vector<NodeId> nodes_;
};

Task<void> a_moment() { co_await runtime::sleep_for(runtime::Loop::current(), std::chrono::milliseconds(2)); }

Task<bool> is_told(Seen& seen, NodeId node) {
  for (int i = 0; i < 2000 && seen.count(node) == 0; ++i) co_await a_moment();
  co_return seen.count(node) != 0;
}

bool put(const std::string& path, int flags, std::string_view text) {
  return elsewhere([&] {
    const int fd = ::open(path.c_str(), O_WRONLY | flags, 0644);
    return fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  });
}

bool put_through_mapping(const std::string& path, char first) {
  return elsewhere([&] {
    const int fd = ::open(path.c_str(), O_RDWR);
    void* at = mmap(nullptr, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) return false;
    *static_cast<char*>(at) = first;
    return true;
  });
}

class OutsideWatch : public VolumeFixture, public testing::WithParamInterface<std::string> {
 protected:
  void SetUp() override { open_volume(GetParam()); }

  // Another program does it.
  void write_outside(const std::string& name, const std::string& text) {
    if (auto* memory = dynamic_cast<MemoryVolume*>(&volume())) {
      ASSERT_TRUE(memory->outside_write({name}, text));
      return;
    }
    ASSERT_TRUE(put(folder() + '/' + name, O_CREAT | O_TRUNC, text));
  }
  void remove_outside(const std::string& name) {
    if (auto* memory = dynamic_cast<MemoryVolume*>(&volume())) {
      ASSERT_TRUE(memory->outside_remove({name}));
      return;
    }
    const std::string path = folder() + '/' + name;
    ASSERT_TRUE(elsewhere([&] { return unlink(path.c_str()) == 0; }));
  }
  // Watches `path`, lets `deed` happen and says whether that was told.
  template <class Deed>
  bool told_of(Path path, Deed deed) {
    const auto at = look(std::move(path));
    return run(watch_during(*at, deed));
  }

 private:
  template <class Deed>
  Task<bool> watch_during(Resolved at, Deed& deed) {
    const auto seen = std::make_shared<Seen>();
    const auto watch = volume().watch_outside(at.node, seen);
    EXPECT_TRUE(watch);
    deed();
    const bool told = co_await is_told(*seen, at.node->id());
    co_return told;
  }
};
INSTANTIATE_TEST_SUITE_P(Backends, OutsideWatch, testing::Values("posix", "memory"),
                         [](const auto& row) { return row.param; });

TEST_P(OutsideWatch, a_write_to_the_file_is_told) {
  ASSERT_TRUE(make({"f"}));
  EXPECT_TRUE(told_of({"f"}, [&] { write_outside("f", "news"); }));
}

TEST_P(OutsideWatch, a_removal_of_the_file_is_told) {
  ASSERT_TRUE(make({"f"}));
  EXPECT_TRUE(told_of({"f"}, [&] { remove_outside("f"); }));
}

TEST_P(OutsideWatch, a_new_entry_of_the_directory_is_told) {
  EXPECT_TRUE(told_of({}, [&] { write_outside("new", "x"); }));
}

TEST_P(OutsideWatch, a_change_of_an_entry_is_told_to_the_directory) {
  ASSERT_TRUE(make({"f"}));
  EXPECT_TRUE(told_of({}, [&] { write_outside("f", "longer"); }));
}

TEST_P(OutsideWatch, a_removal_of_an_entry_is_told_to_the_directory) {
  ASSERT_TRUE(make({"f"}));
  EXPECT_TRUE(told_of({}, [&] { remove_outside("f"); }));
}

// What this process does itself, by all the ways it has to write, and then something that is told, to know when to
// look.
Task<std::pair<std::size_t, std::size_t>> own_then_outside(Volume& volume, CallerRef caller, Resolved top, Resolved at,
                                                           FileRef file, std::string path) {
  const auto seen = std::make_shared<Seen>();
  const auto watch = volume.watch_outside(at.node, seen);
  const auto watch_top = volume.watch_outside(top.node, seen);
  const ByteVector data(100'000, 1);
  for (std::uint64_t i = 0; i < 50; ++i) EXPECT_TRUE(co_await file->write_at(i * data.size(), data));
  EXPECT_TRUE(co_await file->set_size(10));
  EXPECT_TRUE(co_await file->set_attributes(FileAttribute::hidden));
  const auto made = co_await volume.resolve(caller, {"own"}, {});
  EXPECT_TRUE(co_await volume.create(caller, *made, {NodeType::file, kReadWrite, {}}));
  for (int i = 0; i < 20; ++i) co_await a_moment();
  const std::size_t own = seen->count(at.node->id()) + seen->count(top.node->id());
  EXPECT_TRUE(put(path, O_APPEND, "x"));
  EXPECT_TRUE(co_await is_told(*seen, at.node->id()));
  co_return std::pair(own, seen->count(at.node->id()));
}

class OutsideWatchPosix : public VolumeFixture {
 protected:
  void SetUp() override { open_volume("posix"); }
};

TEST_F(OutsideWatchPosix, what_the_process_does_itself_is_not_told) {
  for (const bool write_through : {false, true}) {
    ASSERT_TRUE(write_through || make({"f"}));
    const FileRef file = open({"f"}, {.read_data = true, .write_data = true, .write_through = write_through});
    if (write_through) ASSERT_EQ(remove({"own"}), NtStatus::SUCCESS);
    const auto counts = run(own_then_outside(volume(), caller(), *look({}), *look({"f"}), file, folder() + "/f"));
    EXPECT_EQ(counts.first, 0u) << "write through: " << write_through;
    EXPECT_GE(counts.second, 1u);
  }
}

TEST_F(OutsideWatchPosix, what_was_written_through_a_mapping_is_told_when_it_ends) {
  const FileRef file = make({"f"});
  ASSERT_EQ(write(*file, "0123456789"), NtStatus::SUCCESS);
  const auto at = look({"f"});
  const auto scenario = [](Volume& on, Resolved what, std::string path) -> Task<bool> {
    const auto seen = std::make_shared<Seen>();
    const auto watch = on.watch_outside(what.node, seen);
    EXPECT_TRUE(put_through_mapping(path, 'X'));
    const bool told = co_await is_told(*seen, what.node->id());
    co_return told;
  };
  EXPECT_TRUE(run(scenario(volume(), *at, folder() + "/f")));
  EXPECT_EQ(text(*file), "X123456789");
}

Task<NtStatus> watch_both(posix::OutsideHub& hub, NodeRef first, NodeRef second) {
  const auto seen = std::make_shared<Seen>();
  const auto watch = hub.watch(first, seen);
  const auto again = hub.watch(first, seen);
  EXPECT_TRUE(watch && again);
  const auto beyond = hub.watch(second, seen);
  co_return beyond ? NtStatus::SUCCESS : beyond.error();
}

TEST_F(OutsideWatchPosix, more_than_the_limit_is_refused_and_the_same_file_counts_once) {
  ASSERT_TRUE(make({"f"}) && make({"g"}));
  const auto hub = std::make_shared<posix::OutsideHub>(1);
  EXPECT_EQ(run(watch_both(*hub, look({"f"})->node, look({"g"})->node)), NtStatus::INSUFFICIENT_RESOURCES);
}

TEST(OutsideWatchMemory, a_volume_that_does_not_see_says_so) {
  MemoryVolume volume;
  volume.set_outside_changes_seen(false);
  const auto root = run(volume.resolve(nullptr, {}, {}));
  const auto watch = volume.watch_outside(root->node, std::make_shared<Seen>());
  EXPECT_EQ(watch ? NtStatus::SUCCESS : watch.error(), NtStatus::NOT_SUPPORTED);
}

}  // namespace
}  // namespace dozo::vfs
