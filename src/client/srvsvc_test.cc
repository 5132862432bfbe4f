#include "client/srvsvc.h"

#include <gtest/gtest.h>

#include "wire/ndr.h"

namespace dozo::client {
namespace {

struct Share {
  const char* name;
  std::uint32_t type;
  const char* comment;
};

ByteVector answer_of(std::vector<Share> shares, std::uint32_t entries, std::uint32_t count, std::uint32_t status = 0) {
  wire::NdrWriter out;
  out.u32(1);
  out.u32(1);
  out.pointer(true);
  out.u32(entries);
  out.pointer(true);
  out.u32(count);
  for (const Share& share : shares) {
    out.pointer(share.name != nullptr);
    out.u32(share.type);
    out.pointer(share.comment != nullptr);
  }
  for (const Share& share : shares) {
    if (share.name != nullptr) out.string(std::string_view(share.name));
    if (share.comment != nullptr) out.string(std::string_view(share.comment));
  }
  out.u32(entries);
  out.pointer(true);
  out.u32(0);
  out.u32(status);
  return std::move(out).take();
}

TEST(ShareEnum, tells_names_comments_and_types) {
  const auto answer = decode_share_enum(answer_of({{"data", 0, "for all"}, {"IPC$", 0x80000003, nullptr}}, 2, 2));
  ASSERT_TRUE(answer);
  ASSERT_EQ(answer->shares.size(), 2u);
  EXPECT_EQ(answer->shares[0].name, "data");
  EXPECT_EQ(answer->shares[0].comment, "for all");
  EXPECT_EQ(answer->shares[0].kind(), ListedKind::disk);
  EXPECT_TRUE(answer->shares[1].is_special());
  EXPECT_EQ(answer->shares[1].kind(), ListedKind::ipc);
  EXPECT_EQ(answer->status, 0u);
  EXPECT_EQ(answer->resume, 0u);
}

TEST(ShareEnum, counts_that_lie_are_refused) {
  const std::vector<Share> one = {{"data", 0, ""}};
  EXPECT_TRUE(decode_share_enum(answer_of(one, 1, 1)));
  EXPECT_FALSE(decode_share_enum(answer_of(one, 2, 1)));
  EXPECT_FALSE(decode_share_enum(answer_of(one, 0xFFFFFFFF, 0xFFFFFFFF)));
}

TEST(ShareEnum, what_is_no_name_is_refused) {
  for (const char* name : {"", "..\\x", "a/b", static_cast<const char*>(nullptr)}) {
    EXPECT_FALSE(decode_share_enum(answer_of({{name, 0, ""}}, 1, 1)));
  }
}

TEST(ShareEnum, cut_off_anywhere_is_refused) {
  const ByteVector whole = answer_of({{"data", 0, "for all"}, {"more", 0, "x"}}, 2, 2);
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(decode_share_enum(Bytes(whole).first(size)));
}

}  // namespace
}  // namespace dozo::client
