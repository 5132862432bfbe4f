#include "client/rpc_answer.h"

#include <gtest/gtest.h>

#include "model/rpc_status.h"

namespace dozo::client {
namespace {

constexpr std::uint32_t kCall = 5;
constexpr std::size_t kMax = 100;

ByteVector response(wire::RpcFlags flags, std::string_view stub, std::uint32_t call = kCall) {
  return wire::encode_rpc_response(flags, call, {.alloc_hint = 0, .context_id = 0, .stub = as_bytes(stub)});
}

TEST(RpcAnswer, is_put_together_from_fragments_however_they_are_cut) {
  ByteVector all = response(wire::RpcFlag::first_frag, "one ");
  for (const ByteVector& more : {response({}, "two "), response(wire::RpcFlag::last_frag, "three")}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  for (std::size_t piece = 1; piece <= all.size(); ++piece) {
    RpcAnswer answer(kCall, kMax);
    for (Bytes rest = all; !rest.empty(); rest = rest.subspan(std::min(piece, rest.size()))) {
      ASSERT_FALSE(answer.is_whole());
      ASSERT_TRUE(answer.take(rest.first(std::min(piece, rest.size()))));
    }
    ASSERT_TRUE(answer.is_whole());
    EXPECT_EQ(answer.type(), wire::RpcType::response);
    EXPECT_EQ(as_text(answer.body()), "one two three");
  }
}

TEST(RpcAnswer, of_nothing_is_refused_wherever_it_comes) {
  RpcAnswer answer(kCall, kMax);
  EXPECT_EQ(answer.take({}).error(), NtStatus::INVALID_NETWORK_RESPONSE);
  RpcAnswer endless(kCall, kMax);
  EXPECT_FALSE(endless.take(response(wire::RpcFlag::first_frag, "")));
}

TEST(RpcAnswer, longer_than_allowed_is_refused) {
  RpcAnswer exact(kCall, 4);
  EXPECT_TRUE(exact.take(response(wire::kRpcWhole, "1234")));
  RpcAnswer longer(kCall, 4);
  EXPECT_FALSE(longer.take(response(wire::kRpcWhole, "12345")));
  RpcAnswer grows(kCall, 4);
  EXPECT_TRUE(grows.take(response(wire::RpcFlag::first_frag, "123")));
  EXPECT_FALSE(grows.take(response({}, "45")));
}

TEST(RpcAnswer, to_another_call_or_of_another_kind_is_refused) {
  RpcAnswer other(kCall, kMax);
  EXPECT_FALSE(other.take(response(wire::kRpcWhole, "x", kCall + 1)));
  RpcAnswer second_first(kCall, kMax);
  EXPECT_TRUE(second_first.take(response(wire::RpcFlag::first_frag, "x")));
  EXPECT_FALSE(second_first.take(response(wire::RpcFlag::first_frag, "x")));
  RpcAnswer no_first(kCall, kMax);
  EXPECT_FALSE(no_first.take(response(wire::RpcFlag::last_frag, "x")));
  RpcAnswer changes(kCall, kMax);
  EXPECT_TRUE(changes.take(response(wire::RpcFlag::first_frag, "x")));
  EXPECT_FALSE(changes.take(wire::encode_rpc_fault(kCall, {}, true)));
}

TEST(RpcAnswer, with_something_behind_its_end_is_refused) {
  ByteVector two = response(wire::kRpcWhole, "x");
  two.push_back(5);
  RpcAnswer answer(kCall, kMax);
  EXPECT_FALSE(answer.take(two));
}

TEST(RpcAnswer, with_a_wrong_byte_anywhere_is_an_error_or_another_answer_and_nothing_else) {
  const ByteVector right = response(wire::kRpcWhole, "some stub");
  for (std::size_t at = 0; at < right.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      ByteVector wrong = right;
      wrong[at] ^= static_cast<std::uint8_t>(1 << bit);
      RpcAnswer answer(kCall, kMax);
      const auto taken = answer.take(wrong);
      if (!taken) EXPECT_EQ(taken.error(), NtStatus::INVALID_NETWORK_RESPONSE);
      EXPECT_LE(answer.body().size(), right.size());
    }
  }
}

TEST(RpcAnswer, a_fault_says_what_it_means) {
  EXPECT_EQ(status_of_fault(5), NtStatus::ACCESS_DENIED);
  EXPECT_EQ(status_of_fault(0x1C010002), kRpcProcedureOutOfRange);
  EXPECT_EQ(status_of_fault(0x1C010003), kRpcUnknownInterface);
  EXPECT_EQ(status_of_fault(0x6F7), kRpcBadStubData);
  EXPECT_EQ(status_of_fault(1), kRpcCallFailed);
}

}  // namespace
}  // namespace dozo::client
