// The contract of Volume, over every backend.
#include "vfs/volume_test_support.h"

namespace dozo::vfs {
namespace {

class VolumeConformance : public VolumeFixture, public testing::WithParamInterface<std::string> {
 protected:
  void SetUp() override { open_volume(GetParam()); }
};

std::vector<std::string> backend_names() {
  std::vector<std::string> names;
  for (const Backend& backend : backends()) names.emplace_back(backend.name);
  return names;
}
INSTANTIATE_TEST_SUITE_P(Backends, VolumeConformance, testing::ValuesIn(backend_names()),
                         [](const auto& row) { return row.param; });

TEST_P(VolumeConformance, root_is_a_directory_without_parent) {
  const auto root = look({});
  ASSERT_TRUE(root && root->exists());
  EXPECT_EQ(root->info.type, NodeType::directory);
  EXPECT_EQ(root->parent, nullptr);
  EXPECT_TRUE(root->info.attributes.has(FileAttribute::directory));
}

TEST_P(VolumeConformance, missing_last_component_is_no_error) {
  const auto found = look({"nothing"});
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->exists());
  EXPECT_EQ(found->name, "nothing");
}

TEST_P(VolumeConformance, missing_component_on_the_way_is_path_not_found) {
  EXPECT_EQ(look_status({"nothing", "x"}), NtStatus::OBJECT_PATH_NOT_FOUND);
  ASSERT_TRUE(make({"file"}));
  EXPECT_EQ(look_status({"file", "x"}), NtStatus::OBJECT_PATH_NOT_FOUND);
  EXPECT_EQ(look_status({"file", "x", "y"}), NtStatus::OBJECT_PATH_NOT_FOUND);
}

TEST_P(VolumeConformance, names_are_found_in_any_case_and_told_as_stored) {
  ASSERT_TRUE(make({"Folder"}, NodeType::directory));
  ASSERT_TRUE(make({"Folder", "Straße.TXT"}));
  const auto found = look({"fOLDER", "sTRAßE.txt"});
  ASSERT_TRUE(found && found->exists());
  EXPECT_EQ(found->path, (Path{"Folder", "Straße.TXT"}));
  EXPECT_EQ(found->name, "Straße.TXT");
}

TEST_P(VolumeConformance, create_of_an_existing_name_is_a_collision_in_any_case) {
  const auto first = look({"Name"});
  const auto second = look({"NAME"});
  ASSERT_TRUE(run(volume().create(caller(), *first, {NodeType::file, kReadWrite, {}})));
  EXPECT_EQ(status(run(volume().create(caller(), *second, {NodeType::file, kReadWrite, {}}))),
            NtStatus::OBJECT_NAME_COLLISION);
}

TEST_P(VolumeConformance, name_of_more_than_255_units_is_invalid) {
  const auto at = look({std::string(256, 'x')});
  const NtStatus made = at ? status(run(volume().create(caller(), *at, {NodeType::file, kReadWrite, {}}))) : at.error();
  EXPECT_EQ(made, NtStatus::OBJECT_NAME_INVALID);
  EXPECT_TRUE(make({std::string(255, 'x')}));
}

TEST_P(VolumeConformance, what_was_written_is_read) {
  const FileRef file = make({"f"});
  EXPECT_EQ(write(*file, "hello"), NtStatus::SUCCESS);
  EXPECT_EQ(write(*file, "J"), NtStatus::SUCCESS);
  EXPECT_EQ(text(*file), "Jello");
  EXPECT_EQ(text(*file, 3), "lo");
  EXPECT_EQ(text(*open({"F"})), "Jello");
}

TEST_P(VolumeConformance, read_past_end_of_file_is_zero_bytes) {
  const FileRef file = make({"f"});
  write(*file, "abc");
  EXPECT_EQ(text(*file, 3), "");
  EXPECT_EQ(text(*file, 1u << 20), "");
}

TEST_P(VolumeConformance, write_past_end_of_file_leaves_zeros) {
  const FileRef file = make({"f"});
  write(*file, "x", 10000);
  EXPECT_EQ(run(file->info())->size, 10001u);
  EXPECT_EQ(text(*file, 9998), std::string("\0\0x", 3));
}

TEST_P(VolumeConformance, large_write_round_trips) {
  const FileRef file = make({"f"});
  ByteVector out(3'000'001);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(i * 31 >> 3);
  ASSERT_TRUE(run(file->write_at(77, out)));
  ByteVector in(out.size() + 10);
  EXPECT_EQ(run(file->read_at(77, in)), out.size());
  in.resize(out.size());
  EXPECT_EQ(in, out);
}

TEST_P(VolumeConformance, data_needs_the_open_to_permit_it) {
  const FileRef file = make({"f"});
  write(*file, "abc");
  ByteVector bytes(3);
  const FileRef reader = open({"f"}, {.read_data = true});
  EXPECT_EQ(write(*reader, "x"), NtStatus::ACCESS_DENIED);
  EXPECT_EQ(status(run(reader->set_size(0))), NtStatus::ACCESS_DENIED);
  EXPECT_EQ(status(run(open({"f"}, {.write_data = true})->read_at(0, bytes))), NtStatus::ACCESS_DENIED);
  EXPECT_EQ(status(run(open({"f"}, {})->read_at(0, bytes))), NtStatus::ACCESS_DENIED);
}

TEST_P(VolumeConformance, directory_has_no_data) {
  const FileRef directory = make({"d"}, NodeType::directory);
  ByteVector bytes(3);
  EXPECT_EQ(status(run(directory->read_at(0, bytes))), NtStatus::FILE_IS_A_DIRECTORY);
  EXPECT_EQ(write(*directory, "x"), NtStatus::FILE_IS_A_DIRECTORY);
  EXPECT_EQ(status(run(directory->set_size(1))), NtStatus::INVALID_PARAMETER);
}

TEST_P(VolumeConformance, offset_beyond_the_largest_is_a_parameter_error) {
  const FileRef file = make({"f"});
  EXPECT_EQ(write(*file, "x", ~0ull), NtStatus::INVALID_PARAMETER);
  EXPECT_EQ(status(run(file->set_size(1ull << 63))), NtStatus::INVALID_PARAMETER);
}

TEST_P(VolumeConformance, flush_succeeds) { EXPECT_TRUE(run(make({"f"})->flush())); }

TEST_P(VolumeConformance, set_size_cuts_and_extends_with_zeros) {
  const FileRef file = make({"f"});
  write(*file, "abcdef");
  EXPECT_TRUE(run(file->set_size(2)));
  EXPECT_TRUE(run(file->set_size(4)));
  EXPECT_EQ(text(*file), std::string("ab\0\0", 4));
}

TEST_P(VolumeConformance, allocation_is_reserved_and_less_than_the_size_truncates) {
  const FileRef file = make({"f"});
  write(*file, "abcdef");
  EXPECT_TRUE(run(file->set_allocation(1u << 20)));
  EXPECT_EQ(run(file->info())->size, 6u);
  EXPECT_GE(run(file->info())->allocation_size, 1u << 20);
  EXPECT_TRUE(run(file->set_allocation(3)));
  EXPECT_EQ(text(*file), "abc");
}

TEST_P(VolumeConformance, zeroed_range_reads_as_zeros) {
  const FileRef file = make({"f"});
  write(*file, "abcdef");
  EXPECT_TRUE(run(file->zero_range({1, 3})));
  EXPECT_EQ(text(*file), std::string("a\0\0\0ef", 6));
  EXPECT_TRUE(run(file->zero_range({4, 1000})));
  EXPECT_EQ(run(file->info())->size, 6u);
}

TEST_P(VolumeConformance, file_that_is_not_sparse_is_one_range) {
  const FileRef file = make({"f"});
  write(*file, "x", 1u << 20);
  const auto ranges = run(file->allocated_ranges({0, 1u << 21}));
  ASSERT_EQ(ranges->size(), 1u);
  EXPECT_EQ(ranges->at(0).length, (1u << 20) + 1);
}

TEST_P(VolumeConformance, sparse_file_has_holes) {
  const FileRef file = make({"f"});
  ASSERT_TRUE(run(file->set_sparse(true)));
  EXPECT_TRUE(run(file->info())->attributes.has(FileAttribute::sparse_file));
  write(*file, "x", 1u << 20);
  const auto ranges = run(file->allocated_ranges({0, 1u << 21}));
  ASSERT_EQ(ranges->size(), 1u);
  EXPECT_EQ(ranges->at(0).offset, 1u << 20);
}

TEST_P(VolumeConformance, punched_range_of_a_sparse_file_is_a_hole) {
  const FileRef file = make({"f"});
  ASSERT_TRUE(run(file->set_sparse(true)));
  write(*file, std::string(1u << 18, 'x'));
  ASSERT_TRUE(run(file->zero_range({1u << 16, 1u << 16})));
  EXPECT_EQ(run(file->allocated_ranges({0, 1u << 18}))->size(), 2u);
  EXPECT_EQ(text(*file, 1u << 16, 2), std::string("\0\0", 2));
}

TEST_P(VolumeConformance, copy_copies_and_stops_at_the_end_of_the_source) {
  const FileRef source = make({"a"});
  const FileRef target = make({"b"});
  write(*source, "0123456789");
  EXPECT_EQ(run(target->copy_from(*source, {4, 100}, 2)), 6u);
  EXPECT_EQ(text(*target), std::string("\0\0", 2) + "456789");
}

TEST_P(VolumeConformance, times_are_kept) {
  const FileRef file = make({"f"});
  const FileTime created{130'000'000'000'000'000}, written{131'000'000'000'000'010}, read{132'000'000'000'000'020};
  ASSERT_TRUE(run(file->set_times({.creation = created, .last_access = read, .last_write = written})));
  const auto info = run(file->info());
  EXPECT_EQ(info->creation_time, created);
  EXPECT_EQ(info->last_write_time, written);
  EXPECT_EQ(info->last_access_time, read);
  EXPECT_EQ(look({"f"})->info.creation_time, created);
}

TEST_P(VolumeConformance, attributes_are_kept_and_normal_stands_for_none) {
  const FileRef file = make({"f"}, NodeType::file, FileAttribute::hidden | FileAttribute::archive);
  EXPECT_EQ(run(file->info())->attributes, FileAttribute::hidden | FileAttribute::archive);
  ASSERT_TRUE(run(file->set_attributes(FileAttribute::read_only)));
  EXPECT_EQ(look({"f"})->info.attributes, FileAttributes(FileAttribute::read_only));
  ASSERT_TRUE(run(file->set_attributes(FileAttribute::normal)));
  EXPECT_EQ(look({"f"})->info.attributes, FileAttributes(FileAttribute::normal));
}

TEST_P(VolumeConformance, read_only_attribute_does_not_hinder_the_creating_open) {
  const FileRef file = make({"f"}, NodeType::file, FileAttribute::read_only);
  EXPECT_EQ(write(*file, "x"), NtStatus::SUCCESS);
}

TEST_P(VolumeConformance, extended_attributes_are_listed_replaced_and_removed) {
  const FileRef file = make({"f"});
  EXPECT_EQ(run(file->info())->ea_size, 0u);
  ASSERT_TRUE(run(file->set_extended_attribute("ONE", as_bytes("first"))));
  ASSERT_TRUE(run(file->set_extended_attribute("one", as_bytes("second"))));
  const auto all = run(file->extended_attributes());
  ASSERT_EQ(all->size(), 1u);
  EXPECT_EQ(as_text(all->at(0).value), "second");
  EXPECT_EQ(run(file->info())->ea_size, 8u + 4u + 6u);
  ASSERT_TRUE(run(file->set_extended_attribute("ONE", {})));
  EXPECT_TRUE(run(file->extended_attributes())->empty());
  EXPECT_TRUE(run(file->set_extended_attribute("ONE", {})));
}

TEST_P(VolumeConformance, streams_live_beside_the_file) {
  const FileRef file = make({"f"});
  const auto at = look({"f"});
  const auto stream = run(volume().open_stream(caller(), *at, "Note", StreamMode::create_new, kReadWrite));
  ASSERT_TRUE(stream);
  EXPECT_EQ(write(**stream, "inside"), NtStatus::SUCCESS);
  EXPECT_EQ(text(**stream, 2), "side");
  EXPECT_EQ(run((*stream)->info())->size, 6u);
  EXPECT_EQ(run(file->info())->size, 0u);
  const auto all = run(file->streams());
  ASSERT_EQ(all->size(), 1u);
  EXPECT_EQ(all->at(0).name, "Note");
  EXPECT_EQ(all->at(0).size, 6u);
}

TEST_P(VolumeConformance, stream_modes_do_what_they_say) {
  make({"f"});
  const auto at = look({"f"});
  const auto mode = [&](StreamMode m) { return status(run(volume().open_stream(caller(), *at, "s", m, kReadWrite))); };
  EXPECT_EQ(mode(StreamMode::open_existing), NtStatus::OBJECT_NAME_NOT_FOUND);
  EXPECT_EQ(mode(StreamMode::truncate_existing), NtStatus::OBJECT_NAME_NOT_FOUND);
  EXPECT_EQ(mode(StreamMode::open_or_create), NtStatus::SUCCESS);
  EXPECT_EQ(mode(StreamMode::create_new), NtStatus::OBJECT_NAME_COLLISION);
  write(**run(volume().open_stream(caller(), *at, "S", StreamMode::open_existing, kReadWrite)), "data");
  EXPECT_EQ(mode(StreamMode::create_or_truncate), NtStatus::SUCCESS);
  EXPECT_EQ(run(open({"f"})->streams())->at(0).size, 0u);
  EXPECT_TRUE(run(volume().remove_stream(caller(), *at, "S")));
  EXPECT_EQ(status(run(volume().remove_stream(caller(), *at, "s"))), NtStatus::OBJECT_NAME_NOT_FOUND);
}

TEST_P(VolumeConformance, stream_is_renamed_and_replaces_an_empty_one_only) {
  make({"f"});
  const auto at = *look({"f"});
  const auto make_stream = [&](const char* name) {
    return run(volume().open_stream(caller(), at, name, StreamMode::create_new, kReadWrite)).value();
  };
  const auto rename = [&](const char* from, const char* to, bool replace) {
    return status(run(volume().rename_stream(caller(), at, from, to, replace)));
  };
  write(*make_stream("one"), "text");
  make_stream("two");
  EXPECT_EQ(rename("one", "two", false), NtStatus::OBJECT_NAME_COLLISION);
  EXPECT_EQ(rename("two", "ONE", true), NtStatus::INVALID_PARAMETER);
  EXPECT_EQ(rename("one", "two", true), NtStatus::SUCCESS);
  const auto streams = run(open({"f"})->streams()).value();
  ASSERT_EQ(streams.size(), 1u);
  EXPECT_EQ(streams[0].name, "two");
  EXPECT_EQ(streams[0].size, 4u);
  EXPECT_EQ(rename("gone", "x", true), NtStatus::OBJECT_NAME_NOT_FOUND);
}

TEST_P(VolumeConformance, stream_without_a_name_becomes_the_main_one) {
  make({"f"});
  const auto at = *look({"f"});
  write(*run(volume().open_stream(caller(), at, "one", StreamMode::create_new, kReadWrite)).value(), "longer text");
  EXPECT_TRUE(run(volume().rename_stream(caller(), at, "one", "", true)));
  EXPECT_EQ(look({"f"})->info.size, 11u);
  EXPECT_TRUE(run(open({"f"})->streams())->empty());
}

TEST_P(VolumeConformance, overwrite_empties_everything_but_the_identity) {
  const FileRef file = make({"f"}, NodeType::file, FileAttribute::hidden);
  write(*file, "old");
  ASSERT_TRUE(run(file->set_extended_attribute("EA", as_bytes("x"))));
  ASSERT_TRUE(run(volume().open_stream(caller(), *look({"f"}), "s", StreamMode::create_new, kReadWrite)));
  ASSERT_TRUE(run(volume().overwrite(caller(), *file, FileAttribute::archive)));
  const auto after = look({"f"});
  EXPECT_EQ(after->node->id(), file->id());
  EXPECT_EQ(after->info.size, 0u);
  EXPECT_EQ(after->info.attributes, FileAttributes(FileAttribute::archive));
  EXPECT_EQ(after->info.ea_size, 0u);
  EXPECT_TRUE(run(file->streams())->empty());
}

TEST_P(VolumeConformance, listing_has_dots_and_every_entry_once) {
  make({"d"}, NodeType::directory);
  for (const char* name : {"a", "B", "c", "D", "e"}) make({"d", name});
  EXPECT_EQ(names({"d"}), (std::vector<std::string>{".", "..", "B", "D", "a", "c", "e"}));
  EXPECT_EQ(names({}), (std::vector<std::string>{".", "..", "d"}));
}

TEST_P(VolumeConformance, listing_starts_again_and_sees_what_is_new) {
  make({"a"});
  const FileRef root = open({}, {.read_data = true});
  auto reader = run(root->read_directory(caller()));
  EXPECT_EQ(run((*reader)->next(AnyName(), 100))->size(), 3u);
  EXPECT_TRUE(run((*reader)->next(AnyName(), 100))->empty());
  make({"b"});
  (*reader)->restart();
  EXPECT_EQ(run((*reader)->next(AnyName(), 100))->size(), 4u);
}

TEST_P(VolumeConformance, only_directories_are_listed) {
  const FileRef file = make({"f"});
  EXPECT_EQ(status(run(file->read_directory(caller()))), NtStatus::INVALID_PARAMETER);
  EXPECT_EQ(status(run(file->find_entry(caller(), "x"))), NtStatus::INVALID_PARAMETER);
}

TEST_P(VolumeConformance, entry_is_found_in_any_case) {
  make({"Entry"});
  const FileRef root = open({}, {.read_data = true});
  EXPECT_EQ(run(root->find_entry(caller(), "eNTRY"))->name, "Entry");
  EXPECT_EQ(status(run(root->find_entry(caller(), "other"))), NtStatus::OBJECT_NAME_NOT_FOUND);
}

TEST_P(VolumeConformance, remove_takes_the_name_away_and_the_open_stays) {
  const FileRef file = make({"f"});
  write(*file, "still");
  EXPECT_EQ(remove({"f"}), NtStatus::SUCCESS);
  EXPECT_FALSE(exists({"f"}));
  EXPECT_EQ(text(*file), "still");
}

TEST_P(VolumeConformance, directory_with_entries_is_not_removed) {
  make({"d"}, NodeType::directory);
  make({"d", "f"});
  EXPECT_EQ(remove({"d"}), NtStatus::DIRECTORY_NOT_EMPTY);
  EXPECT_EQ(remove({"d", "f"}), NtStatus::SUCCESS);
  EXPECT_EQ(remove({"d"}), NtStatus::SUCCESS);
}

TEST_P(VolumeConformance, name_that_means_something_else_by_now_is_retry) {
  make({"f"});
  const auto before = look({"f"});
  ASSERT_EQ(remove({"f"}), NtStatus::SUCCESS);
  const FileRef keep_inode_apart = make({"other"});
  make({"f"});
  EXPECT_EQ(status(run(volume().open(caller(), *before, kReadWrite))), NtStatus::RETRY);
  const Location where{before->parent, "f"};
  EXPECT_EQ(status(run(volume().remove(caller(), where, before->node->id()))), NtStatus::OBJECT_NAME_NOT_FOUND);
  EXPECT_TRUE(exists({"f"}));
}

TEST_P(VolumeConformance, object_that_has_lost_its_name_is_not_renamed_or_linked_by_it) {
  make({"f"});
  const auto before = look({"f"});
  ASSERT_EQ(remove({"f"}), NtStatus::SUCCESS);
  const FileRef keep_inode_apart = make({"other"});
  make({"f"});
  const auto to = look({"g"});
  const Location where{before->parent, "f"};
  const NodeId node = before->node->id();
  EXPECT_EQ(status(run(volume().rename(caller(), where, node, *to, false))), NtStatus::OBJECT_NAME_NOT_FOUND);
  EXPECT_EQ(status(run(volume().link(caller(), where, node, *to, false))), NtStatus::OBJECT_NAME_NOT_FOUND);
  EXPECT_EQ(status(run(volume().make_symlink(caller(), where, node, "g"))), NtStatus::OBJECT_NAME_NOT_FOUND);
}

TEST_P(VolumeConformance, target_that_means_another_file_by_now_is_retry) {
  make({"f"});
  make({"t"});
  const auto from = look({"f"});
  const auto to = look({"t"});
  ASSERT_EQ(remove({"t"}), NtStatus::SUCCESS);
  const FileRef keep_inode_apart = make({"other"});
  make({"t"});
  const Location where{from->parent, "f"};
  const NodeId node = from->node->id();
  EXPECT_EQ(status(run(volume().rename(caller(), where, node, *to, true))), NtStatus::RETRY);
  EXPECT_EQ(status(run(volume().link(caller(), where, node, *to, true))), NtStatus::RETRY);
  EXPECT_TRUE(exists({"t"}));
}

TEST_P(VolumeConformance, open_of_a_name_that_has_gone_is_retry) {
  make({"f"});
  const auto before = look({"f"});
  ASSERT_EQ(remove({"f"}), NtStatus::SUCCESS);
  EXPECT_EQ(status(run(volume().open(caller(), *before, kReadWrite))), NtStatus::RETRY);
}

TEST_P(VolumeConformance, create_in_a_directory_that_has_gone_is_path_not_found) {
  make({"d"}, NodeType::directory);
  const auto at = look({"d", "f"});
  ASSERT_EQ(remove({"d"}), NtStatus::SUCCESS);
  EXPECT_EQ(status(run(volume().create(caller(), *at, {NodeType::file, kReadWrite, {}}))),
            NtStatus::OBJECT_PATH_NOT_FOUND);
}

TEST_P(VolumeConformance, rename_moves_the_object) {
  make({"d"}, NodeType::directory);
  const FileRef file = make({"f"});
  ASSERT_TRUE(rename({"f"}, {"d", "g"}));
  EXPECT_FALSE(exists({"f"}));
  EXPECT_EQ(look({"d", "g"})->node->id(), file->id());
}

TEST_P(VolumeConformance, rename_may_change_the_case_alone) {
  make({"name"});
  ASSERT_TRUE(rename({"name"}, {"NAME"}));
  EXPECT_EQ(look({"Name"})->name, "NAME");
}

TEST_P(VolumeConformance, rename_onto_an_existing_name_needs_replace) {
  const FileRef file = make({"a"});
  make({"b"});
  EXPECT_EQ(rename({"a"}, {"b"}).error(), NtStatus::OBJECT_NAME_COLLISION);
  ASSERT_TRUE(rename({"a"}, {"b"}, true));
  EXPECT_EQ(look({"b"})->node->id(), file->id());
  EXPECT_FALSE(exists({"a"}));
}

TEST_P(VolumeConformance, directory_is_never_replaced) {
  make({"a"});
  make({"d"}, NodeType::directory);
  make({"e"}, NodeType::directory);
  EXPECT_EQ(rename({"a"}, {"d"}, true).error(), NtStatus::ACCESS_DENIED);
  EXPECT_EQ(rename({"e"}, {"d"}, true).error(), NtStatus::ACCESS_DENIED);
  EXPECT_EQ(rename({"e"}, {"a"}, true).error(), NtStatus::ACCESS_DENIED);
}

TEST_P(VolumeConformance, directory_does_not_move_into_itself) {
  make({"d"}, NodeType::directory);
  EXPECT_EQ(rename({"d"}, {"d", "x"}).error(), NtStatus::ACCESS_DENIED);
}

TEST_P(VolumeConformance, link_is_another_name) {
  const FileRef file = make({"a"});
  ASSERT_TRUE(link({"a"}, {"b"}));
  EXPECT_EQ(look({"b"})->node->id(), file->id());
  EXPECT_EQ(run(file->info())->links, 2u);
  make({"c"});
  EXPECT_EQ(link({"a"}, {"c"}).error(), NtStatus::OBJECT_NAME_COLLISION);
  EXPECT_TRUE(link({"a"}, {"c"}, true));
  EXPECT_EQ(look({"c"})->node->id(), file->id());
  make({"d"}, NodeType::directory);
  EXPECT_EQ(link({"d"}, {"e"}).error(), NtStatus::FILE_IS_A_DIRECTORY);
}

TEST_P(VolumeConformance, symlink_is_followed_or_is_the_object) {
  make({"d"}, NodeType::directory);
  const FileRef file = make({"d", "target"});
  const FileRef link = make({"l"});
  const auto at = look({"l"});
  const Location where{at->parent, "l"};
  ASSERT_TRUE(run(volume().make_symlink(caller(), where, link->id(), "d/target")));
  EXPECT_EQ(look({"l"})->node->id(), file->id());
  const auto itself = look({"l"}, false);
  EXPECT_EQ(itself->info.type, NodeType::symlink);
  EXPECT_EQ(run(volume().read_symlink(caller(), *itself)), "d/target");
  EXPECT_TRUE(open({"l"}));
}

TEST_P(VolumeConformance, symlink_out_of_the_share_is_denied) {
  for (const char* target : {"/etc/passwd", "../outside", "d/../../outside"}) {
    const FileRef link = make({"l"});
    const auto at = look({"l"});
    const Location where{at->parent, "l"};
    make({"d"}, NodeType::directory);
    ASSERT_TRUE(run(volume().make_symlink(caller(), where, link->id(), target)));
    EXPECT_EQ(look_status({"l"}), NtStatus::ACCESS_DENIED) << target;
    const auto itself = look({"l"}, false);
    ASSERT_TRUE(run(volume().remove(caller(), where, itself->node->id())));
  }
}

TEST_P(VolumeConformance, ownership_is_kept) {
  const FileRef file = make({"f"});
  ASSERT_TRUE(run(file->set_ownership(caller(), {.uid = {}, .gid = {}, .mode = 0640})));
  EXPECT_EQ(run(file->info())->mode, 0640u);
}

TEST_P(VolumeConformance, security_descriptor_is_kept_until_it_is_taken_away) {
  const FileRef file = make({"f"});
  EXPECT_FALSE(run(file->info())->security);
  ASSERT_TRUE(run(file->set_ownership(caller(), {.mode = 0640, .security = ByteVector{1, 2, 3}})));
  ASSERT_TRUE(look({"f"})->info.security);
  EXPECT_EQ(*look({"f"})->info.security, (ByteVector{1, 2, 3}));
  EXPECT_TRUE(run(file->extended_attributes())->empty());
  ASSERT_TRUE(run(file->set_ownership(caller(), {.security = ByteVector()})));
  EXPECT_FALSE(look({"f"})->info.security);
}

TEST_P(VolumeConformance, security_descriptor_is_void_when_the_mode_was_changed_without_it) {
  const FileRef file = make({"f"});
  ASSERT_TRUE(run(file->set_ownership(caller(), {.mode = 0640, .security = ByteVector{1}})));
  ASSERT_TRUE(run(file->set_ownership(caller(), {.mode = 0600})));
  EXPECT_FALSE(run(file->info())->security);
}

TEST_P(VolumeConformance, security_descriptor_of_a_directory_is_told_with_what_is_in_it) {
  const FileRef directory = make({"d"}, NodeType::directory);
  make({"d", "f"});
  EXPECT_FALSE(run(volume().permissions(caller(), *look({"d", "f"})))->parent_security);
  ASSERT_TRUE(run(directory->set_ownership(caller(), {.security = ByteVector{7}})));
  const auto found = look({"d", "f"});
  ASSERT_TRUE(run(volume().permissions(caller(), *found))->parent_security);
  EXPECT_EQ(*run(volume().node_info(found->parent))->security, ByteVector{7});
}

TEST_P(VolumeConformance, permissions_of_a_file_of_ones_own) {
  make({"f"});
  const auto granted = run(volume().permissions(caller(), *look({"f"})));
  EXPECT_TRUE(granted->read && granted->write && granted->owner && granted->delete_child);
}

TEST_P(VolumeConformance, volume_has_figures) {
  const auto info = run(volume().volume_info(caller()));
  EXPECT_GT(info->total, 0u);
  EXPECT_GE(info->free, info->available);
  EXPECT_FALSE(info->read_only);
}

TEST_P(VolumeConformance, read_only_volume_refuses_every_change) {
  open_volume(GetParam(), {.path = {}, .case_sensitive = false, .read_only = true});
  const auto at = look({"f"});
  EXPECT_EQ(status(run(volume().create(caller(), *at, {NodeType::file, kReadWrite, {}}))),
            NtStatus::MEDIA_WRITE_PROTECTED);
  EXPECT_EQ(status(run(volume().open(caller(), *look({}), kReadWrite))), NtStatus::MEDIA_WRITE_PROTECTED);
}

TEST_P(VolumeConformance, case_sensitive_volume_tells_names_apart) {
  open_volume(GetParam(), {.path = {}, .case_sensitive = true, .read_only = false});
  ASSERT_TRUE(make({"name"}));
  EXPECT_FALSE(exists({"NAME"}));
  EXPECT_TRUE(make({"NAME"}));
}

class Recorder final : public WatchListener {
 public:
  void on_changes(std::vector<Change> changes) override {
    for (Change& change : changes) {
      if (change.action != ChangeAction::modified) {
        seen.push_back(fmt::format("{}{}", "?+-m<>asm"[static_cast<int>(change.action)], change.path));
      }
    }
  }
  void on_overflow() override { seen.push_back("overflow"); }
  void on_directory_gone() override { gone = true; }
  std::vector<std::string> seen;
  bool gone = false;
};

Task<bool> wait_for(const Recorder& recorder, std::size_t changes) {
  for (int i = 0; i < 200 && recorder.seen.size() < changes; ++i) {
    co_await runtime::sleep_for(runtime::Loop::current(), std::chrono::milliseconds(5));
  }
  co_return recorder.seen.size() >= changes;
}

Task<FileRef> make_on_loop(Volume& volume, CallerRef caller, Path path, NodeType type) {
  const auto at = co_await volume.resolve(caller, path, {});
  auto made = co_await volume.create(caller, *at, {type, kReadWrite, {}});
  co_return std::move(*made);
}

Task<std::vector<std::string>> watched_changes(Volume& volume, CallerRef caller, bool subtree) {
  Recorder recorder;
  const Path top_path;
  const auto root = co_await volume.resolve(caller, top_path, {});
  const auto top = co_await volume.open(caller, *root, {.read_data = true});
  const FileRef d = co_await make_on_loop(volume, caller, {"d"}, NodeType::directory);
  {
    const auto watch = co_await volume.watch(caller, **top, subtree, recorder);
    const FileRef f = co_await make_on_loop(volume, caller, {"f"}, NodeType::file);
    const FileRef g = co_await make_on_loop(volume, caller, {"d", "g"}, NodeType::file);
    const auto at = co_await volume.resolve(caller, {"f"}, {});
    const auto to = co_await volume.resolve(caller, {"h"}, {});
    const Location from{at->parent, at->name};
    const auto moved = co_await volume.rename(caller, from, f->id(), *to, false);
    const auto removed = co_await volume.remove(caller, *moved, f->id());
    EXPECT_TRUE(removed);
    EXPECT_TRUE(co_await wait_for(recorder, subtree ? 5 : 4));
  }
  const FileRef late = co_await make_on_loop(volume, caller, {"late"}, NodeType::file);
  co_await runtime::sleep_for(runtime::Loop::current(), std::chrono::milliseconds(20));
  co_return recorder.seen;
}

TEST_P(VolumeConformance, watch_tells_of_changes_in_its_directory_until_it_ends) {
  EXPECT_EQ(run(watched_changes(volume(), caller(), false)), (std::vector<std::string>{"+f", "<f", ">h", "-h"}));
}

TEST_P(VolumeConformance, watch_of_a_subtree_tells_of_what_is_beneath) {
  EXPECT_EQ(run(watched_changes(volume(), caller(), true)),
            (std::vector<std::string>{"+f", "+d\\g", "<f", ">h", "-h"}));
}

TEST_P(VolumeConformance, only_directories_are_watched) {
  Recorder recorder;
  const FileRef file = make({"f"});
  EXPECT_EQ(status(run(volume().watch(caller(), *file, false, recorder))), NtStatus::INVALID_PARAMETER);
}

}  // namespace
}  // namespace dozo::vfs
