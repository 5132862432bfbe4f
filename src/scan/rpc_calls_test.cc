// What samr answers, and what they might.
#include "scan/rpc_calls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/nt_status.h"
#include "wire/ndr.h"

namespace dozo::scan {
namespace {

using ::testing::ElementsAre;
using wire::NdrWriter;

TEST(ShareType, is_told_without_its_flags) {
  EXPECT_EQ(share_type_name(0), "disk");
  EXPECT_EQ(share_type_name(0x80000003), "ipc");
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
