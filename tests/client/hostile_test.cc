// Somebody between the client and the server, and servers that are none.
#include <gtest/gtest.h>

#include "client/small_files.h"
#include "tests/client/served.h"
#include "wire/framing.h"

namespace dozo::client::testing {
namespace {

using namespace std::chrono_literals;

// What a client got of a file through whoever was between.
struct Fetched {
  NtStatus status = NtStatus::SUCCESS;
  ByteVector content;
};

runtime::Task<void> fetch(ServedTest& t, LinkTarget target, Fetched& out) {
  Link link(t.loop(), std::move(target));
  const auto file = co_await link.run([](Tree& tree) { return read_file(tree, "data.bin"); });
  if (file) out.content = *file;
  if (!file) out.status = file.error();
  co_await link.close();
}

struct HostileWay {
  Dialect dialect;
  bool encrypt;
};
class TamperedWith : public ServedTest, public ::testing::WithParamInterface<HostileWay> {
 protected:
  LinkTarget how() const {
    LinkTarget how = target();
    how.connection.dialect_min = how.connection.dialect_max = GetParam().dialect;
    how.connection.encrypt = GetParam().encrypt;
    how.connection.timeout = 2s;
    how.patience = {};
    return how;
  }
};
INSTANTIATE_TEST_SUITE_P(All, TamperedWith,
                         ::testing::Values(HostileWay{Dialect::smb_2_0_2, false}, HostileWay{Dialect::smb_2_1, false},
                                           HostileWay{Dialect::smb_3_0, false}, HostileWay{Dialect::smb_3_0_2, true},
                                           HostileWay{Dialect::smb_3_1_1, false},
                                           HostileWay{Dialect::smb_3_1_1, true}));

// Whatever byte of the server's is changed, what the client believes is what the server said.
TEST_P(TamperedWith, a_changed_byte_never_becomes_a_changed_file) {
  const ByteVector content = pattern(5000);
  put_outside("data.bin", as_text(content));
  int noticed = 0;
  for (std::int64_t at = 0; at < 8000; at += 37) {
    tampering.flip_answer_byte = at;
    tampering.flip_mask = static_cast<std::uint8_t>(1u << (at % 8));
    Fetched fetched;
    run(fetch(*this, how(), fetched));
    if (fetched.status == NtStatus::SUCCESS) EXPECT_TRUE(fetched.content == content) << "byte " << at;
    noticed += fetched.status != NtStatus::SUCCESS ? 1 : 0;
  }
  EXPECT_GT(noticed, 100);
}

TEST_F(ServedTest, a_dialect_taken_from_the_list_on_the_way_is_noticed) {
  put_outside("data.bin", "1");
  // 3.1.1 in the list of NEGOTIATE's dialects becomes a second 3.0.2; or, in the second case, both become 2.1.
  const ByteVector lists[] = {{0x02, 0x03, 0x02, 0x03}, {0x10, 0x02, 0x10, 0x02}};
  for (const ByteVector& list : lists) {
    tampering.replace_in_first_frame = {0x02, 0x03, 0x11, 0x03};
    tampering.replacement = list;
    LinkTarget how = target();
    how.patience = {};
    how.connection.timeout = 2s;
    Fetched fetched;
    run(fetch(*this, std::move(how), fetched));
    EXPECT_NE(fetched.status, NtStatus::SUCCESS);
    EXPECT_TRUE(fetched.content.empty());
  }
}

TEST_F(ServedTest, a_wrong_password_and_a_share_that_is_not_there_are_said_at_once) {
  LinkTarget wrong = target();
  wrong.logon = logon_of("alice", "wrong");
  Fetched fetched;
  run(fetch(*this, std::move(wrong), fetched));
  EXPECT_EQ(fetched.status, NtStatus::LOGON_FAILURE);
  LinkTarget nowhere = target();
  nowhere.share = "nowhere";
  run(fetch(*this, std::move(nowhere), fetched));
  EXPECT_EQ(fetched.status, NtStatus::BAD_NETWORK_NAME);
}

// --- Servers that are none ---------------------------------------------------------------------------------------

enum class Speech { random_bytes, framed_random_bytes, nothing, huge_frame, drip };

runtime::Task<void> say(runtime::SimulatedLoop& loop, runtime::Handle handle, Speech speech) {
  runtime::Socket socket(loop, handle);
  ByteVector words(1 + loop.random().below(3000));
  for (auto& byte : words) byte = static_cast<std::uint8_t>(loop.random().next());
  if (speech == Speech::framed_random_bytes) {
    const auto prefix = wire::encode_frame_prefix(words.size());
    const std::uint8_t id[] = {0xFE, 'S', 'M', 'B', 64, 0};
    if (words.size() > sizeof id) std::copy(std::begin(id), std::end(id), words.begin());
    words.insert(words.begin(), prefix.begin(), prefix.end());
  }
  if (speech == Speech::huge_frame) words = {0x00, 0xFF, 0xFF, 0xFF};
  for (const std::uint8_t byte : words) {
    if (speech == Speech::nothing) break;
    if (speech == Speech::drip) co_await runtime::sleep_for(loop, 1s);
    const int sent = co_await socket.send_all(Bytes(&byte, 1));
    if (sent < 0) break;
  }
  ByteVector rest(1000);
  for (int got = 1; got > 0;) got = co_await socket.recv(rest);
}

runtime::Task<void> meet(runtime::SimulatedLoop& loop, runtime::Handle handle, NtStatus& status) {
  auto raw = std::make_unique<RawConnection>(runtime::Socket(loop, handle));
  auto connection = co_await Connection::negotiate(std::move(raw), {.timeout = 10s});
  status = connection ? NtStatus::SUCCESS : connection.error();
  if (connection) co_await (*connection)->close();
}

class NoServer : public ::testing::TestWithParam<Speech> {};
INSTANTIATE_TEST_SUITE_P(All, NoServer,
                         ::testing::Values(Speech::random_bytes, Speech::framed_random_bytes, Speech::nothing,
                                           Speech::huge_frame, Speech::drip));

TEST_P(NoServer, is_an_error_within_the_time_allowed) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    runtime::SimulatedLoop loop(seed);
    const auto [ours, theirs] = loop.make_pair();
    runtime::Gate gate;
    NtStatus status = NtStatus::SUCCESS;
    const Instant before = loop.now();
    runtime::spawn(gate, say(loop, theirs, GetParam()));
    runtime::spawn(gate, meet(loop, ours, status));
    ASSERT_TRUE(loop.run_until([&gate] { return gate.count() == 0; })) << "SEED=" << seed;
    EXPECT_NE(status, NtStatus::SUCCESS) << "SEED=" << seed;
    EXPECT_LT(loop.now() - before, 3600s);
  }
}

}  // namespace
}  // namespace dozo::client::testing
