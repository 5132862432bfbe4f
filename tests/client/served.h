// What tests of the client against our own server are made of: a server in this process that listens on a simulated
// loop, and somebody between the two who may do as they like.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "client/link.h"
#include "server/testing/test_fixture.h"

namespace dozo::client::testing {

// What is done to what the server sends (and to the client's first frame), by somebody on the way.
struct Tampering {
  std::int64_t flip_answer_byte = -1;  // the byte of that number, counted from the connection's first
  std::uint8_t flip_mask = 1;
  ByteVector replace_in_first_frame;  // the client's: the first occurrence of these bytes …
  ByteVector replacement;             // … becomes these, which are as many
};

class ServedTest : public ::testing::Test {
 public:
  explicit ServedTest(server::testing::WorldOptions options = {});
  void TestBody() override {}
  void TearDown() override;

  runtime::SimulatedLoop& loop() { return world_->loop(); }
  server::testing::World& world() { return *world_; }

  // alice on "data", every call to the server through port 445.
  LinkTarget target() const;
  // Runs `body` to its end, or fails when it has not ended after a simulated hour.
  void run(runtime::Task<void> task);
  // What another program would have put there.
  void put_outside(const std::string& name, std::string_view text);

  // Ends every connection there is, as a network would that fails.
  void cut();
  // Nobody accepts connections any more, or again.
  void stop_listening();
  void start_listening();
  std::size_t connections() const { return accepted_; }
  Tampering tampering;

 private:
  runtime::Task<void> run_listener();
  runtime::Task<void> run_through(runtime::Socket outside);
  runtime::Task<void> relay_first_frame(runtime::Socket& from, runtime::Socket& to);
  runtime::Task<void> relay(runtime::Socket& from, runtime::Socket& to, bool answers);

  std::unique_ptr<server::testing::World> world_;
  runtime::Gate gate_;
  runtime::Handle listener_ = -1;
  std::vector<runtime::Handle> outside_;
  std::size_t accepted_ = 0;
};

std::shared_ptr<const Logon> logon_of(const std::string& user, const std::string& password);
// SUCCESS, or the error.
template <class T>
NtStatus status_of(const Result<T>& result) {
  return result ? NtStatus::SUCCESS : result.error();
}
// `size` bytes that repeat nowhere near.
ByteVector pattern(std::size_t size);

}  // namespace dozo::client::testing
