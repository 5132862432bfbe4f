// Questions over UDP on the loopback: what is an answer, what is none, and that there is an end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "netbios/dns_message.h"
#include "netbios/exchange.h"
#include "runtime/epoll_loop.h"
#include "runtime/gate.h"

namespace dozo::netbios {
namespace {

using runtime::Endpoint;
using runtime::Loop;
using runtime::Task;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using Replies = std::vector<ByteVector>;
using Answer = Replies (*)(const NamePacket& request, Bytes raw);

constexpr Patience kShort{.timeout = std::chrono::milliseconds(200), .attempts = 2, .datagrams_max = 64};

NamePacket status_reply(const NamePacket& request) {
  NamePacket reply{.id = request.id, .response = true, .name = request.name, .type = kTypeNbstat};
  reply.status = NodeStatus{{{{"STOREHOUSE", kFileServer, ""}, {.active = true}}}, {1, 2, 3, 4, 5, 6}};
  return reply;
}

NamePacket name_reply(const NamePacket& request, std::uint8_t rcode) {
  NamePacket reply{.id = request.id, .response = true, .rcode = rcode, .name = request.name, .type = kTypeNb};
  if (rcode == 0) reply.addresses = {{{}, {192, 0, 2, 7}}};
  return reply;
}

// A name service on the loopback that answers as it is told, and a client's question to it; run() runs both.
class ExchangeTest : public testing::Test {
 protected:
  ExchangeTest() : loop_(runtime::make_epoll_loop()) {
    std::string error;
    socket_ = UdpSocket::open(*loop_, AF_INET, error);
    EXPECT_EQ(socket_.bind(*endpoint_of("127.0.0.1", 0)), 0);
    where_ = runtime::local_endpoint(socket_.fd());
  }

  template <class T, class Ask>
  T run(Answer answer, Ask ask) {
    std::optional<T> result;
    loop_->post([&] {
      runtime::spawn(gate_, serve(answer));
      runtime::spawn(gate_, finish<T>(ask(*loop_, where_), result));
    });
    loop_->run();
    return std::move(*result);
  }

 private:
  Task<void> serve(Answer answer) {
    while (!done_) {
      const auto datagram = co_await socket_.receive(loop_->now() + std::chrono::milliseconds(50));
      if (!datagram) continue;
      const auto request = decode_name_packet(datagram->data);
      for (const ByteVector& reply : answer(request.value_or(NamePacket{}), datagram->data)) {
        socket_.send_to(datagram->from, reply);
      }
    }
    loop_->stop();
  }
  template <class T>
  Task<void> finish(Task<T> task, std::optional<T>& result) {
    T value = co_await task;
    result.emplace(std::move(value));
    done_ = true;
  }

  std::unique_ptr<Loop> loop_;
  runtime::Gate gate_;
  UdpSocket socket_;
  Endpoint where_;
  bool done_ = false;
};

using Status = std::expected<FoundStatus, std::string>;
Task<Status> ask_status(Loop& loop, Endpoint to) { return ask_node_status(loop, std::move(to), kShort); }
Task<NameAnswers> ask_server(Loop& loop, Endpoint to) {
  return ask_name_server(loop, std::move(to), {"STOREHOUSE", kFileServer, ""}, kShort);
}
Task<NameAnswers> ask_everybody(Loop& loop, Endpoint to) {
  return ask_name_broadcast(loop, std::move(to), {"STOREHOUSE", kFileServer, ""}, kShort);
}

TEST_F(ExchangeTest, name_table_and_mac_come_back) {
  const auto found = run<Status>(
      [](const NamePacket& request, Bytes) { return Replies{*encode_name_packet(status_reply(request))}; }, ask_status);
  ASSERT_TRUE(found) << found.error();
  ASSERT_THAT(found->status.names, SizeIs(1));
  EXPECT_EQ(mac_text(found->status.unit_id), "01-02-03-04-05-06");
}

TEST_F(ExchangeTest, another_id_is_no_answer) {
  const auto found = run<Status>(
      [](const NamePacket& request, Bytes) {
        NamePacket reply = status_reply(request);
        ++reply.id;
        return Replies{*encode_name_packet(reply)};
      },
      ask_status);
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error(), HasSubstr("2 datagrams came"));
}

TEST_F(ExchangeTest, an_answer_behind_noise_is_found) {
  const auto found = run<Status>(
      [](const NamePacket& request, Bytes raw) {
        return Replies{{}, {0xFF}, {raw.begin(), raw.end()}, *encode_name_packet(status_reply(request))};
      },
      ask_status);
  EXPECT_TRUE(found);
}

TEST_F(ExchangeTest, a_flood_ends_at_its_bound) {
  const auto found = run<Status>([](const NamePacket&, Bytes) { return Replies(100, {1, 2, 3}); }, ask_status);
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error(), HasSubstr("64 datagrams came"));
}

TEST_F(ExchangeTest, silence_is_said_with_its_time) {
  const auto found = run<Status>([](const NamePacket&, Bytes) { return Replies{}; }, ask_status);
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error(), HasSubstr("within 0.4 s"));
}

TEST_F(ExchangeTest, a_closed_port_is_told_from_silence) {
  const auto found =
      run<Status>([](const NamePacket&, Bytes) { return Replies{}; },
                  [](Loop& loop, Endpoint) { return ask_node_status(loop, *endpoint_of("127.0.0.1", 1), kShort); });
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error(), HasSubstr("nothing listens"));
}

TEST_F(ExchangeTest, a_name_server_says_no) {
  const auto found = run<NameAnswers>(
      [](const NamePacket& request, Bytes) { return Replies{*encode_name_packet(name_reply(request, 3))}; },
      ask_server);
  ASSERT_THAT(found.answers, SizeIs(1));
  EXPECT_THAT(found.answers[0].addresses, IsEmpty());
  EXPECT_EQ(found.answers[0].refusal, "there is no such name");
}

TEST_F(ExchangeTest, a_host_that_answers_twice_counts_once) {
  const auto found = run<NameAnswers>(
      [](const NamePacket& request, Bytes) { return Replies(2, *encode_name_packet(name_reply(request, 0))); },
      ask_everybody);
  ASSERT_THAT(found.answers, SizeIs(1));
  EXPECT_THAT(found.answers[0].addresses, ElementsAre("192.0.2.7"));
}

TEST_F(ExchangeTest, an_answer_about_another_name_is_none) {
  const auto found = run<NameAnswers>(
      [](const NamePacket& request, Bytes) {
        NamePacket reply = name_reply(request, 0);
        reply.name.text = "OTHER";
        return Replies{*encode_name_packet(reply)};
      },
      ask_everybody);
  EXPECT_THAT(found.answers, IsEmpty());
  EXPECT_THAT(found.silence, HasSubstr("none is an answer"));
}

}  // namespace
}  // namespace dozo::netbios
