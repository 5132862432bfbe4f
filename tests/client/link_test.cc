// Connections that are lost, and what goes on all the same.
#include <gtest/gtest.h>

#include "client/linked_file.h"
#include "client/small_files.h"
#include "tests/client/served.h"

namespace dozo::client::testing {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kSize = 2'000'000;

OpenOptions to_read(std::string path) {
  return {.path = std::move(path), .options = CreateOption::non_directory_file, .attributes = {}, .contexts = {}};
}
OpenOptions to_write(std::string path) {
  return {.path = std::move(path),
          .access = kFileGenericRead | kFileGenericWrite,
          .disposition = CreateDisposition::overwrite_if,
          .options = CreateOption::non_directory_file,
          .attributes = FileAttribute::normal,
          .contexts = {}};
}

runtime::Task<void> cut_after(ServedTest& t, Duration time) {
  co_await runtime::sleep_for(t.loop(), time);
  t.cut();
}

using LinkWork = runtime::Task<void> (*)(ServedTest& t, Link& link);
runtime::Task<void> with_link(ServedTest& t, LinkTarget target, LinkWork work) {
  Link link(t.loop(), std::move(target));
  co_await work(t, link);
  co_await link.close();
}

TEST_F(ServedTest, a_file_is_read_on_after_its_connection_was_lost) {
  const ByteVector content = pattern(kSize);
  put_outside("data.bin", as_text(content));
  run(with_link(*this, target(), [](ServedTest& t, Link& link) -> runtime::Task<void> {
    auto file = co_await LinkedFile::open(link, to_read("data.bin"));
    EXPECT_TRUE(file);
    if (!file) co_return;
    ByteVector got(kSize);
    runtime::Gate gate;
    runtime::spawn(gate, cut_after(t, 3ms));
    const auto read = co_await (*file)->read_range(0, got);
    EXPECT_TRUE(read && *read == kSize && got == pattern(kSize));
    EXPECT_EQ(link.lines(), 2u);
    co_await gate.close();
    const auto done1 = co_await (*file)->close();
    EXPECT_TRUE(done1);
  }));
}

TEST_F(ServedTest, a_file_that_became_another_meanwhile_is_not_read_on) {
  put_outside("data.bin", "as it was");
  run(with_link(*this, target(), [](ServedTest& t, Link& link) -> runtime::Task<void> {
    auto file = co_await LinkedFile::open(link, to_read("data.bin"));
    EXPECT_TRUE(file);
    if (!file) co_return;
    t.cut();
    co_await runtime::sleep_for(t.loop(), 1s);
    t.put_outside("data.bin", "longer than it was");
    ByteVector got(100);
    const auto read = co_await (*file)->read_range(0, got);
    EXPECT_EQ(status_of(read), NtStatus::FILE_NOT_AVAILABLE);
    const auto done2 = co_await (*file)->close();
    EXPECT_TRUE(done2);
  }));
}

class LostWhileWriting : public ServedTest, public ::testing::WithParamInterface<int> {};
INSTANTIATE_TEST_SUITE_P(AtDifferentTimes, LostWhileWriting, ::testing::Values(1, 2, 4, 7, 11));

TEST_P(LostWhileWriting, a_durable_open_is_written_on) {
  static Duration when;
  when = std::chrono::milliseconds(GetParam());
  run(with_link(*this, target(), [](ServedTest& t, Link& link) -> runtime::Task<void> {
    auto file = co_await LinkedFile::open(link, to_write("data.bin"));
    EXPECT_TRUE(file);
    if (!file) co_return;
    EXPECT_TRUE((*file)->is_durable());
    const ByteVector content = pattern(kSize);
    runtime::Gate gate;
    runtime::spawn(gate, cut_after(t, when));
    const auto written = co_await (*file)->write_range(0, content);
    EXPECT_TRUE(written) << to_string(status_of(written));
    const auto done3 = co_await (*file)->flush();
    EXPECT_TRUE(done3);
    co_await gate.close();
    const auto done4 = co_await (*file)->close();
    EXPECT_TRUE(done4);
    const auto read = co_await link.run([](Tree& tree) { return read_file(tree, "data.bin"); });
    EXPECT_TRUE(read && *read == content);
  }));
}

TEST_F(ServedTest, without_a_durable_open_what_was_not_flushed_is_not_taken_for_written) {
  LinkTarget old = target();
  old.connection.dialect_max = Dialect::smb_2_1;
  run(with_link(*this, std::move(old), [](ServedTest& t, Link& link) -> runtime::Task<void> {
    auto file = co_await LinkedFile::open(link, to_write("data.bin"));
    EXPECT_TRUE(file);
    if (!file) co_return;
    EXPECT_FALSE((*file)->is_durable());
    const auto done5 = co_await (*file)->write_range(0, pattern(100));
    EXPECT_TRUE(done5);
    const auto done6 = co_await (*file)->flush();
    EXPECT_TRUE(done6);
    t.cut();
    co_await runtime::sleep_for(t.loop(), 1s);
    const auto flushed_before = co_await (*file)->write_range(100, pattern(100));
    EXPECT_EQ(status_of(flushed_before), NtStatus::HANDLE_NO_LONGER_VALID);
    const auto flushed = co_await (*file)->flush();
    EXPECT_EQ(status_of(flushed), NtStatus::HANDLE_NO_LONGER_VALID);
    const auto closed = co_await (*file)->close();
    EXPECT_FALSE(closed);
  }));
}

TEST_F(ServedTest, somebody_else_who_opens_a_leased_file_does_not_wait_for_us) {
  run(with_link(*this, target(), [](ServedTest& t, Link& link) -> runtime::Task<void> {
    auto file = co_await LinkedFile::open(link, to_write("data.bin"));
    EXPECT_TRUE(file);
    if (!file) co_return;
    LinkTarget other = t.target();
    other.logon = logon_of("bob", server::testing::password_of("bob"));
    Link bobs(t.loop(), std::move(other));
    const Instant before = t.loop().now();
    const auto wrote = co_await bobs.run([](Tree& tree) { return write_file(tree, "data.bin", as_bytes("bob's")); });
    EXPECT_TRUE(wrote) << to_string(status_of(wrote));
    EXPECT_LT(t.loop().now() - before, 1s);
    EXPECT_FALSE((*file)->is_durable()) << "what somebody else has overwritten is not ours to come back to";
    co_await bobs.close();
    const auto done7 = co_await (*file)->close();
    EXPECT_TRUE(done7);
  }));
}

TEST_F(ServedTest, a_server_that_comes_back_within_our_patience_is_waited_for) {
  put_outside("name", "1");
  run(with_link(*this, target(), [](ServedTest& t, Link& link) -> runtime::Task<void> {
    const auto first = co_await link.line();
    EXPECT_TRUE(first);
    t.stop_listening();
    t.cut();
    runtime::Gate gate;
    runtime::spawn(gate, [](ServedTest& test) -> runtime::Task<void> {
      co_await runtime::sleep_for(test.loop(), 20s);
      test.start_listening();
    }(t));
    const auto entries = co_await link.run([](Tree& tree) { return list_directory(tree, ""); });
    EXPECT_TRUE(entries && entries->size() == 1);
    co_await gate.close();
  }));
}

TEST_F(ServedTest, a_server_that_does_not_come_back_is_an_error_in_the_end) {
  run(with_link(*this, target(), [](ServedTest& t, Link& link) -> runtime::Task<void> {
    const auto first = co_await link.line();
    EXPECT_TRUE(first);
    t.stop_listening();
    t.cut();
    const Instant before = t.loop().now();
    const auto entries = co_await link.run([](Tree& tree) { return list_directory(tree, ""); });
    EXPECT_EQ(status_of(entries), NtStatus::CONNECTION_REFUSED);
    EXPECT_GE(t.loop().now() - before, 50s);
    EXPECT_LE(t.loop().now() - before, 130s);
  }));
}

TEST_F(ServedTest, a_first_attempt_is_one_attempt) {
  stop_listening();
  run(with_link(*this, target(), [](ServedTest& t, Link& link) -> runtime::Task<void> {
    const Instant before = t.loop().now();
    const auto line = co_await link.line();
    EXPECT_EQ(status_of(line), NtStatus::CONNECTION_REFUSED);
    EXPECT_LT(t.loop().now() - before, 1s);
  }));
}

TEST_F(ServedTest, many_who_ask_share_one_new_line) {
  put_outside("name", "1");
  run(with_link(*this, target(), [](ServedTest& t, Link& link) -> runtime::Task<void> {
    const auto first = co_await link.line();
    EXPECT_TRUE(first);
    t.cut();
    runtime::Gate gate;
    for (int i = 0; i < 20; ++i) {
      runtime::spawn(gate, [](Link& l) -> runtime::Task<void> {
        const auto found = co_await l.run([](Tree& tree) { return stat(tree, "name"); });
        EXPECT_TRUE(found);
      }(link));
    }
    co_await gate.close();
    EXPECT_EQ(link.lines(), 2u);
  }));
}

}  // namespace
}  // namespace dozo::client::testing
