#include "model/inheritance.h"

#include <gtest/gtest.h>

namespace dozo {
namespace {

const Sid kOwner{5, {21, 1, 2, 3, 1000}};
const Sid kGroup{22, {2, 100}};
constexpr AceFlag kOi = AceFlag::object_inherit;
constexpr AceFlag kCi = AceFlag::container_inherit;
constexpr AceFlag kNp = AceFlag::no_propagate_inherit;
constexpr AceFlag kIo = AceFlag::inherit_only;

Ace ace_for(Sid sid, AccessMask mask, AceFlags flags = {}) { return {0, flags, mask, std::move(sid), {}}; }

SecurityDescriptor with_dacl(std::vector<Ace> aces, SdControls control = {}) {
  SecurityDescriptor out;
  out.control = control | SdControl::dacl_present;
  out.dacl = Acl{.aces = std::move(aces)};
  return out;
}

std::optional<SecurityDescriptor> made(const SecurityDescriptor* parent, bool container,
                                       const SecurityDescriptor* creator = nullptr) {
  return descriptor_of_new({parent, creator, container, kOwner, kGroup});
}

// The flags of what a child gets from one entry with these, for Everyone to read.
std::vector<AceFlags> passed_on(AceFlags flags, bool container) {
  const SecurityDescriptor parent = with_dacl({ace_for(sid_everyone(), Access::read_data, flags)});
  std::vector<AceFlags> out;
  const auto child = made(&parent, container);
  for (const Ace& ace : child ? child->dacl->aces : std::vector<Ace>()) out.push_back(ace.flags);
  return out;
}
using Passed = std::vector<AceFlags>;

TEST(Inheritance, files_get_what_objects_inherit) {
  // [MS-DTYP] 2.5.3.4.4, the table.
  for (const AceFlags flags : {AceFlags(kOi), kOi | kNp, kOi | kCi, kOi | kCi | kNp, kOi | kIo}) {
    EXPECT_EQ(passed_on(flags, false), Passed{AceFlags()}) << int{flags.bits()};
  }
  for (const AceFlags flags : {AceFlags(), AceFlags(kIo), AceFlags(kCi), kCi | kNp, AceFlags(kNp)}) {
    EXPECT_EQ(passed_on(flags, false), Passed{}) << int{flags.bits()};
  }
}

TEST(Inheritance, directories_get_what_containers_inherit_and_pass_on_the_rest) {
  EXPECT_EQ(passed_on(kOi, true), Passed{kOi | kIo});
  EXPECT_EQ(passed_on(kOi | kNp, true), Passed{});
  EXPECT_EQ(passed_on(kCi, true), Passed{AceFlags(kCi)});
  EXPECT_EQ(passed_on(kCi | kIo, true), Passed{AceFlags(kCi)});
  EXPECT_EQ(passed_on(kCi | kNp, true), Passed{AceFlags()});
  EXPECT_EQ(passed_on(kCi | kOi, true), Passed{kCi | kOi});
  EXPECT_EQ(passed_on(kCi | kOi | kNp, true), Passed{AceFlags()});
}

TEST(Inheritance, creator_owner_becomes_the_owner_and_stays_for_what_comes_later) {
  const SecurityDescriptor parent = with_dacl({ace_for(sid_creator_owner(), Access::write_data, kCi | kOi)});
  const auto directory = made(&parent, true);
  ASSERT_TRUE(directory);
  const std::vector<Ace> expected = {ace_for(kOwner, Access::write_data),
                                     ace_for(sid_creator_owner(), Access::write_data, kCi | kOi | kIo)};
  EXPECT_EQ(directory->dacl->aces, expected);
  EXPECT_EQ(directory->owner, kOwner);
}

TEST(Inheritance, creator_group_becomes_the_group) {
  const SecurityDescriptor parent = with_dacl({ace_for(sid_creator_group(), Access::read_data, kOi)});
  EXPECT_EQ(made(&parent, false)->dacl->aces, std::vector<Ace>{ace_for(kGroup, Access::read_data)});
}

TEST(Inheritance, generic_rights_are_mapped_where_they_are_effective) {
  const SecurityDescriptor parent = with_dacl({ace_for(sid_everyone(), Access::generic_read, kCi)});
  const std::vector<Ace> expected = {ace_for(sid_everyone(), kFileGenericRead),
                                     ace_for(sid_everyone(), Access::generic_read, kCi | kIo)};
  EXPECT_EQ(made(&parent, true)->dacl->aces, expected);
}

TEST(Inheritance, only_an_auto_inherited_parent_marks_what_it_passes_on) {
  const SecurityDescriptor parent =
      with_dacl({ace_for(sid_everyone(), Access::read_data, kOi)}, SdControl::dacl_auto_inherited);
  const auto child = made(&parent, false);
  EXPECT_EQ(child->dacl->aces[0].flags, AceFlags(AceFlag::inherited));
  EXPECT_TRUE(child->control.has(SdControl::dacl_auto_inherited));
  const SecurityDescriptor plain = with_dacl({ace_for(sid_everyone(), Access::read_data, kOi)});
  EXPECT_FALSE(made(&plain, false)->control.has(SdControl::dacl_auto_inherited));
}

TEST(Inheritance, nothing_said_is_the_default_of_whoever_asks) {
  EXPECT_FALSE(made(nullptr, false));
  const SecurityDescriptor parent = with_dacl({ace_for(sid_everyone(), kFileAllAccess)});
  EXPECT_FALSE(made(&parent, false));
  const SecurityDescriptor no_dacl;
  EXPECT_FALSE(made(&parent, false, &no_dacl));
}

TEST(Inheritance, what_the_creator_says_stands_alone_or_before_what_is_kept_up) {
  const Ace own = ace_for(kOwner, Access::read_data);
  const SecurityDescriptor creator = with_dacl({own});
  SecurityDescriptor parent = with_dacl({ace_for(sid_everyone(), Access::read_data, kOi)});
  EXPECT_EQ(made(&parent, false, &creator)->dacl->aces, std::vector<Ace>{own});
  parent.control |= SdControl::dacl_auto_inherited;
  const auto both = made(&parent, false, &creator);
  ASSERT_EQ(both->dacl->aces.size(), 2u);
  EXPECT_EQ(both->dacl->aces[0], own);
  EXPECT_TRUE(both->dacl->aces[1].flags.has(AceFlag::inherited));
}

TEST(Inheritance, a_protected_dacl_inherits_nothing_and_keeps_its_entries_as_its_own) {
  const SecurityDescriptor parent =
      with_dacl({ace_for(sid_everyone(), Access::read_data, kOi)}, SdControl::dacl_auto_inherited);
  const SecurityDescriptor creator =
      with_dacl({ace_for(kOwner, Access::read_data, AceFlag::inherited)}, SdControl::dacl_protected);
  const auto child = made(&parent, false, &creator);
  EXPECT_EQ(child->dacl->aces, std::vector<Ace>{ace_for(kOwner, Access::read_data)});
  EXPECT_TRUE(child->control.has(SdControl::dacl_protected));
}

TEST(Inheritance, inherited_entries_are_not_the_creators_to_give) {
  const SecurityDescriptor creator = with_dacl({ace_for(kOwner, Access::read_data, AceFlag::inherited)});
  EXPECT_TRUE(made(nullptr, false, &creator)->dacl->aces.empty());
}

TEST(Inheritance, a_creators_null_dacl_stays_null) {
  SecurityDescriptor creator;
  creator.control |= SdControl::dacl_present;
  const auto child = made(nullptr, false, &creator);
  EXPECT_TRUE(child->control.has(SdControl::dacl_present));
  EXPECT_FALSE(child->dacl);
}

TEST(AssignDacl, auto_inherited_is_kept_only_with_the_request_which_is_not) {
  for (const bool automatic : {false, true}) {
    for (const bool request : {false, true}) {
      SdControls control;
      if (automatic) control |= SdControl::dacl_auto_inherited;
      if (request) control |= SdControl::dacl_auto_inherit_req;
      SecurityDescriptor to;
      assign_dacl(to, with_dacl({}, control));
      EXPECT_EQ(to.control.has(SdControl::dacl_auto_inherited), automatic && request);
      EXPECT_FALSE(to.control.has(SdControl::dacl_auto_inherit_req));
    }
  }
}

TEST(AssignDacl, generic_rights_that_only_others_inherit_stay_generic) {
  SecurityDescriptor to;
  assign_dacl(to, with_dacl({ace_for(kOwner, Access::generic_read), ace_for(kOwner, Access::generic_read, kCi | kIo)}));
  EXPECT_EQ(to.dacl->aces[0].mask, kFileGenericRead);
  EXPECT_EQ(to.dacl->aces[1].mask, AccessMask(Access::generic_read));
}

TEST(AssignDacl, a_descriptor_without_a_dacl_makes_it_null) {
  SecurityDescriptor to = with_dacl({ace_for(kOwner, kFileAllAccess)}, SdControl::dacl_protected);
  assign_dacl(to, {});
  EXPECT_FALSE(to.dacl);
  EXPECT_EQ(to.control, SdControls(SdControl::dacl_present));
}

}  // namespace
}  // namespace dozo
