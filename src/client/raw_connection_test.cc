#include "client/raw_connection.h"

#include <gtest/gtest.h>

#include "model/nt_status.h"
#include "runtime/gate.h"
#include "runtime/simulated_loop.h"

namespace dozo::client {
namespace {

// What receive_frame() makes of bytes from a peer that then closes.
runtime::Task<void> receive(RawConnection& raw, std::size_t size_max, Result<ByteVector>& out) {
  const auto frame = co_await raw.receive_frame(size_max);
  if (frame) out = ByteVector(frame->view().begin(), frame->view().end());
  if (!frame) out = fail(frame.error());
}

runtime::Task<void> send_and_close(std::unique_ptr<RawConnection> raw, ByteVector bytes) {
  co_await raw->send_bytes(bytes);
}

Result<ByteVector> received(ByteVector bytes, std::size_t size_max = 100) {
  runtime::SimulatedLoop loop(3);
  runtime::Gate gate;
  const auto [a, b] = loop.make_pair();
  RawConnection ours(runtime::Socket(loop, a));
  Result<ByteVector> out = fail(NtStatus::PENDING);
  runtime::spawn(gate, receive(ours, size_max, out));
  runtime::spawn(gate, send_and_close(std::make_unique<RawConnection>(runtime::Socket(loop, b)), std::move(bytes)));
  loop.run_until_idle();
  EXPECT_EQ(gate.count(), 0u);
  return out;
}

TEST(RawConnection, a_frame_is_what_its_prefix_counts) {
  EXPECT_EQ(received({0, 0, 0, 3, 'a', 'b', 'c', 'd'}).value(), (ByteVector{'a', 'b', 'c'}));
}

TEST(RawConnection, a_frame_above_the_limit_is_refused_before_its_memory_is_allocated) {
  EXPECT_EQ(received({0, 0, 0, 101}).error(), NtStatus::INVALID_NETWORK_RESPONSE);
}

TEST(RawConnection, a_prefix_of_another_kind_is_refused) {
  EXPECT_EQ(received({1, 0, 0, 3, 'a', 'b', 'c'}).error(), NtStatus::INVALID_NETWORK_RESPONSE);
}

TEST(RawConnection, a_stream_that_ends_within_a_frame_is_a_disconnect) {
  EXPECT_EQ(received({}).error(), NtStatus::CONNECTION_DISCONNECTED);
  EXPECT_EQ(received({0, 0}).error(), NtStatus::CONNECTION_DISCONNECTED);
  EXPECT_EQ(received({0, 0, 0, 3, 'a'}).error(), NtStatus::CONNECTION_DISCONNECTED);
}

runtime::Task<void> connect(runtime::Loop& loop, NtStatus& out) {
  std::string error;
  const auto connection =
      co_await RawConnection::connect(loop, runtime::parse_endpoints("127.0.0.1", 445, error).at(0));
  out = connection ? NtStatus::SUCCESS : connection.error();
}

TEST(RawConnection, a_port_nobody_listens_on_is_connection_refused) {
  runtime::SimulatedLoop loop(3);
  runtime::Gate gate;
  NtStatus status = NtStatus::SUCCESS;
  runtime::spawn(gate, connect(loop, status));
  loop.run_until_idle();
  EXPECT_EQ(status, NtStatus::CONNECTION_REFUSED);
}

TEST(RawConnection, connects_to_a_listener_by_port) {
  runtime::SimulatedLoop loop(3);
  runtime::Gate gate;
  NtStatus status = NtStatus::PENDING;
  loop.listen(445);
  runtime::spawn(gate, connect(loop, status));
  loop.run_until_idle();
  EXPECT_EQ(status, NtStatus::SUCCESS);
}

}  // namespace
}  // namespace dozo::client
