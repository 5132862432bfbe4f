#include "tests/client/served.h"

#include <algorithm>

#include "wire/framing.h"

namespace dozo::client::testing {

namespace {
constexpr std::uint16_t port = 445;
}

std::shared_ptr<const Logon> logon_of(const std::string& user, const std::string& password) {
  return ntlm_logon(*identity::NtlmCredentials::from_password(user, "", password));
}

ByteVector pattern(std::size_t size) {
  ByteVector out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(i * 31 + (i >> 8) * 7 + (i >> 16));
  return out;
}

ServedTest::ServedTest(server::testing::WorldOptions options)
    : world_(std::make_unique<server::testing::World>(std::move(options))) {
  start_listening();
}

void ServedTest::TearDown() {
  stop_listening();
  cut();
  world_->run_until([this] { return gate_.count() == 0; });
  EXPECT_EQ(gate_.count(), 0u) << "a connection is still served";
  EXPECT_EQ(world_->leave(), "");
  world_.reset();
}

LinkTarget ServedTest::target() const {
  std::string error;
  LinkTarget target{.endpoints = runtime::parse_endpoints("127.0.0.1:445", port, error),
                    .connection = {},
                    .logon = logon_of("alice", server::testing::password_of("alice")),
                    .session = {},
                    .share = "data"};
  target.connection.server_name = "FILES";
  target.connection.timeout = std::chrono::seconds(5);
  return target;
}

void ServedTest::run(runtime::Task<void> task) {
  runtime::Gate gate;
  runtime::spawn(gate, std::move(task));
  world_->run_until([&gate] { return gate.count() == 0; }, std::chrono::hours(1));
  ASSERT_EQ(gate.count(), 0u) << "something is parked for ever";
}

void ServedTest::put_outside(const std::string& name, std::string_view text) {
  ASSERT_TRUE(world_->volume("data").outside_write({name}, text));
}

void ServedTest::cut() {
  for (const runtime::Handle handle : std::exchange(outside_, {})) loop().inject_reset(handle);
}

void ServedTest::stop_listening() {
  if (listener_ >= 0) loop().shutdown(std::exchange(listener_, -1));
}

void ServedTest::start_listening() {
  listener_ = loop().listen(port);
  runtime::spawn(gate_, run_listener());
}

runtime::Task<void> ServedTest::run_listener() {
  const runtime::Handle listener = listener_;
  for (;;) {
    runtime::Connected accepted = co_await runtime::accept_connection(loop(), listener);
    if (!accepted.socket) break;
    ++accepted_;
    outside_.push_back(accepted.socket.handle());
    runtime::spawn(gate_, run_through(std::move(accepted.socket)));
  }
  loop().close(listener);
}

// One connection: the server behind another pair of sockets, and what passes between.
runtime::Task<void> ServedTest::run_through(runtime::Socket outside) {
  const auto [ours, theirs] = loop().make_pair();
  runtime::Socket inside(loop(), ours);
  runtime::Gate gate;
  runtime::spawn(gate, world_->server().serve(loop(), runtime::Socket(loop(), theirs)));
  runtime::spawn(gate, relay(outside, inside, false));
  runtime::spawn(gate, relay(inside, outside, true));
  co_await gate.close();
  std::erase(outside_, outside.handle());
}

runtime::Task<void> ServedTest::relay_first_frame(runtime::Socket& from, runtime::Socket& to) {
  ByteVector frame(wire::kFramePrefixSize);
  int got = co_await from.recv_all(frame);
  if (got != static_cast<int>(wire::kFramePrefixSize)) co_return;
  const auto length = wire::decode_frame_prefix(std::span<const std::uint8_t, wire::kFramePrefixSize>(frame));
  if (!length) co_return;
  frame.resize(wire::kFramePrefixSize + *length);
  got = co_await from.recv_all(MutableBytes(frame).subspan(wire::kFramePrefixSize));
  const ByteVector& wanted = tampering.replace_in_first_frame;
  const auto found = std::search(frame.begin(), frame.end(), wanted.begin(), wanted.end());
  EXPECT_NE(found, frame.end()) << "there is nothing to replace";
  if (found != frame.end()) std::copy(tampering.replacement.begin(), tampering.replacement.end(), found);
  got = co_await to.send_all(frame);
}

runtime::Task<void> ServedTest::relay(runtime::Socket& from, runtime::Socket& to, bool answers) {
  ByteVector buffer(64 * 1024);
  std::int64_t passed = 0;
  if (!answers && !tampering.replace_in_first_frame.empty()) co_await relay_first_frame(from, to);
  for (;;) {
    const int got = co_await from.recv(buffer);
    if (got <= 0) break;
    const MutableBytes bytes = MutableBytes(buffer).first(static_cast<std::size_t>(got));
    const std::int64_t at = tampering.flip_answer_byte - passed;
    if (answers && tampering.flip_answer_byte >= 0 && at >= 0 && at < got) {
      bytes[static_cast<std::size_t>(at)] ^= tampering.flip_mask;
    }
    passed += got;
    const int sent = co_await to.send_all(bytes);
    if (sent < 0) break;
  }
  from.shutdown();
  to.shutdown();
}

}  // namespace dozo::client::testing
