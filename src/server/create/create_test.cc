// CREATE. [MS-SMB2] 3.3.5.9; [MS-FSA] 2.1.5.1.
#include "server/create/create.h"

#include "server/testing/test_fixture.h"
#include "wire/create_contexts.h"
#include "wire/fscc/file_info.h"

namespace dozo::server::testing {
namespace {

class Create : public ServerTest {
 protected:
  NtStatus status(std::string_view name, OpenArgs args) { return alice().create(name, std::move(args)).status(); }
  // A file "f" with something in it.
  void make_file(FileAttributes attributes = {}) {
    const FileId file = alice().open("f", {.disposition = CreateDisposition::create, .attributes = attributes});
    EXPECT_EQ(alice().write(file, 0, "something"), NtStatus::SUCCESS);
    alice().close(file);
  }
  void make_directory(std::string_view name = "d") { alice().close(alice().open(name, directory_args())); }
  std::uint64_t size_of(std::string_view name) {
    const Answer answer =
        bob().create(name, {.access = Access::read_attributes, .disposition = CreateDisposition::open});
    const auto said = answer.as<wire::CreateResponse>();
    bob().close(said.file_id);
    return said.end_of_file;
  }
};

// --- Dispositions: [MS-SMB2] 2.2.13 CreateDisposition.

struct DispositionRow {
  const char* name;
  CreateDisposition disposition;
  NtStatus when_missing;
  NtStatus when_there;
  CreateAction action_missing;
  CreateAction action_there;
  bool empties;
};
std::ostream& operator<<(std::ostream& out, const DispositionRow& row) { return out << row.name; }

class Disposition : public Create, public ::testing::WithParamInterface<DispositionRow> {};

TEST_P(Disposition, of_a_file_that_is_missing) {
  const Answer answer = alice().create("f", {.disposition = GetParam().disposition});
  EXPECT_EQ(answer.status(), GetParam().when_missing);
  if (answer.status() != NtStatus::SUCCESS) return;
  EXPECT_EQ(answer.as<wire::CreateResponse>().create_action, GetParam().action_missing);
}

TEST_P(Disposition, of_a_file_that_is_there) {
  make_file();
  const Answer answer = alice().create("f", {.disposition = GetParam().disposition});
  EXPECT_EQ(answer.status(), GetParam().when_there);
  EXPECT_EQ(size_of("f"), GetParam().empties ? 0u : 9u);
  if (answer.status() != NtStatus::SUCCESS) return;
  EXPECT_EQ(answer.as<wire::CreateResponse>().create_action, GetParam().action_there);
}

TEST_P(Disposition, of_a_directory_that_is_missing) {
  const bool overwrites = GetParam().empties;
  const NtStatus expected = overwrites ? NtStatus::INVALID_PARAMETER : GetParam().when_missing;
  EXPECT_EQ(status("d", directory_args(GetParam().disposition)), expected);
}

TEST_P(Disposition, of_a_directory_that_is_there) {
  make_directory();
  const bool overwrites = GetParam().empties;
  const NtStatus expected = overwrites ? NtStatus::INVALID_PARAMETER : GetParam().when_there;
  EXPECT_EQ(status("d", directory_args(GetParam().disposition)), expected);
}

constexpr NtStatus kOk = NtStatus::SUCCESS;
constexpr NtStatus kMissing = NtStatus::OBJECT_NAME_NOT_FOUND;
constexpr NtStatus kCollision = NtStatus::OBJECT_NAME_COLLISION;
using D = CreateDisposition;
using A = CreateAction;
INSTANTIATE_TEST_SUITE_P(
    All, Disposition,
    ::testing::Values(DispositionRow{"supersede", D::supersede, kOk, kOk, A::created, A::superseded, true},
                      DispositionRow{"open", D::open, kMissing, kOk, A::opened, A::opened, false},
                      DispositionRow{"create", D::create, kOk, kCollision, A::created, A::created, false},
                      DispositionRow{"open_if", D::open_if, kOk, kOk, A::created, A::opened, false},
                      DispositionRow{"overwrite", D::overwrite, kMissing, kOk, A::overwritten, A::overwritten, true},
                      DispositionRow{"overwrite_if", D::overwrite_if, kOk, kOk, A::created, A::overwritten, true}),
    [](const auto& info) { return info.param.name; });

TEST_F(Create, an_unknown_disposition_is_an_invalid_parameter) {
  EXPECT_EQ(status("f", {.disposition = static_cast<CreateDisposition>(6)}), NtStatus::INVALID_PARAMETER);
}

TEST_F(Create, an_impersonation_level_beyond_delegate_is_bad) {
  wire::CreateRequest request = create_request("f", {});
  request.impersonation_level = static_cast<ImpersonationLevel>(4);
  EXPECT_EQ(alice().call(wire::Command::create, request).status(), NtStatus::BAD_IMPERSONATION_LEVEL);
}

// --- Options.

TEST_F(Create, a_file_opened_as_a_directory_is_none) {
  make_file();
  EXPECT_EQ(status("f", directory_args(CreateDisposition::open)), NtStatus::NOT_A_DIRECTORY);
}

TEST_F(Create, a_directory_opened_as_a_file_is_one) {
  make_directory();
  EXPECT_EQ(status("d", {.options = CreateOption::non_directory_file}), NtStatus::FILE_IS_A_DIRECTORY);
}

TEST_F(Create, directory_and_non_directory_together_are_an_invalid_parameter) {
  EXPECT_EQ(status("x", {.options = CreateOption::directory_file | CreateOption::non_directory_file}),
            NtStatus::INVALID_PARAMETER);
}

TEST_F(Create, by_file_id_is_not_supported) {
  EXPECT_EQ(status("x", {.options = CreateOption::open_by_file_id}), NtStatus::NOT_SUPPORTED);
}

TEST_F(Create, overwriting_a_directory_is_refused_whatever_the_options) {
  make_directory();
  EXPECT_EQ(status("d", {.disposition = CreateDisposition::overwrite}), NtStatus::FILE_IS_A_DIRECTORY);
}

// --- Access.

TEST_F(Create, without_any_access_is_denied) { EXPECT_EQ(status("f", {.access = {}}), NtStatus::ACCESS_DENIED); }

TEST_F(Create, access_bits_that_do_not_exist_are_denied) {
  EXPECT_EQ(status("f", {.access = AccessMask::from_wire(0x04000001)}), NtStatus::ACCESS_DENIED);
}

TEST_F(Create, system_security_needs_a_privilege_that_nobody_has) {
  EXPECT_EQ(status("f", {.access = Access::access_system_security}), NtStatus::PRIVILEGE_NOT_HELD);
}

TEST_F(Create, maximum_allowed_grants_everything_on_ones_own_file) {
  make_file();
  const FileId file = alice().open("f", {.access = Access::maximum_allowed});
  EXPECT_EQ(alice().write(file, 0, "x"), NtStatus::SUCCESS);
  EXPECT_EQ(alice().read_text(file, 0, 1), "x");
}

TEST_F(Create, overwriting_with_read_access_alone_needs_the_right_to_write) {  // CVE-2023-4091
  make_file(FileAttribute::read_only);
  EXPECT_EQ(status("f", {.access = Access::read_data, .disposition = CreateDisposition::overwrite}),
            NtStatus::ACCESS_DENIED);
  EXPECT_EQ(size_of("f"), 9u);
}

TEST_F(Create, overwriting_what_another_holds_without_sharing_writes_is_a_sharing_violation) {
  make_file();
  bob().open("f", {.access = Access::read_data, .share = ShareFlag::read});
  EXPECT_EQ(status("f", {.access = Access::read_data, .disposition = CreateDisposition::overwrite}),
            NtStatus::SHARING_VIOLATION);
  EXPECT_EQ(size_of("f"), 9u);
}

TEST_F(Create, a_refused_overwrite_on_a_read_only_share_truncates_nothing) {
  alice().connect_tree("readonly");
  EXPECT_EQ(status("f", {.access = Access::read_data, .disposition = CreateDisposition::overwrite_if}),
            NtStatus::ACCESS_DENIED);
}

TEST_F(Create, on_a_read_only_share_changes_nothing) {
  alice().connect_tree("readonly");
  EXPECT_EQ(status("f", {.disposition = CreateDisposition::create}), NtStatus::ACCESS_DENIED);
  EXPECT_EQ(status("", {.access = Access::delete_object, .disposition = CreateDisposition::open}),
            NtStatus::ACCESS_DENIED);
  EXPECT_EQ(status("", {.access = kFileGenericRead, .disposition = CreateDisposition::open}), NtStatus::SUCCESS);
}

// --- READ_ONLY. [MS-FSA] 2.1.5.1.2.

TEST_F(Create, a_read_only_file_is_not_written) {
  make_file(FileAttribute::read_only);
  EXPECT_EQ(status("f", {.access = Access::write_data}), NtStatus::ACCESS_DENIED);
  EXPECT_EQ(status("f", {.access = Access::read_data}), NtStatus::SUCCESS);
}

TEST_F(Create, a_read_only_file_may_be_made_and_written_by_the_same_request) {
  const FileId file = alice().open("new", {.attributes = FileAttribute::read_only});
  EXPECT_EQ(alice().write(file, 0, "once"), NtStatus::SUCCESS);
}

TEST_F(Create, a_read_only_file_is_not_deleted_on_close) {
  make_file(FileAttribute::read_only);
  EXPECT_EQ(status("f", {.access = Access::delete_object, .options = CreateOption::delete_on_close}),
            NtStatus::CANNOT_DELETE);
}

TEST_F(Create, a_new_read_only_file_cannot_be_delete_on_close) {
  EXPECT_EQ(status("x", {.options = CreateOption::delete_on_close, .attributes = FileAttribute::read_only}),
            NtStatus::CANNOT_DELETE);
}

TEST_F(Create, overwriting_a_hidden_file_without_saying_so_is_denied) {
  make_file(FileAttribute::hidden);
  EXPECT_EQ(status("f", {.disposition = CreateDisposition::overwrite}), NtStatus::ACCESS_DENIED);
  EXPECT_EQ(status("f", {.disposition = CreateDisposition::overwrite, .attributes = FileAttribute::hidden}),
            NtStatus::SUCCESS);
}

// --- Delete on close. [MS-FSA] 2.1.5.5.

TEST_F(Create, delete_on_close_needs_the_right_to_delete) {
  make_file();
  EXPECT_EQ(status("f", {.access = Access::read_data, .options = CreateOption::delete_on_close}),
            NtStatus::ACCESS_DENIED);
}

TEST_F(Create, delete_on_close_removes_the_file) {
  const FileId file = alice().open("f", {.options = CreateOption::delete_on_close});
  alice().close(file);
  EXPECT_EQ(status("f", {.disposition = CreateDisposition::open}), NtStatus::OBJECT_NAME_NOT_FOUND);
}

TEST_F(Create, delete_on_close_of_a_directory_with_entries_leaves_it) {
  const FileId directory = alice().open("d", {.options = CreateOption::delete_on_close | CreateOption::directory_file});
  alice().close(alice().open("d\\f"));
  EXPECT_EQ(alice().close(directory), NtStatus::SUCCESS);
  EXPECT_EQ(status("d\\f", {.disposition = CreateDisposition::open}), NtStatus::SUCCESS);
}

TEST_F(Create, a_lost_connection_carries_out_delete_on_close) {
  bob().open("f", {.options = CreateOption::delete_on_close});
  bob().reset();
  bob().run_until_disconnected();
  world().settle();
  EXPECT_EQ(status("f", {.disposition = CreateDisposition::open}), NtStatus::OBJECT_NAME_NOT_FOUND);
}

TEST_F(Create, the_root_cannot_be_deleted) {
  EXPECT_EQ(status("", {.access = Access::delete_object,
                        .disposition = CreateDisposition::open,
                        .options = CreateOption::delete_on_close}),
            NtStatus::CANNOT_DELETE);
}

// --- Names. [MS-SMB2] 3.3.5.9; [MS-FSCC] 2.1.5.

TEST_F(Create, names_are_found_whatever_their_case) {
  make_file();
  const Answer answer = alice().create("F", {.disposition = CreateDisposition::open});
  EXPECT_EQ(answer.as<wire::CreateResponse>().end_of_file, 9u);
}

TEST_F(Create, a_name_with_a_leading_separator_is_an_invalid_parameter) {
  EXPECT_EQ(status("\\f", {}), NtStatus::INVALID_PARAMETER);
}

TEST_F(Create, no_path_leads_upwards) {
  for (const char* name : {"..", "..\\x", "d\\..\\..\\x", "."}) {
    EXPECT_EQ(status(name, {}), NtStatus::OBJECT_PATH_SYNTAX_BAD) << name;
  }
}

TEST_F(Create, names_that_windows_cannot_hold_are_invalid) {
  for (const char* name : {"a*", "a?", "a<", "a>", "a\"", "a|b", "a/b", "\x01", "a\\\\b"}) {
    EXPECT_EQ(status(name, {}), NtStatus::OBJECT_NAME_INVALID) << name;
  }
}

TEST_F(Create, a_component_of_256_units_is_invalid) {
  EXPECT_EQ(status(std::string(255, 'x'), {}), NtStatus::SUCCESS);
  EXPECT_EQ(status(std::string(256, 'x'), {}), NtStatus::OBJECT_NAME_INVALID);
}

TEST_F(Create, beneath_a_missing_directory_is_path_not_found) {
  EXPECT_EQ(status("none\\f", {}), NtStatus::OBJECT_PATH_NOT_FOUND);
}

TEST_F(Create, beneath_a_file_is_path_not_found) {
  make_file();
  EXPECT_EQ(status("f\\g", {}), NtStatus::OBJECT_PATH_NOT_FOUND);
}

TEST_F(Create, an_odd_name_length_is_an_invalid_parameter) {
  ByteVector body = body_of(create_request("name", {}));
  store_le(body.data() + 46, std::uint16_t{7});  // NameLength
  const MessageId id = alice().start_body(wire::Command::create, body, {});
  EXPECT_EQ(alice().wait(id).status(), NtStatus::INVALID_PARAMETER);
}

// --- Share modes and contexts.

TEST_F(Create, a_share_mode_excludes_others) {
  alice().open("f", {.share = {}});
  EXPECT_EQ(bob().create("f").status(), NtStatus::SHARING_VIOLATION);
}

TEST_F(Create, share_modes_do_not_concern_who_only_looks) {
  alice().open("f", {.share = {}});
  EXPECT_EQ(bob().create("f", {.access = Access::read_attributes}).status(), NtStatus::SUCCESS);
}

TEST_F(Create, share_access_bits_that_do_not_exist_are_an_invalid_parameter) {
  EXPECT_EQ(status("f", {.share = ShareAccess::from_wire(8)}), NtStatus::INVALID_PARAMETER);
}

TEST_F(Create, the_maximal_access_is_told_to_who_asks) {
  OpenArgs args;
  args.contexts.push_back({wire::context_name::kQueryMaximalAccess, {}});
  const Answer answer = alice().create("f", args);
  const auto said = answer.as<wire::CreateResponse>();
  const auto* context = wire::find_context(said.create_contexts, wire::context_name::kQueryMaximalAccess);
  ASSERT_NE(context, nullptr);
  const auto access = wire::decode_plain<wire::QueryMaximalAccessResponse>(context->data);
  ASSERT_TRUE(access);
  EXPECT_EQ(access->query_status, NtStatus::SUCCESS);
  EXPECT_EQ(access->maximal_access, kFileAllAccess);
}

TEST_F(Create, a_context_that_nobody_knows_is_ignored) {
  static constexpr std::array<std::uint8_t, 4> kName = {'Z', 'z', 'Z', 'z'};
  OpenArgs args;
  args.contexts.push_back({kName, kName});
  EXPECT_EQ(status("f", args), NtStatus::SUCCESS);
}

TEST_F(Create, a_context_name_shorter_than_four_is_an_invalid_parameter) {
  static constexpr std::array<std::uint8_t, 2> kName = {'Z', 'z'};
  OpenArgs args;
  args.contexts.push_back({kName, {}});
  EXPECT_EQ(status("f", args), NtStatus::INVALID_PARAMETER);
}

TEST_F(Create, a_snapshot_of_yesterday_does_not_exist) {
  make_file();
  const ByteVector when = wire::encode_plain(wire::TimewarpToken{FileTime{133'000'000'000'000'000}});
  OpenArgs args{.disposition = CreateDisposition::open};
  args.contexts.push_back({wire::context_name::kTimewarp, when});
  EXPECT_EQ(status("f", args), NtStatus::OBJECT_NAME_NOT_FOUND);
}

TEST_F(Create, a_stream_is_part_of_its_file) {
  const FileId stream = alice().open("f:notes");
  EXPECT_EQ(alice().write(stream, 0, "in the stream"), NtStatus::SUCCESS);
  EXPECT_EQ(size_of("f"), 0u);
  EXPECT_EQ(alice().read_text(alice().open("f:notes:$DATA"), 0, 100), "in the stream");
}

TEST_F(Create, a_full_disk_is_told_and_leaves_nothing) {
  const FileId file = alice().open("f");
  world().volume("data").set_capacity(0);
  EXPECT_EQ(alice().write(file, 0, std::string(1 << 16, 'x')), NtStatus::DISK_FULL);
}

TEST_F(Create, a_volume_that_fails_at_any_moment_leaves_nothing) {
  make_file();
  const std::uint64_t before = world().server().stats.opens_now.load();
  for (unsigned after = 0; after < 8; ++after) {
    world().volume("data").fail_once(NtStatus::INSUFFICIENT_RESOURCES, after);
    const Answer answer = alice().create("f", {.disposition = CreateDisposition::overwrite_if});
    if (answer.status() == NtStatus::SUCCESS) alice().close(answer.file_id());
    EXPECT_EQ(world().server().stats.opens_now.load(), before);
  }
  world().volume("data").fail_once(NtStatus::INSUFFICIENT_RESOURCES, 1'000'000);
}

}  // namespace
}  // namespace dozo::server::testing
