#include "rpc/lsarpc.h"

#include "rpc/call.h"
#include "rpc/lsa_lookup.h"
#include "rpc/rpc_test_support.h"

namespace dozo::rpc {
namespace {

using namespace test;

constexpr std::uint16_t kClose = 0, kOpenPolicy = 6, kQuery = 7, kEnumTrusted = 13, kLookupNames = 14, kLookupSids = 15,
                        kOpenPolicy2 = 44, kGetUserName = 45, kQuery2 = 46, kEnumTrustedEx = 50, kLookupSids2 = 57,
                        kLookupNames2 = 58, kLookupNames3 = 68, kLookupSids3 = 76, kLookupNames4 = 77;

NtStatus last_status(Bytes stub) { return static_cast<NtStatus>(load_le<std::uint32_t>(stub.last(4).data())); }

struct Lsarpc : ::testing::Test {
  Lsarpc() { c.bind(); }
  Client c{"lsarpc"};

  ByteVector open(std::uint32_t access, std::uint16_t opnum = kOpenPolicy2, std::uint32_t root = 0) {
    wire::NdrWriter in;
    in.pointer(false);
    for (const std::uint32_t v : {24u, root, 0u, 0u, 0u, 0u}) in.u32(v);
    if (root != 0) in.u8('x');
    in.u32(access);
    return c.call(opnum, in);
  }
  Guid policy() {
    const ByteVector stub = open(0x02000000);
    wire::NdrReader out(stub);
    return read_handle(out);
  }
};

TEST_F(Lsarpc, a_policy_is_opened_as_macos_does_and_closed_once) {
  const ByteVector stub =
      c.call(kOpenPolicy2,
             hex("01000000 0b000000 00000000 0b000000 3100 3900 3200 2e00 3000 2e00 3200 2e00 3600 3900 0000 0000"
                 "18000000 00000000 00000000 00000000 00000000 01000000 0c000000 0200 01 00 00080000"));
  ASSERT_EQ(stub.size(), 24u);
  EXPECT_EQ(last_status(stub), NtStatus::SUCCESS);
  const ByteVector closed = c.call(kClose, Bytes(stub).first(20));
  EXPECT_EQ(closed, ByteVector(24));
  c.call(kClose, Bytes(stub).first(20));
  EXPECT_EQ(c.fault, kContextMismatch);
}

TEST_F(Lsarpc, the_first_form_of_open_takes_one_character_of_a_name) {
  wire::NdrWriter in;
  in.pointer(true);
  in.u16('\\');
  for (const std::uint32_t v : {24u, 0u, 0u, 0u, 0u, 0u, 0x800u}) in.u32(v);
  EXPECT_EQ(last_status(c.call(kOpenPolicy, in)), NtStatus::SUCCESS);
}

TEST_F(Lsarpc, rights_that_change_the_policy_are_for_administrators) {
  EXPECT_EQ(last_status(open(0x00000010)), NtStatus::ACCESS_DENIED);
  c.host.me.is_admin = true;
  EXPECT_EQ(last_status(open(0x00000010)), NtStatus::SUCCESS);
}

TEST_F(Lsarpc, a_root_directory_is_an_invalid_parameter) {
  EXPECT_EQ(last_status(open(0x800, kOpenPolicy2, 1)), NtStatus::INVALID_PARAMETER);
}

TEST_F(Lsarpc, handles_are_bounded_and_given_back) {
  ByteVector last;
  for (std::size_t i = 0; i < ContextHandles::kMax; ++i) last = open(0x800);
  EXPECT_EQ(last_status(last), NtStatus::SUCCESS);
  EXPECT_EQ(last_status(open(0x800)), NtStatus::INSUFFICIENT_RESOURCES);
  c.call(kClose, Bytes(last).first(20));
  EXPECT_EQ(last_status(open(0x800)), NtStatus::SUCCESS);
}

TEST_F(Lsarpc, every_call_with_a_handle_nobody_gave_out_is_a_context_mismatch) {
  const ByteVector other_pipes = [] {
    Client other("lsarpc");
    other.bind();
    wire::NdrWriter in;
    in.pointer(false);
    for (const std::uint32_t v : {24u, 0u, 0u, 0u, 0u, 0u, 0x800u}) in.u32(v);
    return other.call(kOpenPolicy2, in);
  }();
  const ByteVector null_handle(20);
  for (const Bytes handle : {Bytes(null_handle), Bytes(other_pipes).first(20)}) {
    for (const std::uint16_t opnum : {kClose, kQuery, kQuery2, kEnumTrusted, kEnumTrustedEx, kLookupNames, kLookupSids,
                                      kLookupNames2, kLookupNames3, kLookupSids2}) {
      ByteVector stub(handle.begin(), handle.end());
      stub.resize(100);
      c.call(opnum, stub);
      EXPECT_EQ(c.fault, kContextMismatch) << opnum;
    }
  }
}

TEST_F(Lsarpc, the_account_domain_is_the_machine) {
  for (const std::uint16_t level : {std::uint16_t{5}, std::uint16_t{14}}) {
    wire::NdrWriter in;
    write_handle(in, policy());
    in.u16(level);
    const ByteVector stub = c.call(kQuery2, in);
    wire::NdrReader out(stub);
    ASSERT_TRUE(out.pointer());
    EXPECT_EQ(out.u16(), level);
    const auto name = out.unicode_header();
    EXPECT_TRUE(out.pointer());
    EXPECT_EQ(out.unicode_body(name), u"FILES");
    EXPECT_EQ(out.sid(), c.host.info.machine_sid);
    EXPECT_EQ(out.u32(), 0u);
    EXPECT_EQ(out.remaining(), 0u);
  }
}

TEST_F(Lsarpc, the_primary_domain_of_a_workgroup_has_no_sid_and_that_of_a_domain_has) {
  for (const bool joined : {false, true}) {
    if (joined) c.host.info.domain_sid = sid_from_string("S-1-5-21-7-8-9").value();
    wire::NdrWriter in;
    write_handle(in, policy());
    in.u16(3);
    const ByteVector stub = c.call(kQuery, in);
    wire::NdrReader out(stub);
    out.pointer();
    out.u16();
    const auto name = out.unicode_header();
    EXPECT_EQ(out.pointer(), joined);
    EXPECT_EQ(out.unicode_body(name), u"WORKGROUP");
    if (joined) EXPECT_EQ(out.sid(), c.host.info.domain_sid);
    EXPECT_EQ(out.u32(), 0u);
    EXPECT_TRUE(out.ok());
  }
}

TEST_F(Lsarpc, the_dns_domain_has_its_names) {
  c.host.info.dns_domain = "corp.example";
  wire::NdrWriter in;
  write_handle(in, policy());
  in.u16(12);
  const ByteVector stub = c.call(kQuery2, in);
  wire::NdrReader out(stub);
  out.pointer();
  EXPECT_EQ(out.u16(), 12);
  const auto name = out.unicode_header();
  const auto dns = out.unicode_header();
  const auto forest = out.unicode_header();
  EXPECT_TRUE(out.guid().is_null());
  EXPECT_FALSE(out.pointer());
  EXPECT_EQ(out.unicode_body(name), u"WORKGROUP");
  EXPECT_EQ(out.unicode_body(dns), u"corp.example");
  EXPECT_EQ(out.unicode_body(forest), u"corp.example");
  EXPECT_EQ(out.u32(), 0u);
  EXPECT_EQ(out.remaining(), 0u);
}

TEST_F(Lsarpc, other_policy_classes_are_invalid_parameters) {
  for (const int level : {0, 2, 6, 15, 0xFFFF}) {
    wire::NdrWriter in;
    write_handle(in, policy());
    in.u16(static_cast<std::uint16_t>(level));
    const ByteVector stub = c.call(kQuery2, in);
    EXPECT_EQ(stub, hex("00000000 0d0000c0")) << level;
  }
}

void put_names(wire::NdrWriter& in, const Guid& handle, const std::vector<std::string>& names, bool extended) {
  write_handle(in, handle);
  const auto count = static_cast<std::uint32_t>(names.size());
  in.u32(count);
  in.u32(count);
  for (const auto& n : names) in.unicode_header(n);
  for (const auto& n : names) in.unicode_body(n);
  in.u32(0);
  in.pointer(false);
  in.u16(1);
  in.u32(0);
  if (!extended) return;
  in.u32(0);
  in.u32(2);
}

std::vector<std::pair<std::string, Sid>> read_domains(wire::NdrReader& out) {
  std::vector<std::pair<std::string, Sid>> domains;
  EXPECT_TRUE(out.pointer());
  const std::uint32_t count = out.u32();
  const bool present = out.pointer();
  EXPECT_EQ(out.u32(), count);
  EXPECT_EQ(present, count != 0);
  if (!present) return domains;
  EXPECT_EQ(out.u32(), count);
  std::vector<wire::NdrReader::UnicodeHeader> headers;
  for (std::uint32_t i = 0; i < count; ++i) {
    headers.push_back(out.unicode_header());
    EXPECT_TRUE(out.pointer());
  }
  for (const auto& h : headers) {
    std::string name = utf16_to_utf8(out.unicode_body(h));
    domains.emplace_back(std::move(name), out.sid().value_or(Sid{}));
  }
  return domains;
}

TEST_F(Lsarpc, names_are_looked_up_with_rids_and_domains) {
  wire::NdrWriter in;
  put_names(in, policy(), {"alice", "BUILTIN\\Administrators", "nobody", "FILES"}, false);
  const ByteVector stub = c.call(kLookupNames, in);
  wire::NdrReader out(stub);
  const auto domains = read_domains(out);
  ASSERT_EQ(domains.size(), 2u);
  EXPECT_EQ(domains[0], std::pair(std::string("FILES"), c.host.info.machine_sid));
  EXPECT_EQ(domains[1], std::pair(std::string("BUILTIN"), sid_builtin()));
  EXPECT_EQ(out.u32(), 4u);
  EXPECT_TRUE(out.pointer());
  EXPECT_EQ(out.u32(), 4u);
  const std::uint32_t expected[4][3] = {{1, 1001, 0}, {4, 544, 1}, {8, 0, 0xFFFFFFFF}, {3, 0xFFFFFFFF, 0}};
  for (const auto& e : expected) {
    EXPECT_EQ(out.u16(), e[0]);
    EXPECT_EQ(out.u32(), e[1]);
    EXPECT_EQ(out.u32(), e[2]);
  }
  EXPECT_EQ(out.u32(), 3u);
  EXPECT_EQ(static_cast<NtStatus>(out.u32()), NtStatus::SOME_NOT_MAPPED);
  EXPECT_EQ(out.remaining(), 0u);
}

TEST_F(Lsarpc, the_later_forms_of_name_lookup_add_flags_and_whole_sids) {
  for (const std::uint16_t opnum : {kLookupNames2, kLookupNames3}) {
    wire::NdrWriter in;
    put_names(in, policy(), {"alice"}, true);
    const ByteVector stub = c.call(opnum, in);
    wire::NdrReader out(stub);
    read_domains(out);
    out.u32();
    out.pointer();
    out.u32();
    EXPECT_EQ(out.u16(), 1);
    EXPECT_NE(out.u32(), 0u);  // a rid, or a pointer
    EXPECT_EQ(out.u32(), 0u);
    EXPECT_EQ(out.u32(), 0u);
    if (opnum == kLookupNames3) EXPECT_EQ(out.sid(), c.host.info.machine_sid.child(1001));
    EXPECT_EQ(out.u32(), 1u);
    EXPECT_EQ(static_cast<NtStatus>(out.u32()), NtStatus::SUCCESS);
    EXPECT_EQ(out.remaining(), 0u);
  }
}

TEST_F(Lsarpc, a_lookup_of_macos_that_finds_nobody_is_none_mapped) {
  wire::NdrWriter in;
  put_names(in, policy(), {"nobody"}, false);
  EXPECT_EQ(c.call(kLookupNames, in), hex("04000200 00000000 00000000 00000000 01000000 08000200 01000000"
                                          "08000000 00000000 ffffffff 00000000 730000c0"));
}

TEST_F(Lsarpc, more_than_a_thousand_names_are_refused) {
  wire::NdrWriter in;
  put_names(in, policy(), std::vector<std::string>(1001), false);
  EXPECT_EQ(last_status(c.call(kLookupNames, in)), NtStatus::INVALID_PARAMETER);
}

void put_sids(wire::NdrWriter& in, const Guid& handle, const std::vector<Sid>& sids, bool extended) {
  write_handle(in, handle);
  const auto count = static_cast<std::uint32_t>(sids.size());
  in.u32(count);
  in.pointer(count != 0);
  if (count != 0) in.u32(count);
  for (std::size_t i = 0; i < sids.size(); ++i) in.pointer(true);
  for (const Sid& s : sids) in.sid(s);
  in.u32(0);
  in.pointer(false);
  in.u16(1);
  in.u32(0);
  if (!extended) return;
  in.u32(0);
  in.u32(2);
}

TEST_F(Lsarpc, sids_are_looked_up_and_unknown_ones_come_back_as_text) {
  for (const std::uint16_t opnum : {kLookupSids, kLookupSids2}) {
    wire::NdrWriter in;
    put_sids(in, policy(), {c.host.info.machine_sid.child(1001), sid_system()}, opnum == kLookupSids2);
    const ByteVector stub = c.call(opnum, in);
    wire::NdrReader out(stub);
    EXPECT_EQ(read_domains(out).size(), 1u);
    EXPECT_EQ(out.u32(), 2u);
    EXPECT_TRUE(out.pointer());
    EXPECT_EQ(out.u32(), 2u);
    std::vector<wire::NdrReader::UnicodeHeader> names;
    for (const std::uint32_t domain : {0u, 0xFFFFFFFFu}) {
      EXPECT_EQ(out.u16(), domain == 0 ? 1 : 8);
      names.push_back(out.unicode_header());
      EXPECT_EQ(out.u32(), domain);
      if (opnum == kLookupSids2) EXPECT_EQ(out.u32(), 0u);
    }
    EXPECT_EQ(out.unicode_body(names[0]), u"alice");
    EXPECT_EQ(out.unicode_body(names[1]), u"S-1-5-18");
    EXPECT_EQ(out.u32(), 1u);
    EXPECT_EQ(static_cast<NtStatus>(out.u32()), NtStatus::SOME_NOT_MAPPED);
    EXPECT_EQ(out.remaining(), 0u);
  }
}

TEST_F(Lsarpc, lookups_cut_short_anywhere_are_bad_stubs) {
  wire::NdrWriter names;
  put_names(names, policy(), {"alice", "FILES\\bob"}, true);
  wire::NdrWriter sids;
  put_sids(sids, policy(), {sid_administrators(), sid_system()}, true);
  for (std::size_t n = 0; n < names.size(); ++n) {
    c.call(kLookupNames2, names.view().first(n));
    EXPECT_EQ(c.fault, kBadStub) << n;
  }
  for (std::size_t n = 0; n < sids.size(); ++n) {
    c.call(kLookupSids2, sids.view().first(n));
    EXPECT_EQ(c.fault, kBadStub) << n;
  }
}

TEST_F(Lsarpc, counts_that_lie_are_bad_stubs) {
  const Guid handle = policy();
  for (const std::uint32_t count : {2u, 0xFFFFu, 0x20000000u, 0xFFFFFFFFu}) {
    wire::NdrWriter in;
    put_names(in, handle, {"alice"}, false);
    ByteVector stub(in.view().begin(), in.view().end());
    store_le(stub.data() + 20, count);
    c.call(kLookupNames, stub);
    EXPECT_EQ(c.fault, kBadStub) << count;
    store_le(stub.data() + 24, count);
    c.call(kLookupNames, stub);
    EXPECT_EQ(c.fault, kBadStub) << count;
  }
}

TEST_F(Lsarpc, lookups_between_controllers_are_refused) {
  EXPECT_EQ(last_status(c.call(kLookupNames4, ByteVector(40))), NtStatus::INVALID_SERVER_STATE);
  EXPECT_EQ(last_status(c.call(kLookupSids3, ByteVector(40))), NtStatus::INVALID_SERVER_STATE);
}

TEST_F(Lsarpc, the_callers_name_is_told_with_and_without_its_domain) {
  const ByteVector with = c.call(kGetUserName, hex("00000000 00000000 01000000 00000000"));
  EXPECT_EQ(with, hex("04000200 0a000a00 08000200 05000000 00000000 05000000 6100 6c00 6900 6300 6500 0000"
                      "0c000200 10000200 0a000a00 14000200 05000000 00000000 05000000 4600 4900 4c00 4500 5300 0000"
                      "00000000"));
  const ByteVector without = c.call(kGetUserName, hex("00000000 00000000 00000000"));
  EXPECT_EQ(load_le<std::uint32_t>(without.data() + without.size() - 8), 0u);
}

TEST_F(Lsarpc, there_are_no_trusted_domains) {
  for (const std::uint16_t opnum : {kEnumTrusted, kEnumTrustedEx}) {
    wire::NdrWriter in;
    write_handle(in, policy());
    in.u32(5);
    in.u32(0xFFFF);
    EXPECT_EQ(c.call(opnum, in), hex("05000000 00000000 00000000 1a000080"));
  }
}

TEST(LsaLookup, account_names_are_cut_where_people_mean_it) {
  const auto parts = [](std::string_view text) {
    const AccountName n = split_account_name(text);
    return n.domain + "|" + n.name;
  };
  EXPECT_EQ(parts("alice"), "|alice");
  EXPECT_EQ(parts("FILES\\alice"), "FILES|alice");
  EXPECT_EQ(parts("alice@corp.example"), "corp.example|alice");
  EXPECT_EQ(parts("FILES\\a@b"), "FILES|a@b");
  EXPECT_EQ(parts("\\"), "|");
}

}  // namespace
}  // namespace dozo::rpc
