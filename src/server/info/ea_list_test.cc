#include "server/info/ea_list.h"

#include <gtest/gtest.h>

#include "model/nt_status.h"
#include "wire/fscc/ea.h"

namespace dozo::server {
namespace {

ByteVector list_of(const std::vector<wire::FileFullEaInformation>& entries) {
  ByteWriter out;
  wire::encode_chain(entries, out, wire::kEaAlignment);
  return std::move(out).take();
}

const std::vector<vfs::ExtendedAttribute> kTwo = {{"FIRST", {1, 2, 3}}, {"SECOND", {4}}};

TEST(EaList, list_comes_back_as_it_was) {
  const ByteVector value = {1, 2, 3};
  const auto decoded = decode_ea_list(list_of({{0, "FIRST", value}, {0x80, "SECOND", {}}}));
  ASSERT_TRUE(decoded);
  ASSERT_EQ(decoded->size(), 2u);
  EXPECT_EQ((*decoded)[0].name, "FIRST");
  EXPECT_EQ((*decoded)[0].value, value);
  EXPECT_TRUE((*decoded)[1].value.empty());
}

TEST(EaList, malformed_list_is_inconsistent) {
  ByteVector list = list_of({{0, "A", {}}, {0, "B", {}}});
  store_le(list.data(), 3u);  // not aligned
  EXPECT_EQ(decode_ea_list(list).error(), NtStatus::EA_LIST_INCONSISTENT);
  EXPECT_EQ(decode_ea_list(ByteVector(3)).error(), NtStatus::EA_LIST_INCONSISTENT);
}

TEST(EaList, value_that_leaves_the_list_is_inconsistent) {
  ByteVector list = list_of({{0, "A", {}}});
  store_le(&list[6], std::uint16_t{100});
  EXPECT_EQ(decode_ea_list(list).error(), NtStatus::EA_LIST_INCONSISTENT);
}

TEST(EaList, names_and_flags_that_no_attribute_has_are_refused) {
  for (const char* name : {"", "a:b", "a*", "a\\b", "a\x01"}) {
    EXPECT_EQ(decode_ea_list(list_of({{0, name, {}}})).error(), NtStatus::INVALID_EA_NAME) << name;
  }
  EXPECT_EQ(decode_ea_list(list_of({{0x01, "A", {}}})).error(), NtStatus::INVALID_EA_NAME);
}

TEST(EaList, more_than_a_file_can_have_is_too_large) {
  const ByteVector big(65530);
  EXPECT_EQ(decode_ea_list(list_of({{0, "A", big}})).error(), NtStatus::EA_TOO_LARGE);
}

TEST(EaQuery, all_are_told) {
  const auto answer = answer_ea_query(kTwo, {.names = {}, .size_max = 1000});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, NtStatus::SUCCESS);
  EXPECT_EQ(answer->returned, 2u);
  EXPECT_EQ(decode_ea_list(answer->list)->at(1).name, "SECOND");
}

TEST(EaQuery, what_does_not_fit_is_an_overflow_between_two_entries) {
  const auto answer = answer_ea_query(kTwo, {.names = {}, .size_max = 20});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, NtStatus::BUFFER_OVERFLOW);
  EXPECT_EQ(answer->returned, 1u);
}

TEST(EaQuery, buffer_for_not_even_one_is_too_small) {
  EXPECT_EQ(answer_ea_query(kTwo, {.names = {}, .size_max = 8}).error(), NtStatus::BUFFER_TOO_SMALL);
}

TEST(EaQuery, enumeration_past_the_last_has_no_more) {
  EXPECT_EQ(answer_ea_query(kTwo, {.names = {}, .start = 2, .size_max = 1000}).error(), NtStatus::NO_MORE_EAS);
}

TEST(EaQuery, file_without_attributes_says_so) {
  EXPECT_EQ(answer_ea_query({}, {.names = {}, .size_max = 1000}).error(), NtStatus::NO_EAS_ON_FILE);
}

TEST(EaQuery, names_are_found_whatever_their_case_and_missing_ones_have_no_value) {
  const auto answer = answer_ea_query(kTwo, {.names = {"second", "THIRD"}, .size_max = 1000});
  ASSERT_TRUE(answer);
  const auto list = *decode_ea_list(answer->list);
  EXPECT_EQ(list[0].value, ByteVector{4});
  EXPECT_TRUE(list[1].value.empty());
}

TEST(EaQuery, single_entry_is_one_entry) {
  const auto answer = answer_ea_query(kTwo, {.names = {}, .start = 1, .single = true, .size_max = 1000});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->returned, 1u);
  EXPECT_EQ(decode_ea_list(answer->list)->at(0).name, "SECOND");
}

}  // namespace
}  // namespace dozo::server
