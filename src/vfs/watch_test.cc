// What watches are told, over every backend: which action, which kinds, of which name.
#include <fcntl.h>
#include <unistd.h>

#include "vfs/volume_test_support.h"

namespace dozo::vfs {
namespace {

class AllChanges final : public WatchListener {
 public:
  void on_changes(std::vector<Change> changes) override {
    for (const Change& change : changes) {
      seen.push_back(
          fmt::format("{}{}{:x}", change.path, "?+-m<>asw"[static_cast<int>(change.action)], change.kinds.bits()));
    }
  }
  void on_overflow() override { seen.emplace_back("overflow"); }
  void on_directory_gone() override { seen.emplace_back("gone"); }
  std::vector<std::string> seen;
};
using Told = std::vector<std::string>;

// What a watch has under way ends in the loop's turns after its own end.
Task<void> let_go(Result<std::unique_ptr<Watch>>& watch) {
  if (watch) watch->reset();
  co_await runtime::sleep_for(runtime::Loop::current(), std::chrono::milliseconds(20));
}

class WatchTest : public VolumeFixture, public testing::WithParamInterface<std::string> {
 protected:
  void SetUp() override { open_volume(GetParam()); }

  // What is told of `deed`, which is done while the root and all beneath it is watched.
  template <class... Arguments>
  Told told_of(Task<void> (*deed)(Volume&, CallerRef, Arguments...), Arguments... arguments) {
    return run(watch_during(volume(), caller(), deed(volume(), caller(), arguments...)));
  }

 private:
  static Task<Told> watch_during(Volume& volume, CallerRef caller, Task<void> deed) {
    AllChanges all;
    const Path top;
    const auto root = co_await volume.resolve(caller, top, {});
    const auto directory = co_await volume.open(caller, *root, {.read_data = true});
    auto watch = co_await volume.watch(caller, **directory, true, all);
    EXPECT_TRUE(watch);
    co_await std::move(deed);
    // The last thing there is to be told: the volume's own doings come in order.
    const auto end = co_await volume.resolve(caller, {"end"}, {});
    EXPECT_TRUE(co_await volume.create(caller, *end, {NodeType::file, kReadWrite, {}}));
    for (int i = 0; i < 1000 && (all.seen.empty() || all.seen.back() != "end+1"); ++i) {
      co_await runtime::sleep_for(runtime::Loop::current(), std::chrono::milliseconds(2));
    }
    if (!all.seen.empty()) all.seen.pop_back();
    co_await let_go(watch);
    co_return all.seen;
  }
};
INSTANTIATE_TEST_SUITE_P(Backends, WatchTest, testing::Values("posix", "memory"),
                         [](const auto& row) { return row.param; });

Task<FileRef> opened(Volume& volume, CallerRef caller, Path path) {
  const auto at = co_await volume.resolve(caller, path, {});
  auto file = co_await volume.open(caller, *at, kReadWrite);
  co_return std::move(*file);
}

Task<void> make_file(Volume& volume, CallerRef caller) {
  const auto at = co_await volume.resolve(caller, {"f"}, {});
  EXPECT_TRUE(co_await volume.create(caller, *at, {NodeType::file, kReadWrite, FileAttribute::hidden}));
}
TEST_P(WatchTest, a_new_file_is_a_name_and_nothing_else) { EXPECT_EQ(told_of(make_file), Told{"f+1"}); }

Task<void> write_inside(Volume& volume, CallerRef caller) {
  const FileRef f = co_await opened(volume, caller, {"f"});
  EXPECT_TRUE(co_await f->write_at(2, as_bytes(std::string_view("xy"))));
}
TEST_P(WatchTest, a_write_inside_the_file_is_no_change_of_size) {
  write(*make({"f"}), "0123");
  EXPECT_EQ(told_of(write_inside), Told{"fm10"});
}

Task<void> write_beyond(Volume& volume, CallerRef caller) {
  const FileRef f = co_await opened(volume, caller, {"f"});
  EXPECT_TRUE(co_await f->write_at(3, as_bytes(std::string_view("xy"))));
}
TEST_P(WatchTest, a_write_beyond_its_end_is) {
  write(*make({"f"}), "0123");
  EXPECT_EQ(told_of(write_beyond), Told{"fm18"});
}

Task<void> change_metadata(Volume& volume, CallerRef caller) {
  const FileRef f = co_await opened(volume, caller, {"f"});
  EXPECT_TRUE(co_await f->set_attributes(FileAttribute::hidden));
  EXPECT_TRUE(co_await f->set_times({.creation = FileTime{1'000'000'000}}));
  EXPECT_TRUE(co_await f->set_times({.last_write = FileTime{132'000'000'000'000'000}}));
  EXPECT_TRUE(co_await f->set_extended_attribute("ea", as_bytes(std::string_view("v"))));
  EXPECT_TRUE(co_await f->set_ownership(caller, {.mode = 0600}));
}
TEST_P(WatchTest, each_kind_of_metadata_has_its_bit) {
  make({"f"});
  EXPECT_EQ(told_of(change_metadata), (Told{"fm4", "fm40", "fm10", "fm84", "fm100"}));
}

Task<void> use_stream(Volume& volume, CallerRef caller) {
  const auto at = co_await volume.resolve(caller, {"f"}, {});
  const auto stream = co_await volume.open_stream(caller, *at, "s", StreamMode::create_new, kReadWrite);
  EXPECT_TRUE(stream);
  EXPECT_TRUE(co_await (*stream)->write_at(0, as_bytes(std::string_view("x"))));
  EXPECT_TRUE(co_await volume.remove_stream(caller, *at, "s"));
}
TEST_P(WatchTest, streams_are_told_by_name) {
  make({"f"});
  const Told told = told_of(use_stream);
  ASSERT_EQ(told.size(), 3u);
  EXPECT_EQ(told[0], "f:sa200");
  EXPECT_EQ(told[1],
            "f:sw"
            "c00");
  EXPECT_EQ(told[2].substr(told[2].size() - 4), "s200");
}

Task<void> rename_to(Volume& volume, CallerRef caller, Path to_path) {
  const auto at = co_await volume.resolve(caller, {"f"}, {});
  const auto to = co_await volume.resolve(caller, to_path, {});
  const Location from{at->parent, at->name};
  EXPECT_TRUE(co_await volume.rename(caller, from, at->node->id(), *to, true));
}
TEST_P(WatchTest, a_rename_is_a_pair_and_the_archive_attribute) {
  make({"f"});
  EXPECT_EQ(told_of(rename_to, Path{"g"}), (Told{"f<1", "g>1", "gm4"}));
}
TEST_P(WatchTest, a_move_is_a_removal_and_an_addition) {
  make({"d"}, NodeType::directory);
  make({"f"});
  EXPECT_EQ(told_of(rename_to, Path{"d", "f"}), (Told{"f-1", "d\\f+1", "d\\fm4"}));
}
TEST_P(WatchTest, a_replacing_rename_modifies_what_has_the_name) {
  make({"f"});
  make({"g"});
  EXPECT_EQ(told_of(rename_to, Path{"g"}), (Told{"f-1", "gm1fc"}));
}

Task<void> make_tree(Volume& volume, CallerRef caller) {
  for (const Path& path : {Path{"d"}, Path{"d", "e"}, Path{"d", "e", "f"}}) {
    const auto at = co_await volume.resolve(caller, path, {});
    EXPECT_TRUE(co_await volume.create(caller, *at, {NodeType::directory, kReadWrite, {}}));
  }
}
TEST_P(WatchTest, what_is_made_in_a_new_directory_is_told_once) {
  EXPECT_EQ(told_of(make_tree), (Told{"d+2", "d\\e+2", "d\\e\\f+2"}));
}

Task<void> make_in_another(Volume&, CallerRef caller, Volume* other) {
  const auto at = co_await other->resolve(caller, {"f"}, {});
  EXPECT_TRUE(co_await other->create(caller, *at, {NodeType::file, kReadWrite, {}}));
}
// Shares may lie in one folder, or one in another.
TEST_P(WatchTest, what_is_done_through_another_volume_of_the_folder_is_told) {
  if (GetParam() != "posix") GTEST_SKIP() << "a memory volume is nobody else's";
  make({"d"}, NodeType::directory);
  const auto same = find_backend("posix")->open({.path = folder()});
  const auto inner = find_backend("posix")->open({.path = folder() + "/d"});
  EXPECT_EQ(told_of(make_in_another, same->get()), Told{"f+1"});
  EXPECT_EQ(remove({"end"}), NtStatus::SUCCESS);
  EXPECT_EQ(told_of(make_in_another, inner->get()), Told{"d\\f+1"});
}

class WatchPosix : public VolumeFixture {
 protected:
  void SetUp() override { open_volume("posix"); }
};

Task<Told> watch_another(Volume& volume, CallerRef caller, std::string folder) {
  AllChanges all;
  const Path top;
  const auto root = co_await volume.resolve(caller, top, {});
  const auto directory = co_await volume.open(caller, *root, {.read_data = true});
  auto watch = co_await volume.watch(caller, **directory, true, all);
  const std::string f = folder + "/d/f", g = folder + "/d/g";
  EXPECT_TRUE(elsewhere([&] { return ::close(::open(f.c_str(), O_CREAT | O_WRONLY, 0600)) == 0; }));
  EXPECT_TRUE(elsewhere([&] { return ::rename(f.c_str(), g.c_str()) == 0; }));
  EXPECT_TRUE(elsewhere([&] { return chmod(g.c_str(), 0644) == 0; }));
  EXPECT_TRUE(elsewhere([&] { return unlink(g.c_str()) == 0; }));
  for (int i = 0; i < 1000 && (all.seen.empty() || !all.seen.back().starts_with("d\\g-")); ++i) {
    co_await runtime::sleep_for(runtime::Loop::current(), std::chrono::milliseconds(2));
  }
  co_await let_go(watch);
  co_return all.seen;
}
TEST_F(WatchPosix, what_another_program_does_is_told_in_its_order) {
  make({"d"}, NodeType::directory);
  const Told told = run(watch_another(volume(), caller(), folder()));
  ASSERT_GE(told.size(), 4u);
  EXPECT_EQ(told.front(), "d\\f+1");
  EXPECT_EQ(told.back(), "d\\g-1");
  const auto old_name = std::ranges::find(told, "d\\f<1");
  ASSERT_NE(old_name, told.end());
  EXPECT_EQ(*std::next(old_name), "d\\g>1");
}

}  // namespace
}  // namespace dozo::vfs
