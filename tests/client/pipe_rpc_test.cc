// Remote procedure calls of the client to our own server.
#include <gtest/gtest.h>

#include "client/srvsvc.h"
#include "model/rpc_status.h"
#include "tests/client/served.h"

namespace dozo::client::testing {
namespace {

constexpr int kShares = 400;  // an answer of many fragments

server::testing::WorldOptions many_shares() {
  server::testing::WorldOptions options;
  for (int i = 0; i < kShares; ++i) {
    server::ShareConfig share;
    share.name = "share" + std::to_string(i);
    share.path = "memory:" + share.name;
    share.comment = std::string(60, 'c') + std::to_string(i);
    options.config.shares.push_back(share);
  }
  return options;
}

class PipeRpcTest : public ServedTest {
 protected:
  PipeRpcTest() : ServedTest(many_shares()) {}
  LinkTarget ipc() const {
    LinkTarget to = target();
    to.share = "IPC$";
    return to;
  }
};

runtime::Task<void> list(ServedTest& t, LinkTarget target, Result<std::vector<ListedShare>>& out) {
  Link link(t.loop(), std::move(target));
  out = co_await link.run([](Tree& tree) { return list_shares(tree); });
  co_await link.close();
}

TEST_F(PipeRpcTest, every_share_is_listed_however_many_fragments_that_takes) {
  Result<std::vector<ListedShare>> shares;
  run(list(*this, ipc(), shares));
  ASSERT_TRUE(shares);
  int found = 0;
  bool pipes = false;
  for (const ListedShare& share : *shares) {
    if (share.name == "IPC$") pipes = share.kind() == ListedKind::ipc && share.is_special();
    if (!share.name.starts_with("share")) continue;
    EXPECT_EQ(share.comment, std::string(60, 'c') + share.name.substr(5));
    ++found;
  }
  EXPECT_EQ(found, kShares);
  EXPECT_TRUE(pipes);
}

TEST_F(PipeRpcTest, an_encrypted_session_is_no_different) {
  LinkTarget sealed = ipc();
  sealed.connection.encrypt = true;
  Result<std::vector<ListedShare>> shares;
  run(list(*this, std::move(sealed), shares));
  ASSERT_TRUE(shares);
  EXPECT_GT(shares->size(), static_cast<std::size_t>(kShares));
}

struct Binding {
  std::string pipe;
  wire::RpcSyntax interface = kSrvsvcInterface;
  NtStatus status = NtStatus::SUCCESS;
  NtStatus called = NtStatus::SUCCESS;
};

runtime::Task<void> bind_and_call(ServedTest& t, LinkTarget target, Binding& binding) {
  Link link(t.loop(), std::move(target));
  const auto line = co_await link.line();
  if (line) {
    const auto rpc = co_await PipeRpc::bind(*(*line)->tree, binding.pipe, binding.interface);
    binding.status = status_of(rpc);
    if (rpc) {
      // A stub of several fragments, for a procedure there is none of.
      const auto answer = co_await (*rpc)->call(999, ByteVector(20'000));
      binding.called = status_of(answer);
      const auto closed = co_await (*rpc)->close();
      EXPECT_TRUE(closed);
    }
  }
  co_await link.close();
}

TEST_F(PipeRpcTest, what_is_not_there_is_said_to_be_not_there) {
  Binding no_pipe{.pipe = "no_such_pipe"};
  run(bind_and_call(*this, ipc(), no_pipe));
  EXPECT_EQ(no_pipe.status, NtStatus::OBJECT_NAME_NOT_FOUND);
  Binding no_interface{.pipe = "srvsvc", .interface = {{{1, 2, 3}}, 1, 0}};
  run(bind_and_call(*this, ipc(), no_interface));
  EXPECT_EQ(no_interface.status, kRpcUnknownInterface);
  Binding no_procedure{.pipe = "srvsvc"};
  run(bind_and_call(*this, ipc(), no_procedure));
  EXPECT_EQ(no_procedure.status, NtStatus::SUCCESS);
  EXPECT_EQ(no_procedure.called, kRpcProcedureOutOfRange);
}

}  // namespace
}  // namespace dozo::client::testing
