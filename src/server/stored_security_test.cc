// Descriptors that clients set: what they let others do, and what becomes of them. [MS-DTYP] 2.5.3; [MS-FSA] 2.1.5.1,
// 2.1.5.14, 2.1.5.17.
#include "server/stored_security.h"

#include "server/testing/test_fixture.h"
#include "wire/fscc/file_set.h"
#include "wire/query_info.h"
#include "wire/set_info.h"

namespace dozo::server::testing {
namespace {

constexpr SecurityInformation kDacl = SecurityInfoBit::dacl;
constexpr SecurityInformation kOwnerAndDacl = kDacl | SecurityInfoBit::owner;
constexpr AccessMask kSecurityRights = Access::read_control | Access::write_dac | Access::write_owner;

Ace allow(const Sid& sid, AccessMask mask, AceFlags flags = {}) { return {0, flags, mask, sid, {}}; }
Ace deny(const Sid& sid, AccessMask mask) { return {1, {}, mask, sid, {}}; }

SecurityDescriptor dacl_of(std::vector<Ace> aces) {
  SecurityDescriptor out;
  out.control |= SdControl::dacl_present;
  out.dacl = Acl{.aces = std::move(aces)};
  return out;
}

class StoredSecurity : public ServerTest {
 protected:
  Sid sid_of(std::string_view user) {
    const auto users = world().server().users().snapshot();
    return users->sid_of(*users->find_user(user));
  }
  Sid bobs() { return sid_of("bob"); }

  NtStatus set(Client& client, FileId file, const SecurityDescriptor& wanted, SecurityInformation what = kDacl) {
    const ByteVector bytes = encode_security_descriptor(wanted);
    return client
        .call(wire::Command::set_info, wire::SetInfoRequest{.info_type = wire::InfoType::security,
                                                            .buffer = bytes,
                                                            .additional_information = what.bits(),
                                                            .file_id = file})
        .status();
  }
  SecurityDescriptor told(Client& client, FileId file, SecurityInformation what = kDacl) {
    const Answer answer = client.query(file, wire::InfoType::security, 0, 65536, what.bits());
    EXPECT_EQ(answer.status(), NtStatus::SUCCESS);
    auto out = decode_security_descriptor(answer.as<wire::QueryInfoResponse>().output_buffer).value();
    out.control = out.control.without(SdControl::self_relative);
    return out;
  }

  // A file or directory of alice's with this DACL, that nobody holds open.
  void make(std::string_view name, SecurityDescriptor descriptor, CreateOptions options = {}) {
    const FileId file = alice().open(name, {.access = kSecurityRights, .options = options});
    descriptor.owner = sid_of("alice");
    EXPECT_EQ(set(alice(), file, descriptor, kOwnerAndDacl), NtStatus::SUCCESS);
    alice().close(file);
  }
  void make_directory(std::string_view name, const SecurityDescriptor& descriptor) {
    make(name, descriptor, CreateOption::directory_file);
  }
  void make_empty(std::string_view name) { alice().close(alice().open(name)); }

  NtStatus bob_opens(std::string_view name, AccessMask access, CreateDisposition disposition = CreateDisposition::open,
                     CreateOptions options = {}) {
    const Answer answer = bob().create(name, {.access = access, .disposition = disposition, .options = options});
    if (answer.status() == NtStatus::SUCCESS) bob().close(answer.file_id());
    return answer.status();
  }
  NtStatus bob_renames(std::string_view from, std::u16string to, bool replace = false) {
    const FileId file = bob().open(from, {.access = Access::delete_object, .disposition = CreateDisposition::open});
    const NtStatus status =
        bob().set(file, wire::FileInfoClass::rename,
                  wire::FileRenameInformation{.replace_if_exists = replace, .file_name = std::move(to)});
    bob().close(file);
    return status;
  }
};

TEST_F(StoredSecurity, what_was_set_is_told_as_it_was_set) {
  const FileId file = alice().open("f", {.access = kSecurityRights});
  SecurityDescriptor wanted = dacl_of({deny(bobs(), Access::write_data), allow(sid_everyone(), kFileGenericRead)});
  wanted.control |= SdControl::dacl_protected;
  EXPECT_EQ(set(alice(), file, wanted), NtStatus::SUCCESS);
  EXPECT_EQ(told(alice(), file), wanted);
}

TEST_F(StoredSecurity, who_is_not_allowed_a_right_is_denied_it) {
  make("f", dacl_of({allow(bobs(), kFileGenericRead)}));
  EXPECT_EQ(bob_opens("f", kFileGenericRead), NtStatus::SUCCESS);
  EXPECT_EQ(bob_opens("f", Access::write_data), NtStatus::ACCESS_DENIED);
  EXPECT_EQ(bob_opens("f", Access::maximum_allowed | Access::write_data), NtStatus::ACCESS_DENIED);
  EXPECT_EQ(bob_opens("f", Access::write_dac), NtStatus::ACCESS_DENIED);
}

TEST_F(StoredSecurity, overwriting_needs_the_right_to_write_whatever_is_asked_for) {
  make("f", dacl_of({allow(bobs(), kFileGenericRead)}));
  EXPECT_EQ(bob_opens("f", Access::read_data, CreateDisposition::overwrite_if), NtStatus::ACCESS_DENIED);
}

TEST_F(StoredSecurity, maximum_allowed_is_what_the_descriptor_and_the_directory_allow) {
  make("f", dacl_of({deny(bobs(), Access::read_ea), allow(sid_everyone(), kFileGenericRead)}));
  const FileId file = bob().open("f", {.access = Access::maximum_allowed, .disposition = CreateDisposition::open});
  const Answer answer = bob().query(file, wire::FileInfoClass::access);
  const Bytes bytes = answer.as<wire::QueryInfoResponse>().output_buffer;
  ASSERT_EQ(bytes.size(), 4u);
  // [MS-FSA] 2.1.5.1.2.1: DELETE is the directory's.
  EXPECT_EQ(AccessMask::from_wire(load_le<std::uint32_t>(bytes.data())),
            kFileGenericRead.without(Access::read_ea) | Access::delete_object);
  bob().close(file);
}

TEST_F(StoredSecurity, who_was_made_the_owner_may_change_the_dacl) {
  const FileId file = alice().open("f", {.access = kSecurityRights});
  SecurityDescriptor wanted = dacl_of({});
  wanted.owner = bobs();
  EXPECT_EQ(set(alice(), file, wanted, kOwnerAndDacl), NtStatus::SUCCESS);
  alice().close(file);
  EXPECT_EQ(bob_opens("f", Access::read_control | Access::write_dac), NtStatus::SUCCESS);
  EXPECT_EQ(bob_opens("f", Access::read_data), NtStatus::ACCESS_DENIED);
}

TEST_F(StoredSecurity, only_administrators_give_files_away) {
  make("f", dacl_of({allow(sid_everyone(), kFileAllAccess)}));
  SecurityDescriptor everyones;
  everyones.owner = sid_everyone();
  const FileId file = bob().open("f", {.access = Access::write_owner, .disposition = CreateDisposition::open});
  EXPECT_EQ(set(bob(), file, everyones, SecurityInfoBit::owner), NtStatus::INVALID_OWNER);
  const FileId of_alice = alice().open("f", {.access = kSecurityRights, .disposition = CreateDisposition::open});
  EXPECT_EQ(set(alice(), of_alice, everyones, SecurityInfoBit::owner), NtStatus::SUCCESS);
  EXPECT_EQ(told(alice(), of_alice, kOwnerAndDacl).owner, sid_everyone());
}

TEST_F(StoredSecurity, whoever_may_take_a_file_makes_it_the_own_and_nobody_elses) {
  make("f", dacl_of({allow(bobs(), Access::write_owner | Access::read_control)}));
  const FileId file =
      bob().open("f", {.access = Access::write_owner | Access::read_control, .disposition = CreateDisposition::open});
  SecurityDescriptor wanted;
  wanted.owner = Sid{5, {21, 9, 9, 9, 1000}};
  EXPECT_EQ(set(bob(), file, wanted, SecurityInfoBit::owner), NtStatus::INVALID_OWNER);
  wanted.owner = bobs();
  EXPECT_EQ(set(bob(), file, wanted, SecurityInfoBit::owner), NtStatus::SUCCESS);
}

TEST_F(StoredSecurity, a_group_nobody_is_in_is_no_primary_group) {
  make("f", dacl_of({allow(sid_everyone(), kFileAllAccess)}));
  const FileId file = bob().open("f", {.access = Access::write_owner, .disposition = CreateDisposition::open});
  SecurityDescriptor wanted;
  wanted.group = Sid{5, {21, 9, 9, 9, 513}};
  EXPECT_EQ(set(bob(), file, wanted, SecurityInfoBit::group), NtStatus::INVALID_PRIMARY_GROUP);
}

TEST_F(StoredSecurity, an_audit_entry_in_a_dacl_is_no_valid_acl) {
  const FileId file = alice().open("f", {.access = kSecurityRights});
  Ace audit = allow(sid_everyone(), kFileGenericRead);
  audit.type = 2;
  EXPECT_EQ(set(alice(), file, dacl_of({audit})), NtStatus::INVALID_ACL);
}

TEST_F(StoredSecurity, deleting_needs_delete_on_the_file_or_the_right_to_delete_in_its_directory) {
  const AccessMask use = kFileGenericRead | kFileGenericWrite;
  make_directory("d", dacl_of({allow(sid_everyone(), use)}));
  make_empty("d\\plain");
  make("d\\own", dacl_of({allow(bobs(), Access::delete_object)}));
  EXPECT_EQ(bob_opens("d\\plain", Access::delete_object), NtStatus::ACCESS_DENIED);
  EXPECT_EQ(bob_opens("d\\plain", Access::read_data), NtStatus::SUCCESS);
  EXPECT_EQ(bob_opens("d\\own", Access::delete_object), NtStatus::SUCCESS);
  make_directory("d", dacl_of({allow(sid_everyone(), use | Access::delete_child)}));
  EXPECT_EQ(bob_opens("d\\plain", Access::delete_object), NtStatus::SUCCESS);
}

TEST_F(StoredSecurity, delete_on_close_of_what_was_there_needs_delete) {
  make_directory("d", dacl_of({allow(sid_everyone(), kFileGenericRead | kFileGenericWrite)}));
  EXPECT_EQ(bob_opens("d\\f", Access::delete_object, CreateDisposition::create), NtStatus::SUCCESS);
  EXPECT_EQ(bob_opens("d\\f", Access::delete_object, CreateDisposition::open_if, CreateOption::delete_on_close),
            NtStatus::ACCESS_DENIED);
  // What is made is its maker's.
  EXPECT_EQ(bob_opens("d\\g", Access::delete_object, CreateDisposition::create, CreateOption::delete_on_close),
            NtStatus::SUCCESS);
}

TEST_F(StoredSecurity, making_files_and_making_directories_are_rights_of_the_directory) {
  make_directory("files", dacl_of({allow(bobs(), Access::write_data)}));
  make_directory("folders", dacl_of({allow(bobs(), Access::append_data)}));
  const CreateOptions directory = CreateOption::directory_file;
  EXPECT_EQ(bob_opens("files\\f", Access::read_data, CreateDisposition::create), NtStatus::SUCCESS);
  EXPECT_EQ(bob_opens("files\\d", Access::read_data, CreateDisposition::create, directory), NtStatus::ACCESS_DENIED);
  EXPECT_EQ(bob_opens("folders\\f", Access::read_data, CreateDisposition::create), NtStatus::ACCESS_DENIED);
  EXPECT_EQ(bob_opens("folders\\d", Access::read_data, CreateDisposition::create, directory), NtStatus::SUCCESS);
}

TEST_F(StoredSecurity, a_file_enters_a_directory_by_the_right_to_add_to_it) {
  make_directory("d", dacl_of({allow(bobs(), kFileGenericRead)}));
  make_empty("f");
  EXPECT_EQ(bob_renames("f", u"d\\f"), NtStatus::ACCESS_DENIED);
  make_directory("d", dacl_of({allow(bobs(), Access::write_data)}));
  EXPECT_EQ(bob_renames("f", u"d\\f"), NtStatus::SUCCESS);
}

TEST_F(StoredSecurity, what_is_replaced_has_to_be_deletable) {
  make_directory("d", dacl_of({allow(sid_everyone(), kFileGenericRead | kFileGenericWrite)}));
  make_empty("d\\old");
  make_empty("f");
  EXPECT_EQ(bob_renames("f", u"d\\old", true), NtStatus::ACCESS_DENIED);
  make("d\\old", dacl_of({allow(bobs(), Access::delete_object)}));
  EXPECT_EQ(bob_renames("f", u"d\\old", true), NtStatus::SUCCESS);
}

TEST_F(StoredSecurity, what_is_made_inherits_and_its_maker_gets_what_was_asked_for) {
  const AceFlags inherited = AceFlag::object_inherit | AceFlag::container_inherit;
  make_directory("d", dacl_of({allow(bobs(), kFileGenericRead, inherited), allow(bobs(), Access::write_data)}));
  const FileId made = bob().open(
      "d\\f", {.access = kFileAllAccess.without(Access::write_owner), .disposition = CreateDisposition::create});
  EXPECT_EQ(told(bob(), made), dacl_of({allow(bobs(), kFileGenericRead)}));
  EXPECT_EQ(bob().write(made, 0, "x"), NtStatus::SUCCESS);
  bob().close(made);
  EXPECT_EQ(bob_opens("d\\f", Access::write_data), NtStatus::ACCESS_DENIED);
}

TEST_F(StoredSecurity, a_directory_passes_on_what_it_inherited) {
  make_directory("d", dacl_of({allow(sid_everyone(), kFileAllAccess, AceFlag::container_inherit),
                               allow(bobs(), kFileGenericRead, AceFlag::object_inherit)}));
  bob().close(bob().open("d\\e", directory_args(CreateDisposition::create)));
  EXPECT_EQ(bob_opens("d\\e\\f", Access::write_data, CreateDisposition::create), NtStatus::SUCCESS);
  EXPECT_EQ(bob_opens("d\\e\\f", Access::write_data), NtStatus::ACCESS_DENIED);
  EXPECT_EQ(bob_opens("d\\e\\f", Access::read_data), NtStatus::SUCCESS);
}

TEST_F(StoredSecurity, a_descriptor_given_at_creation_is_stored) {
  const ByteVector bytes = encode_security_descriptor(dacl_of({allow(bobs(), kFileGenericRead)}));
  OpenArgs args{.disposition = CreateDisposition::create};
  args.contexts.push_back({wire::context_name::kSdBuffer, bytes});
  const FileId file = alice().open("f", args);
  EXPECT_EQ(told(alice(), file), dacl_of({allow(bobs(), kFileGenericRead)}));
}

TEST_F(StoredSecurity, a_descriptor_given_for_what_was_there_means_nothing) {
  make("f", dacl_of({allow(bobs(), kFileGenericRead | kFileGenericWrite)}));
  const ByteVector bytes = encode_security_descriptor(dacl_of({allow(bobs(), kFileAllAccess)}));
  OpenArgs args{.access = Access::write_data | Access::read_control, .disposition = CreateDisposition::overwrite};
  args.contexts.push_back({wire::context_name::kSdBuffer, bytes});
  const FileId file = bob().open("f", args);
  EXPECT_EQ(told(bob(), file), dacl_of({allow(bobs(), kFileGenericRead | kFileGenericWrite)}));
}

TEST_F(StoredSecurity, a_descriptor_given_with_a_new_stream_of_an_old_file_means_nothing) {
  const SecurityDescriptor before = dacl_of({allow(bobs(), kFileGenericRead | kFileGenericWrite)});
  make("f", before);
  const ByteVector bytes = encode_security_descriptor(dacl_of({allow(bobs(), kFileAllAccess)}));
  OpenArgs args{.access = Access::write_data | Access::read_control, .disposition = CreateDisposition::create};
  args.contexts.push_back({wire::context_name::kSdBuffer, bytes});
  EXPECT_EQ(told(bob(), bob().open("f:s", args)), before);
}

TEST_F(StoredSecurity, what_cannot_be_the_makers_is_not_made) {
  SecurityDescriptor wanted = dacl_of({allow(bobs(), kFileAllAccess)});
  wanted.owner = sid_of("alice");
  const ByteVector given_away = encode_security_descriptor(wanted);
  OpenArgs args{.disposition = CreateDisposition::create};
  args.contexts.push_back({wire::context_name::kSdBuffer, given_away});
  EXPECT_EQ(bob().create("f", args).status(), NtStatus::INVALID_OWNER);
  wanted.owner.reset();
  wanted.sacl.emplace();
  const ByteVector audited = encode_security_descriptor(wanted);
  args.contexts = {{wire::context_name::kSdBuffer, audited}};
  EXPECT_EQ(bob().create("f", args).status(), NtStatus::PRIVILEGE_NOT_HELD);
  EXPECT_EQ(bob_opens("f", Access::read_data), NtStatus::OBJECT_NAME_NOT_FOUND);
}

}  // namespace
}  // namespace dozo::server::testing
