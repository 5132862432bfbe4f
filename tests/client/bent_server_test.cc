// The client against a server whose answers are bent at random. What the fuzz target fuzz_client looks for at length.
#include "tests/client/bent_server.h"

#include <gtest/gtest.h>

namespace dozo::client::testing {
namespace {

TEST(BentServer, is_a_server_while_nothing_is_bent) { EXPECT_EQ(run_against_bent_server({}), 12); }

TEST(BentServer, ends_every_call_and_breaks_nothing) {
  int worked = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    runtime::SeededRandom random(seed);
    ByteVector input(400);
    for (auto& byte : input) byte = static_cast<std::uint8_t>(random.next());
    // Half of them bend nothing at first, so that what comes later is reached.
    if (seed % 2 == 0) std::fill(input.begin(), input.begin() + static_cast<std::ptrdiff_t>(seed % 30), 0);
    worked += run_against_bent_server(input);
  }
  EXPECT_GT(worked, 300);
  EXPECT_LT(worked, 3000);
}

// Found by fuzz_client: the answer to an open that claims 222 TiB.
TEST(BentServer, a_size_that_is_only_claimed_takes_no_memory) {
  constexpr std::uint8_t kInput[] = {0x2A, 0x27, 0, 0, 0, 0, 0x2E, 0, 0x33, 0x65, 0xC4, 0xDE, 0x4B};
  EXPECT_GT(run_against_bent_server(kInput), 0);
}

runtime::Task<NtStatus> status_of_listing(Tree& tree) {
  const auto entries = co_await list_directory(tree, "");
  co_return entries ? NtStatus::SUCCESS : entries.error();
}

TEST(BentServer, names_that_lead_elsewhere_are_not_names) {
  for (const char16_t* name : {u"../x", u"..\\x", u"a/b", u"/etc/passwd", u""}) {
    runtime::SimulatedLoop loop(1);
    FuzzInput nothing({});
    const auto [ours, theirs] = loop.make_pair();
    runtime::Gate gate;
    BentServer server(std::make_unique<RawConnection>(runtime::Socket(loop, theirs)), nothing);
    server.names = {u"fine", name};
    NtStatus status = NtStatus::SUCCESS;
    runtime::spawn(gate, server.run());
    runtime::spawn(gate, meet_bent_server(loop, ours, status, status_of_listing));
    ASSERT_TRUE(loop.run_until([&gate] { return gate.count() == 0; }));
    EXPECT_EQ(status, NtStatus::INVALID_NETWORK_RESPONSE);
  }
}

}  // namespace
}  // namespace dozo::client::testing
