#include "wire/rpc_pdu.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "model/nt_status.h"

namespace dozo::wire {
namespace {

ByteVector hex(std::string_view text) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  ByteVector out;
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    if (text[i] == ' ') continue;
    out.push_back(static_cast<std::uint8_t>(digit(text[i]) * 16 + digit(text[i + 1])));
    ++i;
  }
  return out;
}

const Guid kSrvsvc = guid_from_string("4b324fc8-1670-01d3-1278-5a47bf6ee188").value();

// What a Windows client binds srvsvc with: NDR, NDR64, and bind time feature negotiation.
const ByteVector kWindowsBind =
    hex("05000b03 10000000 a000 0000 02000000 b810b810 00000000 03000000"
        "0000 0100 c84f324b7016d30112785a47bf6ee188 03000000 045d888aeb1cc9119fe808002b104860 02000000"
        "0100 0100 c84f324b7016d30112785a47bf6ee188 03000000 33057171babe37498319b5dbef9ccc36 01000000"
        "0200 0100 c84f324b7016d30112785a47bf6ee188 03000000 2c1cb76c129840450300000000000000 01000000");

Result<RpcBind> bind_of(Bytes bytes) {
  DOZO_TRY(const RpcFragment fragment, decode_rpc_fragment(bytes));
  return decode_rpc_bind(fragment.body);
}

TEST(RpcPdu, a_bind_of_windows_is_understood) {
  const auto bind = bind_of(kWindowsBind).value();
  EXPECT_EQ(bind.max_transmit, 4280);
  ASSERT_EQ(bind.contexts.size(), 3u);
  EXPECT_EQ(bind.contexts[0].abstract, (RpcSyntax{kSrvsvc, 3, 0}));
  EXPECT_EQ(bind.contexts[0].transfers, std::vector{kNdr20});
  EXPECT_EQ(bind.contexts[1].transfers, std::vector{kNdr64});
  EXPECT_EQ(bind.contexts[2].id, 2);
  EXPECT_EQ(bind_time_features(bind.contexts[2].transfers[0]), 3u);
  EXPECT_EQ(bind_time_features(kNdr64), std::nullopt);
}

TEST(RpcPdu, a_bind_encodes_to_the_bytes_it_came_from) {
  EXPECT_EQ(encode_rpc_bind(RpcType::bind, 2, bind_of(kWindowsBind).value()), kWindowsBind);
}

TEST(RpcPdu, the_transfer_syntaxes_have_their_uuids) {
  EXPECT_EQ(to_string(kNdr20.uuid), "8a885d04-1ceb-11c9-9fe8-08002b104860");
  EXPECT_EQ(to_string(kNdr64.uuid), "71710533-beba-4937-8319-b5dbef9ccc36");
}

TEST(RpcPdu, a_bind_cut_short_anywhere_is_refused) {
  const Bytes body = Bytes(kWindowsBind).subspan(kRpcHeaderSize);
  for (std::size_t n = 0; n < body.size(); ++n) EXPECT_FALSE(decode_rpc_bind(body.first(n)).has_value()) << n;
}

TEST(RpcPdu, counts_beyond_the_bytes_are_refused) {
  ByteVector contexts = kWindowsBind;
  contexts[24] = 255;
  EXPECT_FALSE(bind_of(contexts).has_value());
  ByteVector transfers = kWindowsBind;
  transfers[30] = 255;
  EXPECT_FALSE(bind_of(transfers).has_value());
}

TEST(RpcPdu, a_fragment_is_as_long_as_it_says) {
  ByteVector longer = kWindowsBind;
  longer.push_back(0);
  EXPECT_EQ(bind_of(longer).error(), NtStatus::INVALID_PARAMETER);
  EXPECT_FALSE(bind_of(Bytes(kWindowsBind).first(kWindowsBind.size() - 1)).has_value());
  EXPECT_FALSE(decode_rpc_header(Bytes(kWindowsBind).first(15)).has_value());
}

TEST(RpcPdu, the_answer_to_a_bind_is_laid_out_as_everybody_has_it) {
  RpcBindAck ack;
  ack.association_group = 0x53f0;
  ack.secondary_address = "\\PIPE\\srvsvc";
  ack.results = {{RpcBindResult::acceptance, 0, kNdr20}};
  const ByteVector expected =
      hex("05000c03 10000000 4400 0000 02000000 b810b810 f0530000"
          "0d00 5c504950455c73727673766300 00 01000000 0000 0000 045d888aeb1cc9119fe808002b104860 02000000");
  EXPECT_EQ(encode_rpc_bind_ack(RpcType::bind_ack, 2, ack), expected);
  const auto back = decode_rpc_bind_ack(decode_rpc_fragment(expected)->body).value();
  EXPECT_EQ(back.secondary_address, ack.secondary_address);
  ASSERT_EQ(back.results.size(), 1u);
  EXPECT_EQ(back.results[0].transfer, kNdr20);
}

TEST(RpcPdu, an_answer_cut_short_anywhere_is_refused) {
  RpcBindAck ack;
  ack.secondary_address = "\\PIPE\\lsarpc";
  ack.results = {{}, {}};
  const ByteVector whole = encode_rpc_bind_ack(RpcType::bind_ack, 1, ack);
  const Bytes body = Bytes(whole).subspan(kRpcHeaderSize);
  for (std::size_t n = 0; n < body.size(); ++n) EXPECT_FALSE(decode_rpc_bind_ack(body.first(n)).has_value()) << n;
}

TEST(RpcPdu, a_request_goes_there_and_back_with_and_without_object) {
  const ByteVector stub{1, 2, 3};
  RpcRequest request{.alloc_hint = 3, .context_id = 1, .opnum = 15, .object = std::nullopt, .stub = stub};
  const ByteVector plain = encode_rpc_request(kRpcWhole, 7, request);
  EXPECT_EQ(plain, hex("05000003 10000000 1b00 0000 07000000 03000000 0100 0f00 010203"));
  request.object = kSrvsvc;
  const ByteVector with_object = encode_rpc_request(kRpcWhole, 7, request);
  const auto back = decode_rpc_request(decode_rpc_fragment(with_object).value()).value();
  EXPECT_EQ(back.object, kSrvsvc);
  EXPECT_TRUE(std::ranges::equal(back.stub, stub));
  EXPECT_EQ(back.opnum, 15);
}

TEST(RpcPdu, an_authentication_trailer_and_its_padding_are_cut_off) {
  // A request with four bytes of stub, four of padding, and a token of two.
  const ByteVector bytes =
      hex("05000003 10000000 2a00 0200 07000000 04000000 0000 0f00 01020304 00000000 0a 05 04 00 01000000 aabb");
  const RpcFragment fragment = decode_rpc_fragment(bytes).value();
  ASSERT_TRUE(fragment.auth.has_value());
  EXPECT_EQ(fragment.auth->type, 10);
  EXPECT_EQ(fragment.auth->level, 5);
  EXPECT_EQ(fragment.auth->context_id, 1u);
  EXPECT_EQ(fragment.auth->token.size(), 2u);
  EXPECT_EQ(decode_rpc_request(fragment)->stub.size(), 4u);
}

TEST(RpcPdu, a_trailer_or_padding_longer_than_the_fragment_is_refused) {
  ByteVector bytes = hex("05000003 10000000 1a00 0200 07000000 0a 05 01 00 01000000 aabb");
  EXPECT_FALSE(decode_rpc_fragment(bytes).has_value());
  bytes[18] = 0;
  EXPECT_TRUE(decode_rpc_fragment(bytes).has_value());
  for (const int length : {3, 0xFFFF}) {
    store_le(bytes.data() + 10, static_cast<std::uint16_t>(length));
    EXPECT_FALSE(decode_rpc_fragment(bytes).has_value()) << length;
  }
}

TEST(RpcPdu, a_fault_says_what_and_whether_it_was_executed) {
  const ByteVector bytes = encode_rpc_fault(9, {.context_id = 2, .status = 0x1C010002}, false);
  EXPECT_EQ(bytes, hex("05000323 10000000 2000 0000 09000000 20000000 0200 0000 0200011c 00000000"));
  EXPECT_EQ(decode_rpc_fault(decode_rpc_fragment(bytes)->body)->status, 0x1C010002u);
  EXPECT_FALSE(decode_rpc_fault(Bytes(bytes).subspan(16, 11)).has_value());
}

TEST(RpcPdu, a_refused_bind_says_why_and_which_version_there_is) {
  const ByteVector bytes = encode_rpc_bind_nak(3, RpcNakReason::authentication_type_not_recognized);
  EXPECT_EQ(bytes, hex("05000d03 10000000 1500 0000 03000000 0800 01 0500"));
  EXPECT_EQ(decode_rpc_bind_nak(decode_rpc_fragment(bytes)->body), RpcNakReason::authentication_type_not_recognized);
}

TEST(RpcPdu, a_response_goes_there_and_back) {
  const ByteVector stub{9, 8};
  const ByteVector bytes = encode_rpc_response(RpcFlag::last_frag, 4, {.alloc_hint = 2, .context_id = 5, .stub = stub});
  const auto fragment = decode_rpc_fragment(bytes).value();
  EXPECT_FALSE(fragment.header.flags.has(RpcFlag::first_frag));
  const auto back = decode_rpc_response(fragment.body).value();
  EXPECT_EQ(back.context_id, 5);
  EXPECT_TRUE(std::ranges::equal(back.stub, stub));
}

}  // namespace
}  // namespace dozo::wire
