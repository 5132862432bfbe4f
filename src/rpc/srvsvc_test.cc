#include "rpc/srvsvc.h"

#include "rpc/call.h"
#include "rpc/rpc_test_support.h"

namespace dozo::rpc {
namespace {

using namespace test;

constexpr std::uint16_t kConnectionEnum = 8, kFileEnum = 9, kSessionEnum = 12, kShareEnum = 15, kShareGetInfo = 16,
                        kServerGetInfo = 21, kRemoteTod = 28, kNameValidate = 33, kShareEnumSticky = 36;

struct Srvsvc : ::testing::Test {
  Srvsvc() {
    c.host.listed = {{.name = "public", .comment = "for all", .path = "C:\\srv\\public"},
                     {.name = "secret", .comment = "", .path = "C:\\srv\\secret", .max_uses = 5, .current_uses = 2},
                     {.name = "IPC$", .comment = "IPC Service", .kind = ShareKind::ipc, .special = true}};
    c.host.listed[1].flags = ShareInfoFlag::encrypt_data;
    SecurityDescriptor sd;
    sd.dacl = Acl{};
    c.host.listed[1].security = sd;
    c.bind();
  }
  void become_admin() { c.host.me.is_admin = true; }
  Client c{"srvsvc"};
};

struct EnumArguments {
  std::uint32_t level = 1;
  std::uint32_t preferred = 0xFFFFFFFF;
  std::optional<std::uint32_t> resume = std::nullopt;
};

// The parameters every enumeration ends with.
void put_enum(wire::NdrWriter& out, const EnumArguments& a) {
  out.u32(a.level);
  out.u32(a.level);
  out.pointer(true);
  out.u32(0);
  out.pointer(false);
  out.u32(a.preferred);
  out.pointer(a.resume.has_value());
  if (a.resume) out.u32(*a.resume);
}

// An enumeration's answer read by the member list of its level: 'n' a number, 's' a string, 'b' a counted blob.
struct EnumAnswer {
  std::vector<std::vector<std::string>> rows;
  std::uint32_t total = 0;
  std::optional<std::uint32_t> resume;
  NetError status{};
};

std::vector<std::vector<std::string>> read_rows(wire::NdrReader& in, std::string_view members, std::uint32_t count) {
  std::vector<std::vector<std::string>> rows(count);
  std::vector<std::vector<std::uint32_t>> flat(count);
  for (auto& f : flat) {
    for (std::size_t i = 0; i < members.size(); ++i) f.push_back(in.u32());
  }
  for (std::size_t r = 0; r < count; ++r) {
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (members[i] == 'n') rows[r].push_back(std::to_string(flat[r][i]));
      if (members[i] == 's') rows[r].push_back(flat[r][i] != 0 ? utf16_to_utf8(in.string()) : "(null)");
      if (members[i] == 'b' && flat[r][i] != 0) {
        const std::uint32_t size = in.u32();
        for (std::uint32_t k = 0; k < size; ++k) in.u8();
        rows[r].push_back("blob" + std::to_string(size));
      }
    }
  }
  return rows;
}

EnumAnswer read_enum_answer(Bytes stub, std::string_view members) {
  wire::NdrReader in(stub);
  EnumAnswer answer;
  in.u32();
  in.u32();
  if (in.pointer()) {
    const std::uint32_t count = in.u32();
    if (in.pointer()) {
      EXPECT_EQ(in.conformant_count(4), count);
      answer.rows = read_rows(in, members, count);
    }
  }
  answer.total = in.u32();
  if (in.pointer()) answer.resume = in.u32();
  answer.status = static_cast<NetError>(in.u32());
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(in.remaining(), 0u);
  return answer;
}

EnumAnswer share_enum(Client& c, const EnumArguments& a, std::string_view members, std::uint16_t opnum = kShareEnum) {
  wire::NdrWriter in;
  in.unique_string("\\\\files");
  put_enum(in, a);
  return read_enum_answer(c.call(opnum, in), members);
}

using Row = std::vector<std::string>;

TEST_F(Srvsvc, a_listing_of_macos_is_answered) {
  // NetrShareEnum level 1 with the server's address as its name, as Finder asks.
  const ByteVector stub =
      hex("01000000 0b000000 00000000 0b000000 3100 3900 3200 2e00 3000 2e00 3200 2e00 3600 3900 0000 0000"
          "01000000 01000000 01000000 00000000 00000000 ffffffff 01000000 00000000");
  const auto answer = read_enum_answer(c.call(kShareEnum, stub), "sns");
  EXPECT_EQ(answer.status, NetError::success);
  EXPECT_EQ(answer.total, 3u);
  ASSERT_EQ(answer.rows.size(), 3u);
  EXPECT_EQ(answer.rows[0], (Row{"public", "0", "for all"}));
  EXPECT_EQ(answer.rows[2], (Row{"IPC$", "2147483651", "IPC Service"}));
}

TEST_F(Srvsvc, level_0_is_names_alone) { EXPECT_EQ(share_enum(c, {.level = 0}, "s").rows[1], Row{"secret"}); }

TEST_F(Srvsvc, level_501_has_the_flags_of_the_share) {
  EXPECT_EQ(share_enum(c, {.level = 501}, "snsn").rows[1], (Row{"secret", "0", "", "32768"}));
}

TEST_F(Srvsvc, levels_with_paths_are_for_administrators) {
  for (const std::uint32_t level : {2u, 502u, 503u}) {
    const auto answer = share_enum(c, {.level = level}, "");
    EXPECT_EQ(answer.status, NetError::access_denied) << level;
    EXPECT_TRUE(answer.rows.empty());
  }
  become_admin();
  EXPECT_EQ(share_enum(c, {.level = 2}, "snsnnnss").rows[1],
            (Row{"secret", "0", "", "0", "5", "2", "C:\\srv\\secret", "(null)"}));
  EXPECT_EQ(share_enum(c, {.level = 502}, "snsnnnssnb").rows[1],
            (Row{"secret", "0", "", "0", "5", "2", "C:\\srv\\secret", "(null)", "28", "blob28"}));
  EXPECT_EQ(share_enum(c, {.level = 503}, "snsnnnsssnb").rows[0],
            (Row{"public", "0", "for all", "0", "4294967295", "0", "C:\\srv\\public", "(null)", "*", "0"}));
}

TEST_F(Srvsvc, an_unknown_level_is_said_to_be_one) {
  wire::NdrWriter in;
  in.unique_string(std::nullopt);
  put_enum(in, {.level = 77});
  const ByteVector stub = c.call(kShareEnum, in);
  ASSERT_EQ(stub.size(), 20u);  // level, discriminant, no arm, total, null resume handle, status
  EXPECT_EQ(load_le<std::uint32_t>(stub.data() + 16), 124u);
}

TEST_F(Srvsvc, what_does_not_fit_is_more_data_and_the_resume_handle_goes_on) {
  EnumArguments a{.level = 0, .preferred = 40, .resume = 0};
  const auto first = share_enum(c, a, "s");
  EXPECT_EQ(first.status, NetError::more_data);
  EXPECT_EQ(first.rows.size(), 2u);
  EXPECT_EQ(first.total, 3u);
  EXPECT_EQ(first.resume, 2u);
  a.resume = first.resume;
  const auto second = share_enum(c, a, "s");
  EXPECT_EQ(second.status, NetError::success);
  EXPECT_EQ(second.rows, std::vector<Row>{Row{"IPC$"}});
  EXPECT_EQ(second.total, 1u);
}

TEST_F(Srvsvc, a_buffer_for_not_even_one_entry_is_too_small) {
  EXPECT_EQ(share_enum(c, {.level = 0, .preferred = 3}, "s").status, NetError::buffer_too_small);
}

TEST_F(Srvsvc, a_resume_handle_beyond_the_end_lists_nothing) {
  for (const std::uint32_t resume : {3u, 0xFFFFFFFFu}) {
    const auto answer = share_enum(c, {.level = 0, .resume = resume}, "s");
    EXPECT_EQ(answer.status, NetError::success);
    EXPECT_TRUE(answer.rows.empty());
  }
}

TEST_F(Srvsvc, a_server_without_shares_lists_none) {
  c.host.listed.clear();
  const auto answer = share_enum(c, {}, "sns");
  EXPECT_EQ(answer.status, NetError::success);
  EXPECT_EQ(answer.total, 0u);
}

TEST_F(Srvsvc, sticky_shares_are_all_shares_but_not_at_level_501) {
  EXPECT_EQ(share_enum(c, {.level = 1}, "sns", kShareEnumSticky).rows.size(), 3u);
  wire::NdrWriter in;
  in.unique_string(std::nullopt);
  put_enum(in, {.level = 501});
  const ByteVector stub = c.call(kShareEnumSticky, in);
  EXPECT_EQ(load_le<std::uint32_t>(stub.data() + stub.size() - 4), 124u);
}

TEST_F(Srvsvc, a_container_that_brings_elements_is_a_bad_stub) {
  c.call(kShareEnum, hex("00000000 01000000 01000000 01000000 ffffffff 01000000 ffffffff ffffffff 00000000"));
  EXPECT_EQ(c.fault, kBadStub);
  c.call(kShareEnum, hex("00000000 01000000 02000000 01000000 00000000 00000000 ffffffff 00000000"));
  EXPECT_EQ(c.fault, kBadStub);
}

TEST_F(Srvsvc, an_enumeration_cut_short_anywhere_is_a_bad_stub) {
  wire::NdrWriter in;
  in.unique_string("\\\\files");
  put_enum(in, {.resume = 0});
  for (std::size_t n = 0; n < in.size(); ++n) {
    c.call(kShareEnum, in.view().first(n));
    EXPECT_EQ(c.fault, kBadStub) << n;
  }
}

std::vector<std::string> get_info(Client& c, std::uint16_t opnum, std::optional<std::string_view> name,
                                  std::uint32_t level, std::string_view members, NetError expected) {
  wire::NdrWriter in;
  in.unique_string(std::nullopt);
  if (name) in.string(*name);
  in.u32(level);
  const ByteVector stub = c.call(opnum, in);
  wire::NdrReader out(stub);
  EXPECT_EQ(out.u32(), level);
  Row row;
  if (out.pointer()) row = read_rows(out, members, 1)[0];
  EXPECT_EQ(static_cast<NetError>(out.u32()), expected);
  EXPECT_TRUE(out.ok());
  EXPECT_EQ(out.remaining(), 0u);
  return row;
}

TEST_F(Srvsvc, one_share_is_described_at_every_level) {
  const auto get = [this](std::uint32_t level, std::string_view members) {
    return get_info(c, kShareGetInfo, "SECRET", level, members, NetError::success);
  };
  EXPECT_EQ(get(0, "s"), Row{"secret"});
  EXPECT_EQ(get(1, "sns"), (Row{"secret", "0", ""}));
  EXPECT_EQ(get(501, "snsn"), (Row{"secret", "0", "", "32768"}));
  EXPECT_EQ(get(1005, "n"), Row{"32768"});
  become_admin();
  EXPECT_EQ(get(2, "snsnnnss").at(6), "C:\\srv\\secret");
  EXPECT_EQ(get(502, "snsnnnssnb").back(), "blob28");
  EXPECT_EQ(get(503, "snsnnnsssnb").at(8), "*");
}

TEST_F(Srvsvc, a_share_that_is_not_there_forbidden_or_unnamed_is_refused) {
  get_info(c, kShareGetInfo, "nothing", 1, "", NetError::share_not_found);
  get_info(c, kShareGetInfo, "secret", 2, "", NetError::access_denied);
  get_info(c, kShareGetInfo, "secret", 502, "", NetError::access_denied);
  get_info(c, kShareGetInfo, "secret", 7, "", NetError::invalid_level);
  get_info(c, kShareGetInfo, "", 1, "", NetError::invalid_parameter);
}

TEST_F(Srvsvc, the_server_is_described) {
  EXPECT_EQ(get_info(c, kServerGetInfo, {}, 100, "ns", NetError::success), (Row{"500", "FILES"}));
  const std::string types = std::to_string(c.host.info.types.bits());
  EXPECT_EQ(get_info(c, kServerGetInfo, {}, 101, "nsnnns", NetError::success),
            (Row{"500", "FILES", "6", "1", types, "dozo"}));
  get_info(c, kServerGetInfo, {}, 102, "", NetError::access_denied);
  get_info(c, kServerGetInfo, {}, 103, "", NetError::invalid_level);
  become_admin();
  EXPECT_EQ(get_info(c, kServerGetInfo, {}, 102, "nsnnnsnnnnnns", NetError::success).at(7), "4294967295");
}

TEST_F(Srvsvc, the_time_of_day_is_in_all_its_fields) {
  using namespace std::chrono;
  c.host.now = sys_days(year(2026) / 11 / 22) + hours(3) + minutes(4) + seconds(5) + milliseconds(678);
  wire::NdrWriter in;
  in.unique_string(std::nullopt);
  const ByteVector stub = c.call(kRemoteTod, in);
  wire::NdrReader out(stub);
  ASSERT_TRUE(out.pointer());
  std::vector<std::uint32_t> fields;
  for (int i = 0; i < 12; ++i) fields.push_back(out.u32());
  EXPECT_EQ(fields, (std::vector<std::uint32_t>{1795316645, 90000, 3, 4, 5, 67, static_cast<std::uint32_t>(-60), 310,
                                                22, 11, 2026, 0}));
  EXPECT_EQ(out.u32(), 0u);
}

EnumAnswer filtered_enum(Client& c, std::uint16_t opnum, std::vector<std::optional<std::string_view>> filters,
                         std::uint32_t level, std::string_view members) {
  wire::NdrWriter in;
  in.unique_string(std::nullopt);
  for (const auto& f : filters) in.unique_string(f);
  put_enum(in, {.level = level});
  return read_enum_answer(c.call(opnum, in), members);
}

TEST_F(Srvsvc, sessions_connections_and_files_are_for_administrators) {
  EXPECT_EQ(filtered_enum(c, kSessionEnum, {std::nullopt, std::nullopt}, 10, "").status, NetError::access_denied);
  EXPECT_EQ(filtered_enum(c, kConnectionEnum, {"public"}, 1, "").status, NetError::access_denied);
  EXPECT_EQ(filtered_enum(c, kFileEnum, {std::nullopt, std::nullopt}, 3, "").status, NetError::access_denied);
}

TEST_F(Srvsvc, sessions_are_listed_at_every_level_and_by_client_and_user) {
  using std::chrono::seconds;
  become_admin();
  c.host.all_sessions = {{"10.0.0.1", "alice", 3, seconds(60), seconds(5), false},
                         {"10.0.0.2", "bob", 0, {}, {}, true}};
  const auto list = [this](std::uint32_t level, std::string_view members) {
    return filtered_enum(c, kSessionEnum, {std::nullopt, std::nullopt}, level, members).rows;
  };
  EXPECT_EQ(list(0, "s"), (std::vector<Row>{{"10.0.0.1"}, {"10.0.0.2"}}));
  EXPECT_EQ(list(1, "ssnnnn")[0], (Row{"10.0.0.1", "alice", "3", "60", "5", "0"}));
  EXPECT_EQ(list(2, "ssnnnns")[1], (Row{"10.0.0.2", "bob", "0", "0", "0", "1", ""}));
  EXPECT_EQ(list(10, "ssnn")[0], (Row{"10.0.0.1", "alice", "60", "5"}));
  EXPECT_EQ(list(502, "ssnnnnss").size(), 2u);
  EXPECT_EQ(filtered_enum(c, kSessionEnum, {"\\\\10.0.0.2", std::nullopt}, 0, "s").rows,
            std::vector<Row>{{"10.0.0.2"}});
  EXPECT_EQ(filtered_enum(c, kSessionEnum, {std::nullopt, "ALICE"}, 0, "s").rows.size(), 1u);
  EXPECT_EQ(filtered_enum(c, kSessionEnum, {"\\\\nobody", std::nullopt}, 0, "").status, NetError::client_not_found);
  EXPECT_EQ(filtered_enum(c, kSessionEnum, {std::nullopt, "nobody"}, 0, "").status, NetError::user_not_found);
}

TEST_F(Srvsvc, connections_are_listed_by_share_or_by_computer) {
  become_admin();
  c.host.all_connections = {{.id = 7, .share = "public", .open_files = 1, .user = "alice", .client = "10.0.0.1"},
                            {.id = 8, .share = "secret", .user = "bob", .client = "10.0.0.2"}};
  EXPECT_EQ(filtered_enum(c, kConnectionEnum, {"PUBLIC"}, 1, "nnnnnss").rows,
            (std::vector<Row>{{"7", "0", "1", "1", "0", "alice", "10.0.0.1"}}));
  EXPECT_EQ(filtered_enum(c, kConnectionEnum, {"\\\\10.0.0.2"}, 1, "nnnnnss").rows[0].back(), "secret");
  EXPECT_EQ(filtered_enum(c, kConnectionEnum, {"secret"}, 0, "n").rows, std::vector<Row>{{"8"}});
  EXPECT_EQ(filtered_enum(c, kConnectionEnum, {std::nullopt}, 1, "").status, NetError::invalid_parameter);
  EXPECT_EQ(filtered_enum(c, kConnectionEnum, {std::string(1024, 'x')}, 1, "").status, NetError::invalid_parameter);
}

TEST_F(Srvsvc, open_files_are_listed_by_path_and_user) {
  become_admin();
  c.host.all_files = {{.id = 1, .reads = true, .writes = true, .locks = 2, .path = "C:\\srv\\a", .user = "alice"},
                      {.id = 2, .creates = true, .path = "C:\\other", .user = "bob"}};
  EXPECT_EQ(filtered_enum(c, kFileEnum, {std::nullopt, std::nullopt}, 2, "n").rows, (std::vector<Row>{{"1"}, {"2"}}));
  EXPECT_EQ(filtered_enum(c, kFileEnum, {"c:\\SRV", std::nullopt}, 3, "nnnss").rows,
            (std::vector<Row>{{"1", "3", "2", "C:\\srv\\a", "alice"}}));
  EXPECT_EQ(filtered_enum(c, kFileEnum, {std::nullopt, "bob"}, 3, "nnnss").rows[0][1], "4");
}

std::uint32_t validate(Client& c, std::string_view name, std::uint32_t type, std::uint32_t flags = 0) {
  wire::NdrWriter in;
  in.unique_string(std::nullopt);
  in.string(name);
  in.u32(type);
  in.u32(flags);
  return load_le<std::uint32_t>(c.call(kNameValidate, in).data());
}

TEST_F(Srvsvc, names_are_judged_by_their_type) {
  EXPECT_EQ(validate(c, "public", 9), 0u);
  EXPECT_EQ(validate(c, "a/b", 9), 123u);
  EXPECT_EQ(validate(c, "", 9), 123u);
  EXPECT_EQ(validate(c, std::string(81, 'x'), 9), 123u);
  EXPECT_EQ(validate(c, "two words", 6), 123u);
  EXPECT_EQ(validate(c, "pass/word", 2), 0u);
  EXPECT_EQ(validate(c, "public", 0), 87u);
  EXPECT_EQ(validate(c, "public", 14), 87u);
  EXPECT_EQ(validate(c, "public", 9, 1), 87u);
}

}  // namespace
}  // namespace dozo::rpc
