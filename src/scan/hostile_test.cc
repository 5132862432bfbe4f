// Servers that do what no server should: every fact ends as not tested, or as what was rightly said before; nothing
// hangs, and nothing takes more time than it may.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scan/checks.h"
#include "scan/fact_fields.h"
#include "scan/first_words.h"
#include "scan/server_for_tests.h"
#include "wire/framing.h"

namespace dozo::scan {
namespace {

using namespace std::chrono_literals;
using testing::Behaviour;
using testing::HonestServer;
using testing::HostWorld;

runtime::Task<void> first_words(HostProbe& probe) {
  auto line = co_await probe.connect_smb();
  if (line) co_await say_first_words(probe, **line);
}

const std::vector<runtime::Task<void> (*)(HostProbe&)> kEverything = {first_words,      check_dialects, check_smb1,
                                                                      check_algorithms, check_smbghost, check_anonymous,
                                                                      check_guest,      check_ms17_010};

struct Outcome {
  HostFacts facts;
  Duration took{};
  int connections = 0;
};

Outcome scan(Behaviour& server) {
  HostWorld world(server, {.level = Level::deep});
  Outcome out;
  out.took = world.run(kEverything);
  out.facts = world.facts();
  out.connections = world.connections();
  leave_untested(out.facts, "the end");
  return out;
}

void expect_nothing_is_known(const Outcome& outcome) {
  for (const auto& fact : all_facts(outcome.facts)) {
    if (fact.name.starts_with("compression")) continue;
    EXPECT_NE(fact.fact->state, State::yes) << fact.name << ": " << fact.fact->why;
    EXPECT_FALSE(fact.fact->why.empty()) << fact.name;
  }
  EXPECT_LE(outcome.connections, static_cast<int>(ScanSettings{}.connections_max));
  EXPECT_LE(outcome.took, 120s);
}

class Silent final : public Behaviour {
  runtime::Task<void> serve(client::RawConnection& raw) override {
    while (co_await raw.receive_frame()) {
    }
  }
};
TEST(Hostile, silence_is_not_waited_for_again_and_again) {
  Silent server;
  const Outcome outcome = scan(server);
  expect_nothing_is_known(outcome);
  EXPECT_LE(outcome.took, 10s);
  EXPECT_THAT(outcome.facts.dialects.at("2.0.2").why, ::testing::HasSubstr("left alone"));
}

class HangsUp final : public Behaviour {
  runtime::Task<void> serve(client::RawConnection&) override { co_return; }
};
TEST(Hostile, hanging_up_at_once) {
  HangsUp server;
  expect_nothing_is_known(scan(server));
}

class Babbler final : public Behaviour {
 public:
  explicit Babbler(std::uint64_t seed) : random_(seed) {}
  runtime::Task<void> serve(client::RawConnection& raw) override {
    static_cast<void>(co_await raw.receive_frame());
    for (int i = 0; i < 20; ++i) {
      ByteVector bytes(1 + random_.below(3000));
      for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random_.below(256));
      const auto sent = framed_ ? co_await raw.send_frame(bytes) : co_await raw.send_bytes(bytes);
      if (!sent) co_return;
    }
  }
  bool framed_ = false;

 private:
  runtime::SeededRandom random_;
};
TEST(Hostile, random_bytes) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Babbler server(seed);
    server.framed_ = seed % 2 == 0;
    expect_nothing_is_known(scan(server));
  }
}

// Sends a constant, whatever it is asked.
class Constant final : public Behaviour {
 public:
  explicit Constant(ByteVector bytes) : bytes_(std::move(bytes)) {}
  runtime::Task<void> serve(client::RawConnection& raw) override {
    static_cast<void>(co_await raw.receive_frame());
    co_await raw.send_bytes(bytes_);
    while (co_await raw.receive_frame()) {
    }
  }

 private:
  ByteVector bytes_;
};
TEST(Hostile, lengths_that_lie) {
  for (const ByteVector& bytes : {ByteVector{0, 0xFF, 0xFF, 0xFF, 0xFE, 'S', 'M', 'B'}, ByteVector{0, 0, 0, 0},
                                  ByteVector{0, 0, 0, 3, 0xFE, 'S', 'M'}, ByteVector{0x85, 0, 0, 0, 0x85, 0, 0, 0},
                                  ByteVector{0, 0, 0, 64, 0xFE, 'S', 'M', 'B'}}) {
    Constant server(bytes);
    expect_nothing_is_known(scan(server));
  }
}

// What an honest server says, a byte each second.
class Dripper final : public Behaviour {
 public:
  runtime::Task<void> serve(client::RawConnection& raw) override {
    const auto frame = co_await raw.receive_frame();
    if (!frame) co_return;
    const ByteVector answer = honest_.answer_to(frame->view());
    ByteWriter bytes;
    bytes.bytes(wire::encode_frame_prefix(answer.size()));
    bytes.bytes(answer);
    for (const std::uint8_t byte : bytes.view()) {
      co_await runtime::sleep_for(raw.loop(), 1s);
      const auto sent = co_await raw.send_bytes(Bytes(&byte, 1));
      if (!sent) co_return;
    }
  }

 private:
  HonestServer honest_{{}};
};
TEST(Hostile, a_slow_drip_ends_at_its_deadline) {
  Dripper server;
  const Outcome outcome = scan(server);
  expect_nothing_is_known(outcome);
  EXPECT_LE(outcome.took, 10s);
}

// Puts every request off, again and again.
class Procrastinator final : public Behaviour {
  runtime::Task<void> serve(client::RawConnection& raw) override {
    HonestServer honest{{}};
    for (;;) {
      const auto frame = co_await raw.receive_frame();
      if (!frame) co_return;
      auto header = wire::decode_header(frame->view());
      if (header && header->command == wire::Command::negotiate) {
        co_await raw.send_frame(honest.answer_to(frame->view()));
        continue;
      }
      if (!header) co_return;
      header->status = NtStatus::PENDING;
      header->flags = wire::HeaderFlag::server_to_redir | wire::HeaderFlag::async_command;
      const ByteVector interim = client::make_message(*header, wire::ErrorResponse{});
      for (;;) {
        const auto sent = co_await raw.send_frame(interim);
        if (!sent) co_return;
        co_await runtime::sleep_for(raw.loop(), 1s);
      }
    }
  }
};
TEST(Hostile, a_logon_that_is_put_off_for_ever_ends) {
  Procrastinator server;
  const Outcome outcome = scan(server);
  EXPECT_EQ(outcome.facts.anonymous.state, State::untested);
  EXPECT_EQ(outcome.facts.guest.state, State::untested);
  EXPECT_EQ(outcome.facts.dialects.at("3.1.1").state, State::yes);
  EXPECT_LE(outcome.took, 180s);
}

// Sends back what it is sent.
class Mirror final : public Behaviour {
  runtime::Task<void> serve(client::RawConnection& raw) override {
    for (;;) {
      const auto frame = co_await raw.receive_frame();
      if (!frame) co_return;
      co_await raw.send_frame(frame->view());
    }
  }
};
TEST(Hostile, a_mirror) {
  Mirror server;
  expect_nothing_is_known(scan(server));
}

// An honest server one byte of whose answers is another.
class Flipper final : public Behaviour {
 public:
  explicit Flipper(std::size_t at) : at_(at) {}
  runtime::Task<void> serve(client::RawConnection& raw) override {
    for (;;) {
      const auto frame = co_await raw.receive_frame();
      if (!frame) co_return;
      ByteVector answer = honest_.answer_to(frame->view());
      if (answer.empty()) co_return;
      answer[at_ % answer.size()] ^= 0xFF;
      co_await raw.send_frame(answer);
    }
  }

 private:
  HonestServer honest_{{.compression = {wire::CompressionAlgorithm::lz77}, .smb1 = {"NT LM 0.12", "LANMAN2.1"}}};
  std::size_t at_;
};
TEST(Hostile, any_byte_may_be_wrong) {
  for (std::size_t at = 0; at < 400; ++at) {
    Flipper server(at);
    const Outcome outcome = scan(server);
    EXPECT_LE(outcome.took, 240s) << at;
  }
}

// An honest server whose answers end early, the frame's length with them.
class Cutter final : public Behaviour {
 public:
  explicit Cutter(std::size_t size) : size_(size) {}
  runtime::Task<void> serve(client::RawConnection& raw) override {
    for (;;) {
      const auto frame = co_await raw.receive_frame();
      if (!frame) co_return;
      ByteVector answer = honest_.answer_to(frame->view());
      if (answer.empty()) co_return;
      answer.resize(std::min(answer.size(), size_));
      co_await raw.send_frame(answer);
    }
  }

 private:
  HonestServer honest_{{.smb1 = {"NT LM 0.12"}}};
  std::size_t size_;
};
TEST(Hostile, an_answer_may_end_anywhere) {
  for (std::size_t size = 1; size < 128; ++size) {
    Cutter server(size);
    const Outcome outcome = scan(server);
    EXPECT_NE(outcome.facts.dialects.at("3.1.1").state, State::yes) << size;
  }
}

}  // namespace
}  // namespace dozo::scan
