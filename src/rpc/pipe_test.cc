#include "rpc/pipe.h"

#include "rpc/rpc_test_support.h"

namespace dozo::rpc {
namespace {

using namespace test;
using wire::RpcFlag;
using wire::RpcType;

wire::RpcFragment parsed(const ByteVector& bytes) { return wire::decode_rpc_fragment(bytes).value(); }

std::uint32_t fault_status(const Result<PipeRead>& read) {
  return wire::decode_rpc_fault(parsed(read.value().data).body).value().status;
}

wire::RpcBindAck ack_of(const Result<PipeRead>& read) {
  return wire::decode_rpc_bind_ack(parsed(read.value().data).body).value();
}

// NetrRemoteTOD with a null server name: the shortest call there is.
const ByteVector kTod(4);
constexpr std::uint16_t kTodOpnum = 28;

TEST(Pipe, a_bind_of_windows_gets_ndr_and_the_features_and_not_ndr64) {
  Client c("srvsvc");
  const auto ack = ack_of(c.pipe.transceive(
      hex("05000b03 10000000 a000 0000 02000000 b810b810 00000000 03000000"
          "0000 0100 c84f324b7016d30112785a47bf6ee188 03000000 045d888aeb1cc9119fe808002b104860 02000000"
          "0100 0100 c84f324b7016d30112785a47bf6ee188 03000000 33057171babe37498319b5dbef9ccc36 01000000"
          "0200 0100 c84f324b7016d30112785a47bf6ee188 03000000 2c1cb76c129840450300000000000000 01000000"),
      4096, c.host));
  ASSERT_EQ(ack.results.size(), 3u);
  EXPECT_EQ(ack.results[0].result, wire::RpcBindResult::acceptance);
  EXPECT_EQ(ack.results[0].transfer, wire::kNdr20);
  EXPECT_EQ(ack.results[1].result, wire::RpcBindResult::provider_rejection);
  EXPECT_EQ(ack.results[1].reason, 2);
  EXPECT_EQ(ack.results[2].result, wire::RpcBindResult::negotiate_ack);
  EXPECT_EQ(ack.results[2].reason, 2);  // orphaned PDUs, no security context multiplexing
  EXPECT_EQ(ack.secondary_address, "\\PIPE\\srvsvc");
  EXPECT_NE(ack.association_group, 0u);
}

TEST(Pipe, fragment_sizes_are_agreed_within_bounds) {
  struct Case {
    std::uint16_t asked, agreed;
  };
  for (const Case& k : {Case{0xFFFF, 4280}, Case{2000, 2000}, Case{0, 1432}}) {
    Client c("srvsvc");
    auto bind = c.bind_request();
    bind.max_receive = k.asked;
    const auto ack = ack_of(c.pipe.transceive(wire::encode_rpc_bind(RpcType::bind, 1, bind), 4096, c.host));
    EXPECT_EQ(ack.max_transmit, k.agreed);
  }
}

TEST(Pipe, an_interface_of_another_pipe_or_version_is_rejected) {
  for (const int what : {0, 1, 2}) {
    Client c("srvsvc");
    auto bind = c.bind_request();
    if (what == 0) bind.contexts[0].abstract = find_pipe("wkssvc")->interfaces[0]->syntax;
    if (what == 1) bind.contexts[0].abstract.major = 4;
    if (what == 2) bind.contexts[0].abstract.minor = 1;
    const auto ack = ack_of(c.pipe.transceive(wire::encode_rpc_bind(RpcType::bind, 1, bind), 4096, c.host));
    EXPECT_EQ(ack.results[0].result, wire::RpcBindResult::provider_rejection) << what;
    EXPECT_EQ(ack.results[0].reason, 1) << what;
    c.call(kTodOpnum, kTod);
    EXPECT_EQ(c.fault, 0x1C010003u);
  }
}

TEST(Pipe, a_bind_that_wants_authentication_is_refused_with_the_reason) {
  Client c("srvsvc");
  ByteVector bind = wire::encode_rpc_bind(RpcType::bind, 1, c.bind_request());
  const ByteVector trailer = hex("0a 02 00 00 01000000 4e544c4d53535000");
  bind.insert(bind.end(), trailer.begin(), trailer.end());
  store_le(bind.data() + 8, static_cast<std::uint16_t>(bind.size()));
  store_le(bind.data() + 10, std::uint16_t{8});
  const auto answer = c.pipe.transceive(bind, 4096, c.host).value();
  EXPECT_TRUE(parsed(answer.data).header.is(RpcType::bind_nak));
  EXPECT_EQ(wire::decode_rpc_bind_nak(parsed(answer.data).body),
            wire::RpcNakReason::authentication_type_not_recognized);
  c.bind();  // without it, the same pipe serves
}

TEST(Pipe, a_request_with_authentication_nobody_agreed_on_is_refused) {
  Client c("srvsvc");
  c.bind();
  ByteVector request = c.request(kTodOpnum, kTod);
  const ByteVector trailer = hex("0a 02 00 00 01000000 4e544c4d53535000");
  request.insert(request.end(), trailer.begin(), trailer.end());
  store_le(request.data() + 8, static_cast<std::uint16_t>(request.size()));
  store_le(request.data() + 10, std::uint16_t{8});
  EXPECT_EQ(fault_status(c.pipe.transceive(request, 4096, c.host)), 5u);
}

TEST(Pipe, other_versions_and_big_endian_are_refused_before_their_length_is_believed) {
  for (const std::size_t at : {0u, 1u, 4u}) {
    Client c("srvsvc");
    ByteVector bind = wire::encode_rpc_bind(RpcType::bind, 1, c.bind_request());
    bind[at] = 9;
    const auto answer = c.pipe.transceive(Bytes(bind).first(16), 4096, c.host).value();
    EXPECT_TRUE(parsed(answer.data).header.is(RpcType::bind_nak)) << at;
    EXPECT_EQ(c.pipe.write(bind, c.host), fail(NtStatus::PIPE_DISCONNECTED));
  }
}

TEST(Pipe, a_request_before_a_bind_is_a_protocol_error_and_ends_the_pipe) {
  Client c("srvsvc");
  EXPECT_EQ(fault_status(c.pipe.transceive(c.request(kTodOpnum, kTod), 4096, c.host)), kProtocolError);
  EXPECT_EQ(c.pipe.read(100), fail(NtStatus::PIPE_DISCONNECTED));
}

TEST(Pipe, a_second_bind_is_refused_and_the_first_stays) {
  Client c("srvsvc");
  c.bind();
  const auto again = c.pipe.transceive(wire::encode_rpc_bind(RpcType::bind, 1, c.bind_request()), 4096, c.host);
  EXPECT_TRUE(parsed(again.value().data).header.is(RpcType::bind_nak));
  c.call(kTodOpnum, kTod);
  EXPECT_EQ(c.fault, 0u);
}

TEST(Pipe, alter_context_adds_a_context) {
  Client c("srvsvc");
  c.bind();
  auto more = c.bind_request();
  more.contexts[0].id = 7;
  const auto answer = c.pipe.transceive(wire::encode_rpc_bind(RpcType::alter_context, 3, more), 4096, c.host);
  EXPECT_TRUE(parsed(answer.value().data).header.is(RpcType::alter_context_resp));
  const ByteVector on_seven = wire::encode_rpc_request(wire::kRpcWhole, 4, {0, 7, kTodOpnum, std::nullopt, kTod});
  EXPECT_TRUE(parsed(c.pipe.transceive(on_seven, 4096, c.host)->data).header.is(RpcType::response));
}

TEST(Pipe, contexts_are_bounded) {
  Client c("srvsvc");
  c.bind();
  auto more = c.bind_request();
  more.contexts.clear();
  for (std::uint16_t i = 1; i < 80; ++i) more.contexts.push_back({i, c.info.interfaces[0]->syntax, {wire::kNdr20}});
  const ByteVector alter = wire::encode_rpc_bind(RpcType::alter_context, 3, more);
  const auto ack = ack_of(c.pipe.transceive(Bytes(alter), 65536, c.host));
  EXPECT_EQ(ack.results.front().result, wire::RpcBindResult::acceptance);
  EXPECT_EQ(ack.results.back().result, wire::RpcBindResult::provider_rejection);
}

TEST(Pipe, an_unknown_opnum_and_one_without_handler_are_out_of_range) {
  Client c("srvsvc");
  c.bind();
  for (const std::uint16_t opnum : {std::uint16_t{14}, std::uint16_t{58}, std::uint16_t{0xFFFF}}) {
    c.call(opnum, kTod);
    EXPECT_EQ(c.fault, kOpRange) << opnum;
  }
}

TEST(Pipe, a_pdu_may_come_in_any_pieces) {
  Client c("srvsvc");
  c.bind();
  const ByteVector request = c.request(kTodOpnum, kTod);
  for (std::size_t i = 0; i < request.size(); ++i) {
    EXPECT_EQ(c.pipe.read(10), fail(NtStatus::PIPE_EMPTY));
    ASSERT_TRUE(c.pipe.write(Bytes(request).subspan(i, 1), c.host).has_value());
  }
  EXPECT_TRUE(c.pipe.readable());
}

TEST(Pipe, several_pdus_in_one_write_are_answered_in_order) {
  Client c("srvsvc");
  c.bind();
  ByteVector two = c.request(kTodOpnum, kTod);
  const ByteVector second = c.request(57, kTod);
  two.insert(two.end(), second.begin(), second.end());
  ASSERT_TRUE(c.pipe.write(two, c.host).has_value());
  EXPECT_EQ(c.pipe.peek().messages, 2u);
  EXPECT_TRUE(parsed(c.pipe.read(4096)->data).header.is(RpcType::response));
  EXPECT_TRUE(parsed(c.pipe.read(4096)->data).header.is(RpcType::fault));
}

TEST(Pipe, a_short_read_takes_the_message_in_parts) {
  Client c("srvsvc");
  c.bind();
  ASSERT_TRUE(c.pipe.write(c.request(kTodOpnum, kTod), c.host).has_value());
  const std::size_t whole = c.pipe.peek().message_length;
  const auto first = c.pipe.read(10).value();
  EXPECT_EQ(first.data.size(), 10u);
  EXPECT_TRUE(first.more);
  EXPECT_EQ(c.pipe.peek().message_length, whole - 10);
  const auto rest = c.pipe.read(4096).value();
  EXPECT_EQ(rest.data.size(), whole - 10);
  EXPECT_FALSE(rest.more);
  EXPECT_EQ(c.pipe.peek().available, 0u);
}

TEST(Pipe, a_transceive_while_something_is_unread_is_busy) {
  Client c("srvsvc");
  c.bind();
  ASSERT_TRUE(c.pipe.write(c.request(kTodOpnum, kTod), c.host).has_value());
  EXPECT_EQ(c.pipe.transceive(c.request(kTodOpnum, kTod), 10, c.host).error(), NtStatus::PIPE_BUSY);
}

TEST(Pipe, a_request_in_fragments_is_put_together) {
  Client c("srvsvc");
  c.bind();
  const ByteVector half(2);
  ASSERT_TRUE(c.pipe.write(c.request(kTodOpnum, half, RpcFlag::first_frag), c.host).has_value());
  EXPECT_FALSE(c.pipe.readable());
  ASSERT_TRUE(c.pipe.write(c.request(kTodOpnum, half, RpcFlag::last_frag), c.host).has_value());
  EXPECT_TRUE(parsed(c.pipe.read(4096)->data).header.is(RpcType::response));
}

TEST(Pipe, fragments_out_of_order_are_a_protocol_error) {
  const ByteVector half(2);
  for (const wire::RpcFlags second : {wire::RpcFlags(RpcFlag::first_frag), wire::kRpcWhole}) {
    Client c("srvsvc");
    c.bind();
    ASSERT_TRUE(c.pipe.write(c.request(kTodOpnum, half, RpcFlag::first_frag), c.host).has_value());
    EXPECT_EQ(fault_status(c.pipe.transceive(c.request(kTodOpnum, half, second), 4096, c.host)), kProtocolError);
  }
  Client c("srvsvc");
  c.bind();
  const auto middle = c.pipe.transceive(c.request(kTodOpnum, half, RpcFlag::last_frag), 4096, c.host);
  EXPECT_EQ(fault_status(middle), kProtocolError);
}

TEST(Pipe, a_fragment_of_another_call_is_a_protocol_error) {
  Client c("srvsvc");
  c.bind();
  ASSERT_TRUE(c.pipe.write(c.request(kTodOpnum, kTod, RpcFlag::first_frag), c.host).has_value());
  const ByteVector other = wire::encode_rpc_request(RpcFlag::last_frag, 99, {0, 0, kTodOpnum, std::nullopt, kTod});
  EXPECT_EQ(fault_status(c.pipe.transceive(other, 4096, c.host)), kProtocolError);
}

TEST(Pipe, a_call_the_client_gave_up_is_forgotten) {
  Client c("srvsvc");
  c.bind();
  ASSERT_TRUE(c.pipe.write(c.request(kTodOpnum, kTod, RpcFlag::first_frag), c.host).has_value());
  ASSERT_TRUE(c.pipe.write(hex("05001303 10000000 1000 0000 02000000"), c.host).has_value());
  c.call(kTodOpnum, kTod);
  EXPECT_EQ(c.fault, 0u);
}

TEST(Pipe, fragments_without_end_are_stopped_at_the_bound) {
  Client c("srvsvc", {.request_max = 10000});
  c.bind();
  const ByteVector part(4000);
  ASSERT_TRUE(c.pipe.write(c.request(kTodOpnum, part, RpcFlag::first_frag), c.host).has_value());
  ASSERT_TRUE(c.pipe.write(c.request(kTodOpnum, part, {}), c.host).has_value());
  EXPECT_EQ(c.pipe.write(c.request(kTodOpnum, part, {}), c.host), fail(NtStatus::PIPE_DISCONNECTED));
  EXPECT_EQ(fault_status(c.pipe.read(4096)), 0x1C00001Bu);
}

TEST(Pipe, a_fragment_longer_than_agreed_is_a_protocol_error) {
  Client c("srvsvc");
  c.bind();
  const ByteVector part(4281 - 24);
  EXPECT_EQ(fault_status(c.pipe.transceive(c.request(kTodOpnum, part), 4096, c.host)), kProtocolError);
}

TEST(Pipe, who_does_not_read_is_not_answered_without_end) {
  Client c("srvsvc", {.request_max = 1000, .unread_max = 200});
  c.bind();
  ASSERT_TRUE(c.pipe.write(c.request(kTodOpnum, kTod), c.host).has_value());
  ASSERT_TRUE(c.pipe.write(c.request(kTodOpnum, kTod), c.host).has_value());
  ASSERT_TRUE(c.pipe.write(c.request(kTodOpnum, kTod), c.host).has_value());
  EXPECT_EQ(c.pipe.write(c.request(kTodOpnum, kTod), c.host), fail(NtStatus::PIPE_BUSY));

  Client many("srvsvc", {.request_max = 1000, .unread_max = 200});
  many.bind();
  ByteVector flood;
  for (int i = 0; i < 1000; ++i) {
    const ByteVector one = many.request(kTodOpnum, kTod);
    flood.insert(flood.end(), one.begin(), one.end());
  }
  EXPECT_EQ(many.pipe.write(flood, many.host), fail(NtStatus::PIPE_DISCONNECTED));
  EXPECT_LT(many.pipe.peek().available, 2000u);
}

TEST(Pipe, a_long_answer_comes_in_fragments_that_fit) {
  Client c("srvsvc");
  for (int i = 0; i < 500; ++i) c.host.listed.push_back({.name = "share" + std::to_string(i), .comment = "a comment"});
  c.bind();
  ASSERT_TRUE(
      c.pipe
          .write(c.request(15, hex("00000000 01000000 01000000 01000000 00000000 00000000 ffffffff 00000000")), c.host)
          .has_value());
  const std::size_t fragments = c.pipe.peek().messages;
  EXPECT_GT(fragments, 5u);
  for (std::size_t i = 0; i < fragments; ++i) {
    const auto message = c.pipe.read(65536).value();
    EXPECT_LE(message.data.size(), 4280u);
    const auto header = parsed(message.data).header;
    EXPECT_EQ(header.flags.has(RpcFlag::first_frag), i == 0);
    EXPECT_EQ(header.flags.has(RpcFlag::last_frag), i + 1 == fragments);
  }
}

TEST(Pipe, every_type_of_pdu_a_server_sends_is_a_protocol_error_from_a_client) {
  for (const int type : {2, 3, 12, 13, 15, 17, 99, 255}) {
    Client c("srvsvc");
    c.bind();
    ByteVector bytes = hex("05000003 10000000 1000 0000 02000000");
    bytes[2] = static_cast<std::uint8_t>(type);
    EXPECT_EQ(fault_status(c.pipe.transceive(bytes, 4096, c.host)), kProtocolError) << type;
  }
}

TEST(Pipe, a_fragment_that_does_not_hold_its_header_ends_the_pipe) {
  Client c("srvsvc");
  EXPECT_EQ(c.pipe.write(hex("05000003 10000000 0f00 0000 02000000"), c.host), fail(NtStatus::PIPE_DISCONNECTED));
}

TEST(Pipe, a_moved_pipe_goes_on) {
  Client c("srvsvc");
  c.bind();
  Pipe moved = std::move(c.pipe);
  EXPECT_TRUE(moved.transceive(c.request(kTodOpnum, kTod), 4096, c.host).has_value());
}

}  // namespace
}  // namespace dozo::rpc
