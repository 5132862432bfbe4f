// What a test of the server over the wire is made of: a world, clients in it, and the check that nothing was left
// behind.
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "base/unicode.h"
#include "server/testing/world.h"
#include "wire/error.h"

namespace dozo {

// As people read it, not as a number.
inline void PrintTo(NtStatus status, std::ostream* out) { *out << to_string(status); }

}  // namespace dozo

namespace dozo::server::testing {

class ServerTest : public ::testing::Test {
 protected:
  // Before the first use of world().
  WorldOptions options;

  World& world() {
    if (!world_) world_ = std::make_unique<World>(options);
    return *world_;
  }
  // alice on "data", 3.1.1, signed.
  Client& alice() {
    if (alice_ == nullptr) alice_ = &world().log_on();
    return *alice_;
  }
  Client& bob() {
    if (bob_ == nullptr) bob_ = &world().log_on({.user = "bob", .machine = 0xB0});
    return *bob_;
  }
  void TearDown() override {
    EXPECT_EQ(world().leave(), "");
    alice_ = bob_ = nullptr;
    world_.reset();
  }

  // The world ends, and the next use of it makes another one of `options`.
  void restart() {
    alice_ = bob_ = nullptr;
    world_.reset();
  }

 private:
  std::unique_ptr<World> world_;
  Client* alice_ = nullptr;
  Client* bob_ = nullptr;
};

inline OpenArgs directory_args(CreateDisposition disposition = CreateDisposition::open_if) {
  return {.disposition = disposition, .options = CreateOption::directory_file};
}

}  // namespace dozo::server::testing
