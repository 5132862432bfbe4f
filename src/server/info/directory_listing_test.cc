#include "server/info/directory_listing.h"

#include <gtest/gtest.h>

#include "base/unicode.h"
#include "model/nt_status.h"
#include "vfs/short_name.h"
#include "wire/fscc/directory.h"
#include "wire/fscc/reparse.h"

namespace dozo::server {
namespace {

using Added = DirectoryListing::Added;
using wire::FileInfoClass;

vfs::DirectoryEntry entry_named(std::string name) {
  vfs::DirectoryEntry entry;
  entry.name = std::move(name);
  entry.info.id = {.device = 7, .inode = 0x1122334455667788};
  entry.info.size = 5000;
  entry.info.allocation_size = 8192;
  entry.info.creation_time = {1};
  entry.info.last_access_time = {2};
  entry.info.last_write_time = {3};
  entry.info.change_time = {4};
  entry.info.attributes = FileAttribute::archive;
  entry.info.ea_size = 33;
  return entry;
}

const EntryLayout& layout_of(FileInfoClass c) { return *find_entry_layout(c).value(); }

ByteVector list_one(FileInfoClass c, const vfs::DirectoryEntry& entry) {
  ByteWriter out;
  DirectoryListing listing(layout_of(c), out, 65536);
  EXPECT_EQ(listing.add(entry), Added::yes);
  return std::move(out).take();
}

template <class M>
M listed_as(FileInfoClass c, const vfs::DirectoryEntry& entry) {
  const ByteVector bytes = list_one(c, entry);
  const auto chain = wire::decode_chain<M>(bytes);
  EXPECT_TRUE(chain && chain->size() == 1);
  // No byte but those of the structure: encoded again it is the same.
  EXPECT_EQ(wire::encode_plain(chain->front()), bytes);
  return chain->front();
}

template <class M>
void expect_common(const M& got) {
  EXPECT_EQ(got.creation_time.ticks, 1u);
  EXPECT_EQ(got.last_access_time.ticks, 2u);
  EXPECT_EQ(got.last_write_time.ticks, 3u);
  EXPECT_EQ(got.change_time.ticks, 4u);
  EXPECT_EQ(got.end_of_file, 5000u);
  EXPECT_EQ(got.allocation_size, 8192u);
  EXPECT_EQ(got.file_attributes, FileAttributes(FileAttribute::archive));
  EXPECT_EQ(got.file_name, u"größe.txt");
}

TEST(DirectoryListing, each_class_is_what_its_structure_says) {
  const vfs::DirectoryEntry entry = entry_named("größe.txt");
  expect_common(listed_as<wire::FileDirectoryInformation>(FileInfoClass::directory, entry));
  expect_common(listed_as<wire::FileFullDirectoryInformation>(FileInfoClass::full_directory, entry));
  expect_common(listed_as<wire::FileBothDirectoryInformation>(FileInfoClass::both_directory, entry));
  expect_common(listed_as<wire::FileIdFullDirectoryInformation>(FileInfoClass::id_full_directory, entry));
  expect_common(listed_as<wire::FileIdBothDirectoryInformation>(FileInfoClass::id_both_directory, entry));
  expect_common(listed_as<wire::FileIdExtdDirectoryInformation>(FileInfoClass::id_extd_directory, entry));
  expect_common(listed_as<wire::FileId64ExtdDirectoryInformation>(FileInfoClass::id_64_extd_directory, entry));
  EXPECT_EQ(listed_as<wire::FileNamesInformation>(FileInfoClass::names, entry).file_name, u"größe.txt");
}

TEST(DirectoryListing, ids_and_ea_size_are_where_the_class_has_them) {
  const vfs::DirectoryEntry entry = entry_named("a");
  const auto both = listed_as<wire::FileIdBothDirectoryInformation>(FileInfoClass::id_both_directory, entry);
  EXPECT_EQ(both.file_id, 0x1122334455667788u);
  EXPECT_EQ(both.ea_size, 33u);
  const auto extd = listed_as<wire::FileIdExtdDirectoryInformation>(FileInfoClass::id_extd_directory, entry);
  EXPECT_EQ(load_le<std::uint64_t>(extd.file_id.data()), 0x1122334455667788u);
  EXPECT_EQ(extd.file_id[8], 7);
}

TEST(DirectoryListing, symlink_has_its_tag_in_place_of_the_ea_size) {
  vfs::DirectoryEntry entry = entry_named("link");
  entry.info.type = vfs::NodeType::symlink;
  const auto both = listed_as<wire::FileBothDirectoryInformation>(FileInfoClass::both_directory, entry);
  EXPECT_EQ(both.ea_size, wire::kReparseTagSymlink);
  EXPECT_TRUE(both.file_attributes.has(FileAttribute::reparse_point));
  const auto extd = listed_as<wire::FileIdExtdDirectoryInformation>(FileInfoClass::id_extd_directory, entry);
  EXPECT_EQ(extd.reparse_point_tag, wire::kReparseTagSymlink);
  EXPECT_EQ(extd.ea_size, 33u);
}

TEST(DirectoryListing, entries_are_linked_and_8_aligned) {
  ByteWriter out;
  out.zeros(72);  // what stands in front does not count
  DirectoryListing listing(layout_of(FileInfoClass::names), out, 65536);
  for (const char* name : {"a", "bcd", "e"}) EXPECT_EQ(listing.add(entry_named(name)), Added::yes);
  const auto chain = wire::decode_chain<wire::FileNamesInformation>(out.view().subspan(72));
  ASSERT_TRUE(chain);
  ASSERT_EQ(chain->size(), 3u);
  EXPECT_EQ((*chain)[1].file_name, u"bcd");
  EXPECT_EQ((*chain)[2].file_name, u"e");
}

TEST(DirectoryListing, entry_that_does_not_fit_leaves_what_there_is) {
  ByteWriter out;
  DirectoryListing listing(layout_of(FileInfoClass::names), out, 16 + 13);
  EXPECT_EQ(listing.add(entry_named("a")), Added::yes);
  EXPECT_EQ(listing.add(entry_named("b")), Added::no_room);
  EXPECT_EQ(out.size(), 14u);
  EXPECT_EQ(load_le<std::uint32_t>(out.view().data()), 0u);
}

TEST(DirectoryListing, last_entry_may_fill_the_buffer_to_the_byte) {
  ByteWriter out;
  DirectoryListing listing(layout_of(FileInfoClass::names), out, 16 + 14);
  EXPECT_EQ(listing.add(entry_named("a")), Added::yes);
  EXPECT_EQ(listing.add(entry_named("b")), Added::yes);
  EXPECT_EQ(listing.size(), 30u);
}

TEST(DirectoryListing, first_entry_that_does_not_fit_has_its_name_cut) {
  ByteWriter out;
  DirectoryListing listing(layout_of(FileInfoClass::names), out, 12 + 5);
  EXPECT_EQ(listing.add(entry_named("abcdef")), Added::truncated);
  EXPECT_EQ(out.size(), 16u);  // whole characters only
  EXPECT_EQ(load_le<std::uint32_t>(&out.view()[8]), 12u);
}

TEST(DirectoryListing, class_of_no_directory_is_an_invalid_class) {
  EXPECT_EQ(find_entry_layout(FileInfoClass::basic).error(), NtStatus::INVALID_INFO_CLASS);
  EXPECT_EQ(find_entry_layout(FileInfoClass::posix).error(), NtStatus::INVALID_INFO_CLASS);
  EXPECT_EQ(find_entry_layout(FileInfoClass::id_all_extd_directory).error(), NtStatus::NOT_SUPPORTED);
}

TEST(DirectoryListing, a_name_that_is_not_8_3_has_a_short_one_beside_it) {
  ByteWriter out;
  DirectoryListing listing(**find_entry_layout(FileInfoClass::both_directory), out, 4096);
  ASSERT_EQ(listing.add(entry_named("a rather long name.html")), Added::yes);
  const Bytes entry = out.view();
  EXPECT_EQ(entry[68], 24);
  EXPECT_EQ(utf8_from_le(entry.subspan(70, 24)), vfs::short_name_of("a rather long name.html"));
}

TEST(DirectoryListing, a_name_that_is_8_3_has_no_other) {
  ByteWriter out;
  DirectoryListing listing(**find_entry_layout(FileInfoClass::id_both_directory), out, 4096);
  ASSERT_EQ(listing.add(entry_named("readme.txt")), Added::yes);
  EXPECT_EQ(out.view()[68], 0);
}

}  // namespace
}  // namespace dozo::server
