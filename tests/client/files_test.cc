// The client's files, in every dialect, signed and encrypted, against our own server.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "client/linked_file.h"
#include "client/server_copy.h"
#include "client/small_files.h"
#include "tests/client/served.h"

namespace dozo::client::testing {
namespace {

struct Way {
  Dialect dialect;
  bool encrypt;
};

// What a test does with a share; problems are gtest's failures.
using Work = runtime::Task<void> (*)(ServedTest& t, Tree& tree);

runtime::Task<void> with_tree(ServedTest& t, LinkTarget target, Work work) {
  Link link(t.loop(), std::move(target));
  auto line = co_await link.line();
  EXPECT_TRUE(line) << to_string(line.error());
  if (line) co_await work(t, *(*line)->tree);
  if (line) line->reset();
  co_await link.close();
}

class EveryWay : public ServedTest, public ::testing::WithParamInterface<Way> {
 protected:
  void work(Work work) {
    LinkTarget how = target();
    how.connection.dialect_min = how.connection.dialect_max = GetParam().dialect;
    how.connection.encrypt = GetParam().encrypt;
    run(with_tree(*this, std::move(how), work));
  }
};

std::vector<Way> ways() {
  std::vector<Way> out;
  for (const Dialect dialect : kAllDialects) {
    out.push_back({dialect, false});
    if (is_smb3(dialect)) out.push_back({dialect, true});
  }
  return out;
}
std::string way_name(const ::testing::TestParamInfo<Way>& info) {
  std::string name = fmt::format("smb_{}_{}", to_string(info.param.dialect), info.param.encrypt ? "sealed" : "signed");
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(All, EveryWay, ::testing::ValuesIn(ways()), way_name);

TEST_P(EveryWay, a_large_file_comes_back_as_it_was_written) {
  work([](ServedTest&, Tree& tree) -> runtime::Task<void> {
    const ByteVector sent = pattern(3'000'001);
    const auto written = co_await write_file(tree, "large.bin", sent);
    EXPECT_TRUE(written);
    const auto read = co_await read_file(tree, "large.bin");
    EXPECT_TRUE(read && *read == sent);
  });
}

TEST_P(EveryWay, small_files_take_one_round_trip_each_way) {
  work([](ServedTest&, Tree& tree) -> runtime::Task<void> {
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kSmallFileMax}) {
      const ByteVector sent = pattern(size);
      const FileTime time = FileTime::from_unix(1'000'000'000, 0);
      const auto written = co_await write_small_file(tree, "small", sent, {.last_write_time = time, .flush = true});
      EXPECT_TRUE(written) << size;
      const auto read = co_await read_small_file(tree, "small");
      EXPECT_TRUE(read && read->content == sent && read->is_whole()) << size;
      EXPECT_TRUE(read && read->entry.last_write_time == time) << size;
    }
  });
}

TEST_P(EveryWay, names_are_made_listed_moved_and_removed) {
  work([](ServedTest&, Tree& tree) -> runtime::Task<void> {
    const auto done1 = co_await make_directory(tree, "folder");
    EXPECT_TRUE(done1);
    const auto done2 = co_await write_small_file(tree, "folder\\a", pattern(10));
    EXPECT_TRUE(done2);
    const auto done3 = co_await rename(tree, "folder\\a", "folder\\b");
    EXPECT_TRUE(done3);
    const auto entries = co_await list_directory(tree, "folder");
    EXPECT_TRUE(entries && entries->size() == 1 && entries->front().name == "b" && entries->front().size == 10);
    const auto refused = co_await remove_directory(tree, "folder");
    EXPECT_EQ(status_of(refused), NtStatus::DIRECTORY_NOT_EMPTY);
    const auto done4 = co_await remove_file(tree, "folder\\b");
    EXPECT_TRUE(done4);
    const auto done5 = co_await remove_directory(tree, "folder");
    EXPECT_TRUE(done5);
    const auto gone = co_await stat(tree, "folder");
    EXPECT_EQ(status_of(gone), NtStatus::OBJECT_NAME_NOT_FOUND);
  });
}

TEST_P(EveryWay, a_directory_of_many_names_is_listed_whole) {
  for (int i = 0; i < 4000; ++i) put_outside(fmt::format("name of some length {:05}", i), "");
  work([](ServedTest&, Tree& tree) -> runtime::Task<void> {
    const auto entries = co_await list_directory(tree, "");
    EXPECT_TRUE(entries);
    if (!entries) co_return;
    std::set<std::string> names;
    for (const DirectoryEntry& entry : *entries) names.insert(entry.name);
    EXPECT_EQ(entries->size(), 4000u);
    EXPECT_EQ(names.size(), 4000u);
  });
}

TEST_P(EveryWay, the_server_copies_without_the_data_coming_here) {
  work([](ServedTest& t, Tree& tree) -> runtime::Task<void> {
    const ByteVector sent = pattern(20'000'000);
    const auto done6 = co_await write_file(tree, "source", sent);
    EXPECT_TRUE(done6);
    const auto from = co_await tree.open({.path = "source", .options = {}, .attributes = {}, .contexts = {}});
    const auto to = co_await tree.open({.path = "target",
                                        .access = kFileGenericRead | kFileGenericWrite,
                                        .disposition = CreateDisposition::create,
                                        .options = {},
                                        .attributes = {},
                                        .contexts = {}});
    EXPECT_TRUE(from && to);
    if (!from || !to) co_return;
    const auto copied = co_await copy_on_server(**from, **to, sent.size());
    EXPECT_TRUE(copied) << to_string(status_of(copied));
    const auto done7 = co_await (*from)->close();
    EXPECT_TRUE(done7);
    const auto done8 = co_await (*to)->close();
    EXPECT_TRUE(done8);
    const auto read = co_await read_file(tree, "target");
    EXPECT_TRUE(read && *read == sent);
    static_cast<void>(t);
  });
}

TEST_P(EveryWay, a_session_is_proven_again_and_goes_on_with_its_keys) {
  work([](ServedTest&, Tree& tree) -> runtime::Task<void> {
    const auto logon = logon_of("alice", server::testing::password_of("alice"));
    const auto proven = co_await tree.session().reauthenticate(*logon);
    EXPECT_TRUE(proven) << to_string(status_of(proven));
    const auto done9 = co_await write_small_file(tree, "after", pattern(3));
    EXPECT_TRUE(done9);
    const auto wrong = logon_of("alice", "not hers");
    const auto refused = co_await tree.session().reauthenticate(*wrong);
    EXPECT_EQ(status_of(refused), NtStatus::LOGON_FAILURE);
  });
}

TEST_F(ServedTest, a_small_file_that_is_not_there_is_said_so) {
  run(with_tree(*this, target(), [](ServedTest&, Tree& tree) -> runtime::Task<void> {
    const auto read = co_await read_small_file(tree, "none");
    EXPECT_EQ(status_of(read), NtStatus::OBJECT_NAME_NOT_FOUND);
    const auto done10 = co_await write_file(tree, "larger", pattern(kSmallFileMax + 1));
    EXPECT_TRUE(done10);
    const auto larger = co_await read_small_file(tree, "larger");
    EXPECT_TRUE(larger && !larger->is_whole() && larger->content.size() == kSmallFileMax);
  }));
}

TEST_F(ServedTest, nobody_is_refused_where_nobody_may_come_in) {
  LinkTarget nobody = target();
  nobody.logon = anonymous_logon();
  nobody.connection.require_signing = false;
  nobody.session.allow_guest = true;
  run([](ServedTest& t, LinkTarget how) -> runtime::Task<void> {
    Link link(t.loop(), std::move(how));
    const auto line = co_await link.line();
    EXPECT_EQ(status_of(line), NtStatus::LOGON_FAILURE);
    EXPECT_EQ(link.reached(), Stage::logging_on);
    co_await link.close();
  }(*this, std::move(nobody)));
}

TEST_F(ServedTest, a_quiet_connection_is_kept_alive_by_asking) {
  LinkTarget how = target();
  how.connection.keepalive = std::chrono::seconds(10);
  run(with_tree(*this, std::move(how), [](ServedTest& t, Tree& tree) -> runtime::Task<void> {
    const auto credits = tree.connection().credits();
    co_await runtime::sleep_for(t.loop(), std::chrono::seconds(65));
    EXPECT_TRUE(tree.connection().is_open());
    EXPECT_GE(tree.connection().credits(), credits);
  }));
}

}  // namespace
}  // namespace dozo::client::testing
