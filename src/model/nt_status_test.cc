#include "model/nt_status.h"

#include <gtest/gtest.h>

#include <set>

#include "model/rpc_status.h"

namespace dozo {
namespace {

TEST(NtStatus, known_codes_have_names_and_others_numbers) {
  EXPECT_EQ(to_string(NtStatus::ACCESS_DENIED), "STATUS_ACCESS_DENIED");
  EXPECT_EQ(to_string(NtStatus::SUCCESS), "STATUS_SUCCESS");
  EXPECT_EQ(to_string(static_cast<NtStatus>(0xC0001234)), "0xC0001234");
  EXPECT_EQ(to_string(kRpcUnknownInterface), "RPC_NT_UNKNOWN_IF");
}

TEST(NtStatus, values_are_those_of_the_specification) {
  EXPECT_EQ(static_cast<std::uint32_t>(NtStatus::BUFFER_OVERFLOW), 0x80000005u);
  EXPECT_EQ(static_cast<std::uint32_t>(NtStatus::PENDING), 0x00000103u);
  EXPECT_EQ(static_cast<std::uint32_t>(NtStatus::OBJECT_NAME_NOT_FOUND), 0xC0000034u);
}

TEST(NtStatus, only_the_severity_error_is_an_error) {
  EXPECT_TRUE(is_error(NtStatus::ACCESS_DENIED));
  EXPECT_FALSE(is_error(NtStatus::BUFFER_OVERFLOW));
  EXPECT_FALSE(is_error(NtStatus::PENDING));
  EXPECT_FALSE(is_error(NtStatus::SUCCESS));
}

TEST(NtStatus, no_value_has_two_names) {
  std::set<std::uint32_t> seen;
#define DOZO_X(name, value) EXPECT_TRUE(seen.insert(value).second) << #name;
  DOZO_NT_STATUS_LIST(DOZO_X)
#undef DOZO_X
#define DOZO_X(constant, value, name) EXPECT_TRUE(seen.insert(value).second) << name;
  DOZO_RPC_STATUS_LIST(DOZO_X)
#undef DOZO_X
}

}  // namespace
}  // namespace dozo
