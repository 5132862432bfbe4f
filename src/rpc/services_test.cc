#include "rpc/services.h"

#include "rpc/rpc_test_support.h"

namespace dozo::rpc {
namespace {

TEST(Services, a_pipe_is_found_by_every_way_its_name_is_written) {
  for (const char* name : {"srvsvc", "SRVSVC", "\\srvsvc", "\\PIPE\\srvsvc", "pipe\\SrvSvc"}) {
    ASSERT_NE(find_pipe(name), nullptr) << name;
    EXPECT_EQ(find_pipe(name)->name, "srvsvc");
  }
}

TEST(Services, other_names_are_no_pipes) {
  for (const char* name : {"", "\\", "srvsv", "srvsvcx", "../srvsvc", "\\\\srvsvc", "pipe\\", "\\pipe\\pipe\\srvsvc",
                           "srvsvc\\", "samr", "srvsvc:stream"}) {
    EXPECT_EQ(find_pipe(name), nullptr) << name;
  }
}

TEST(Services, each_table_has_its_opnums_in_order_without_gaps) {
  for (const PipeInfo& pipe : all_pipes()) {
    for (const Interface* interface : pipe.interfaces) {
      for (std::size_t i = 0; i < interface->procedures.size(); ++i) {
        EXPECT_EQ(interface->procedures[i].opnum, i) << interface->name;
        EXPECT_FALSE(interface->procedures[i].name.empty());
      }
      EXPECT_EQ(find_procedure(*interface, 0xFFFF), nullptr);
    }
  }
}

TEST(Services, interfaces_have_the_uuids_of_their_specifications) {
  const auto uuid_of = [](std::string_view pipe) { return to_string(find_pipe(pipe)->interfaces[0]->syntax.uuid); };
  EXPECT_EQ(uuid_of("srvsvc"), "4b324fc8-1670-01d3-1278-5a47bf6ee188");
  EXPECT_EQ(uuid_of("wkssvc"), "6bffd098-a112-3610-9833-46c3f87e345a");
  EXPECT_EQ(uuid_of("lsarpc"), "12345778-1234-abcd-ef00-0123456789ab");
}

// What everybody is told anyway, and nothing that lists anything.
TEST(Services, nobody_is_answered_by_three_procedures) {
  std::vector<std::string> answering;
  for (const PipeInfo& pipe : all_pipes()) {
    test::Client c(pipe.name);
    c.host.me = {.user = "ANONYMOUS LOGON", .domain = "NT AUTHORITY", .is_admin = false, .is_anonymous = true};
    c.bind();
    for (const Procedure& procedure : pipe.interfaces[0]->procedures) {
      c.call(procedure.opnum, ByteVector(100, 0));
      if (procedure.handler == nullptr) continue;
      if (c.fault != static_cast<std::uint32_t>(Fault::access_denied)) answering.emplace_back(procedure.name);
    }
  }
  EXPECT_EQ(answering, (std::vector<std::string>{"NetrServerGetInfo", "NetrRemoteTOD", "NetrWkstaGetInfo"}));
}

TEST(Services, a_pipe_is_for_everybody_when_a_procedure_of_it_is) {
  for (const PipeInfo& pipe : all_pipes()) {
    bool has_any = false;
    for (const Interface* interface : pipe.interfaces) {
      for (const Procedure& procedure : interface->procedures) has_any |= procedure.callers == For::everybody;
    }
    EXPECT_EQ(has_any, pipe.openers == For::everybody) << pipe.name;
  }
}

// Any stub, of any length, to any procedure: an answer or a fault, never anything else.
TEST(Services, no_stub_harms_any_procedure) {
  for (const PipeInfo& pipe : all_pipes()) {
    test::Client c(pipe.name);
    c.host.me.is_admin = true;
    c.bind();
    for (std::uint16_t opnum = 0; opnum < pipe.interfaces[0]->procedures.size(); ++opnum) {
      for (const int fill : {0x00, 0x01, 0x04, 0x7F, 0xFF}) {
        for (const std::size_t length : {0u, 1u, 3u, 4u, 8u, 20u, 24u, 40u, 64u, 100u, 1000u}) {
          c.call(opnum, ByteVector(length, static_cast<std::uint8_t>(fill)));
        }
      }
    }
    SUCCEED();
  }
}

}  // namespace
}  // namespace dozo::rpc
