// Null sessions, and sessions that authenticate again as nobody. [MS-SMB2] 3.3.5.5.3; auth.anonymous.
#include "server/connection.h"
#include "server/testing/test_fixture.h"
#include "wire/fscc/file_set.h"
#include "wire/session_setup.h"
#include "wire/tree_connect.h"

namespace dozo::server::testing {
namespace {

class Anonymous : public ServerTest {
 protected:
  Anonymous() { options.config.auth.anonymous = AnonymousPolicy::ipc; }

  Client& negotiated(ClientOptions client_options = {}) {
    client_options.user.clear();
    client_options.sign = false;
    Client& peer = world().connect(std::move(client_options));
    peer.negotiate();
    return peer;
  }
  Client& nobody(ClientOptions client_options = {}) {
    Client& peer = negotiated(std::move(client_options));
    EXPECT_EQ(peer.log_on().status(), NtStatus::SUCCESS);
    return peer;
  }
  // alice, with a file open, has become nobody.
  FileId become_nobody() {
    const FileId file = alice().open("f");
    EXPECT_EQ(alice().reauthenticate("", "").status(), NtStatus::SUCCESS);
    return file;
  }
  NtStatus rename(FileId file, std::string_view name) {
    wire::FileRenameInformation to;
    to.file_name = utf8_to_utf16_lossy(name);
    return alice().set(file, wire::FileInfoClass::rename, to);
  }
};

TEST_F(Anonymous, is_refused_as_installed) {
  options.config.auth.anonymous = AuthConfig().anonymous;
  EXPECT_EQ(negotiated().log_on().status(), NtStatus::LOGON_FAILURE);
}

TEST_F(Anonymous, reauthentication_as_nobody_is_refused_as_installed) {
  options.config.auth.anonymous = AuthConfig().anonymous;
  EXPECT_EQ(alice().reauthenticate("", "").status(), NtStatus::LOGON_FAILURE);
}

TEST_F(Anonymous, a_session_says_that_it_is_null_and_is_not_signed) {
  for (const Dialect dialect : kAllDialects) {
    const Answer answer = negotiated({.dialect = dialect}).log_on();
    ASSERT_EQ(answer.status(), NtStatus::SUCCESS);
    EXPECT_EQ(answer.as<wire::SessionSetupResponse>().session_flags, wire::SessionFlag::is_null);
    EXPECT_FALSE(answer.is_signed);
  }
}

TEST_F(Anonymous, reaches_the_pipes_unsigned_where_everybody_else_must_sign) {
  Client& peer = nobody();
  ASSERT_EQ(options.config.server.signing, SigningPolicy::required);
  EXPECT_EQ(peer.connect_tree("IPC$").status(), NtStatus::SUCCESS);
}

TEST_F(Anonymous, signs_where_the_client_will_have_it_so) {
  Client& peer =
      nobody({.security_mode = wire::SecurityModeBit::signing_enabled | wire::SecurityModeBit::signing_required});
  EXPECT_EQ(peer.connect_tree("IPC$").status(), NtStatus::ACCESS_DENIED);
  EXPECT_EQ(peer.connect_tree("IPC$", {.sign = true}).status(), NtStatus::SUCCESS);
}

// Not even which shares there are: what exists, what does not and what is for others look the same.
TEST_F(Anonymous, no_share_but_the_pipes) {
  Client& peer = nobody();
  for (const char* share : {"data", "readonly", "secret", "bobs", "nowhere"}) {
    EXPECT_EQ(peer.connect_tree(share).status(), NtStatus::ACCESS_DENIED) << share;
  }
}

TEST_F(Anonymous, opens_the_pipes_that_have_something_for_everybody) {
  Client& peer = nobody();
  peer.connect_tree("IPC$");
  EXPECT_EQ(peer.create("srvsvc").status(), NtStatus::SUCCESS);
  EXPECT_EQ(peer.create("wkssvc").status(), NtStatus::SUCCESS);
  EXPECT_EQ(peer.create("lsarpc").status(), NtStatus::ACCESS_DENIED);
}

// [MS-SMB2] 3.3.5.5.3: ConstrainedConnection.
TEST_F(Anonymous, stays_within_the_limits_of_the_unauthenticated) {
  Client& peer = nobody();
  world().loop().run_for(std::chrono::seconds(31));
  EXPECT_TRUE(peer.is_disconnected());
}

TEST_F(Anonymous, a_name_given_later_ends_those_limits) {
  Client& peer = nobody();
  peer.options().sign = true;
  ASSERT_EQ(peer.log_on("alice", password_of("alice")).status(), NtStatus::SUCCESS);
  world().loop().run_for(std::chrono::seconds(31));
  EXPECT_FALSE(peer.is_disconnected());
}

// Its keys are known to all: whoever is on the network could go on as alice.
TEST_F(Anonymous, a_null_session_never_becomes_somebodys) {
  EXPECT_EQ(nobody().reauthenticate("alice", password_of("alice")).status(), NtStatus::ACCESS_DENIED);
}

TEST_F(Anonymous, a_null_session_takes_no_channel) {
  Client& first = nobody();
  Client& second = world().connect();
  second.negotiate();
  EXPECT_EQ(second.bind(first).status(), NtStatus::NOT_SUPPORTED);
}

TEST_F(Anonymous, nobody_ends_another_nobodys_session) {
  Client& first = nobody();
  nobody({.previous_session = first.session()});
  EXPECT_EQ(first.connect_tree("IPC$").status(), NtStatus::SUCCESS);
}

TEST_F(Anonymous, nobody_binds_to_no_session) {
  Client& second = world().connect({.user = ""});
  alice();
  second.negotiate();
  EXPECT_EQ(second.bind(alice()).status(), NtStatus::ACCESS_DENIED);
}

// --- A session that was somebody's.

TEST_F(Anonymous, what_was_open_before_keeps_working) {
  const FileId file = become_nobody();
  EXPECT_EQ(alice().write(file, 0, "still here"), NtStatus::SUCCESS);
  EXPECT_EQ(alice().read_text(file, 0, 10), "still here");
  EXPECT_EQ(alice().query(file, wire::FileInfoClass::standard).status(), NtStatus::SUCCESS);
  EXPECT_EQ(alice().close(file), NtStatus::SUCCESS);
}

TEST_F(Anonymous, nothing_new_is_opened) {
  become_nobody();
  for (const char* name : {"f", "not there", ""}) {
    EXPECT_EQ(alice().create(name).status(), NtStatus::ACCESS_DENIED) << name;
  }
  EXPECT_EQ(alice().connect_tree("data").status(), NtStatus::ACCESS_DENIED);
}

TEST_F(Anonymous, nothing_gets_another_name) {
  const FileId file = become_nobody();
  EXPECT_EQ(rename(file, "g"), NtStatus::ACCESS_DENIED);
  wire::FileLinkInformation link;
  link.file_name = u"h";
  EXPECT_EQ(alice().set(file, wire::FileInfoClass::link, link), NtStatus::ACCESS_DENIED);
}

TEST_F(Anonymous, no_stream_gets_another_name) {
  const FileId stream = alice().open("f:s");
  ASSERT_EQ(alice().reauthenticate("", "").status(), NtStatus::SUCCESS);
  EXPECT_EQ(rename(stream, ":t"), NtStatus::ACCESS_DENIED);
}

TEST_F(Anonymous, the_same_user_returns_and_goes_on) {
  const FileId file = become_nobody();
  ASSERT_EQ(alice().reauthenticate("alice", password_of("alice")).status(), NtStatus::SUCCESS);
  EXPECT_EQ(rename(file, "g"), NtStatus::SUCCESS);
  EXPECT_EQ(alice().create("g").status(), NtStatus::SUCCESS);
}

TEST_F(Anonymous, another_user_does_not_take_it_over_by_way_of_nobody) {
  become_nobody();
  EXPECT_EQ(alice().reauthenticate("bob", password_of("bob")).status(), NtStatus::ACCESS_DENIED);
}

// It is alice's session still: her keys, and what is not signed with them is not hers.
TEST_F(Anonymous, a_session_that_became_nobodys_goes_on_signing) {
  const FileId file = become_nobody();
  EXPECT_EQ(alice().write(file, 0, "x", {.sign = false}), NtStatus::ACCESS_DENIED);
}

}  // namespace
}  // namespace dozo::server::testing
