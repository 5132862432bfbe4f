// What srvsvc and samr answer, and what they might.
#include "scan/rpc_calls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/nt_status.h"
#include "wire/ndr.h"

namespace dozo::scan {
namespace {

using ::testing::ElementsAre;
using wire::NdrWriter;

// As [MS-SRVS] 3.1.4.8 has it: flat parts, texts, totals, status.
ByteVector share_answer(std::uint32_t error = 0) {
  NdrWriter out;
  out.u32(1);
  out.u32(1);
  out.pointer(true);
  out.u32(2);
  out.pointer(true);
  out.u32(2);
  for (const std::uint32_t type : {0u, 0x80000003u}) {
    out.pointer(true);
    out.u32(type);
    out.pointer(true);
  }
  for (const char* text : {"files", "for all", "IPC$", ""}) out.string(std::string_view(text));
  out.u32(2);
  out.pointer(false);
  out.u32(error);
  return std::move(out).take();
}

TEST(ShareEnum, lists_names_types_and_comments) {
  const auto shares = decode_share_enum(share_answer());
  ASSERT_TRUE(shares);
  ASSERT_EQ(shares->size(), 2u);
  EXPECT_EQ((*shares)[0].name, "files");
  EXPECT_EQ((*shares)[0].comment, "for all");
  EXPECT_EQ(share_type_name((*shares)[0].type), "disk");
  EXPECT_EQ(share_type_name((*shares)[1].type), "ipc");
}

TEST(ShareEnum, an_error_is_not_an_empty_list) {
  EXPECT_EQ(decode_share_enum(share_answer(5)).error(), NtStatus::ACCESS_DENIED);
  EXPECT_EQ(decode_share_enum(share_answer(87)).error(), NtStatus::UNSUCCESSFUL);
}

TEST(ShareEnum, may_end_anywhere_and_hold_anything) {
  const ByteVector whole = share_answer();
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(decode_share_enum(Bytes(whole).first(size)));
  for (std::size_t at = 0; at < whole.size(); ++at) {
    ByteVector wrong = whole;
    wrong[at] ^= 0xFF;
    static_cast<void>(decode_share_enum(wrong));
  }
}

TEST(ShareEnum, a_count_is_not_believed) {
  ByteVector huge = share_answer();
  store_le(huge.data() + 20, std::uint32_t{0x40000000});
  EXPECT_FALSE(decode_share_enum(huge));
}

TEST(Samr, the_policy_is_read) {
  NdrWriter password;
  password.pointer(true);
  password.u16(1);
  password.u32(7 | 24 << 16);  // length, history
  password.u32(1);
  for (int i = 0; i < 4; ++i) password.u32(0);
  password.u32(0);
  const auto policy = decode_samr_password(password.view());
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->minimum_length, 7);
  EXPECT_EQ(policy->history, 24);
  EXPECT_EQ(policy->properties, 1u);

  NdrWriter lockout;
  lockout.pointer(true);
  lockout.u16(12);
  lockout.u64(0);
  lockout.u64(0);
  lockout.u16(5);
  lockout.u32(0);
  EXPECT_EQ(decode_samr_lockout_threshold(lockout.view()), 5);
  EXPECT_FALSE(decode_samr_lockout_threshold(password.view()));
  const ByteVector whole(lockout.view().begin(), lockout.view().end());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(decode_samr_lockout_threshold(Bytes(whole).first(size))) << size;
  }
}

TEST(Samr, the_domains_are_listed) {
  NdrWriter out;
  out.u32(0);
  out.pointer(true);
  out.u32(2);
  out.pointer(true);
  out.u32(2);
  for (const char* name : {"STOREHOUSE", "Builtin"}) {
    out.u32(0);
    out.unicode_header(name);
  }
  for (const char* name : {"STOREHOUSE", "Builtin"}) out.unicode_body(name);
  out.u32(2);
  out.u32(0);
  const auto domains = decode_samr_domains(out.view());
  ASSERT_TRUE(domains);
  EXPECT_THAT(*domains, ElementsAre("STOREHOUSE", "Builtin"));
}

TEST(Samr, a_refusal_is_its_status) {
  NdrWriter out;
  for (int i = 0; i < 5; ++i) out.u32(0);
  out.u32(0xC0000022);
  EXPECT_EQ(decode_samr_handle(out.view()).error(), NtStatus::ACCESS_DENIED);
}

}  // namespace
}  // namespace dozo::scan
