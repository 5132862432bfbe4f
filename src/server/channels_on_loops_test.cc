// One session whose channels live on several real loops, used at once. What TSan is for.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <thread>

#include "base/log.h"
#include "runtime/loop_group.h"
#include "server/server.h"
#include "server/testing/blocking_peer.h"
#include "server/testing/world.h"
#include "vfs/memory/volume.h"
#include "wire/change_notify.h"
#include "wire/echo.h"
#include "wire/logoff.h"

namespace dozo::server::testing {
namespace {

constexpr std::size_t kLoops = 2;
constexpr std::size_t kChannels = 4;
constexpr int kRounds = 150;
constexpr std::uint32_t kPiece = 4096;

std::shared_ptr<vfs::Volume> make_volume(const ShareConfig&, std::string&) {
  return std::make_shared<vfs::MemoryVolume>();
}

runtime::Backend any_backend() {
  std::string why;
  return runtime::detect_backend(why);
}

ByteVector piece_of(std::size_t channel, int round) {
  return ByteVector(kPiece, static_cast<std::uint8_t>(channel * 50 + static_cast<std::size_t>(round) % 50));
}

class ChannelsOnLoops : public ::testing::Test {
 protected:
  ChannelsOnLoops() : loops_(any_backend(), kLoops) {
    log::set_level(log::Level::error);
    ServerParts parts;
    parts.config = std::make_shared<const Config>(test_config());
    parts.users = test_users();
    parts.clock = &clock_;
    parts.make_volume = &make_volume;
    server_ = std::make_unique<Server>(std::move(parts));
    EXPECT_TRUE(server_->open_shares().has_value());
    loops_.start();
  }

  std::unique_ptr<BlockingPeer> connect(std::size_t loop_index) {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    runtime::Loop& loop = loops_[loop_index % kLoops];
    loop.post([this, &loop, &gate = gates_[loop_index % kLoops], handle = ends[1]] {
      runtime::spawn(gate, server_->serve(loop, runtime::Socket(loop, handle)));
    });
    return std::make_unique<BlockingPeer>(ends[0]);
  }

  // alice's session with a channel on each loop, and more; the first one's loop is its home.
  void connect_channels() {
    for (std::size_t i = 0; i < kChannels; ++i) {
      channels_.push_back(connect(i));
      ASSERT_TRUE(i == 0 ? channels_[0]->log_on("alice", "data") : channels_[i]->bind(*channels_[0], "alice")) << i;
    }
  }

  // `work` of each channel on a thread of its own.
  template <class Work>
  void on_all(Work work) {
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < kChannels; ++i) threads.emplace_back([&, i] { work(i, *channels_[i]); });
    for (std::thread& thread : threads) thread.join();
  }

  void TearDown() override {
    channels_.clear();
    // Connections and what belongs to no request end by themselves.
    while (server_->stats.connections_now.load() != 0 || server_->sharing().at_work() != 0) std::this_thread::yield();
    loops_.stop();
    loops_.join();
    EXPECT_EQ(server_->stats.sessions_now.load(), 0u);
    EXPECT_EQ(server_->stats.trees_now.load(), 0u);
    EXPECT_EQ(server_->stats.opens_now.load(), 0u);
    EXPECT_EQ(server_->engine().counts().opens, 0u);
    EXPECT_TRUE(server_->sessions().all().empty());
  }

  SystemClock clock_;
  runtime::LoopGroup loops_;
  runtime::Gate gates_[kLoops];
  std::unique_ptr<Server> server_;
  std::vector<std::unique_ptr<BlockingPeer>> channels_;
};

// One round of a channel: its piece of the file that all have, and a file of its own.
bool do_round(std::size_t channel, int round, BlockingPeer& peer, FileId shared) {
  const ByteVector piece = piece_of(channel, round);
  const std::uint64_t offset = channel * kPiece;
  if (peer.write(shared, offset, piece) != NtStatus::SUCCESS || peer.read(shared, offset, kPiece) != piece)
    return false;
  const FileId own = peer.open(fmt::format("own{}", channel));
  if (peer.write(own, 0, piece) != NtStatus::SUCCESS || peer.read(own, 0, kPiece) != piece) return false;
  if (peer.call(wire::Command::echo, wire::EchoRequest{}).status() != NtStatus::SUCCESS) return false;
  return peer.close(own) == NtStatus::SUCCESS;
}

TEST_F(ChannelsOnLoops, read_write_create_and_close_at_once) {
  connect_channels();
  const FileId shared = channels_[0]->open("shared");
  on_all([&](std::size_t i, BlockingPeer& peer) {
    for (int round = 0; round < kRounds; ++round) ASSERT_TRUE(do_round(i, round, peer, shared)) << i << ' ' << round;
  });
  EXPECT_EQ(channels_[1]->close(shared), NtStatus::SUCCESS);
}

TEST_F(ChannelsOnLoops, the_session_outlives_the_connection_it_was_set_up_on) {
  connect_channels();
  const FileId shared = channels_[0]->open("shared");
  on_all([&](std::size_t i, BlockingPeer& peer) {
    for (int round = 0; round < kRounds; ++round) {
      if (i == 0 && round == kRounds / 3) return peer.hang_up();
      if (i == 3 && round == kRounds / 2) return peer.hang_up();
      ASSERT_TRUE(do_round(i, round, peer, shared)) << i << ' ' << round;
    }
  });
  EXPECT_EQ(channels_[1]->read(shared, kPiece, kPiece), piece_of(1, kRounds - 1));
  EXPECT_EQ(channels_[2]->close(shared), NtStatus::SUCCESS);
}

// Whatever is under way on the other channels, each request is answered, and nothing is left behind.
TEST_F(ChannelsOnLoops, logoff_in_the_middle_of_everything) {
  connect_channels();
  const FileId shared = channels_[0]->open("shared");
  on_all([&](std::size_t i, BlockingPeer& peer) {
    for (int round = 0; round < kRounds; ++round) {
      if (i == 1 && round == kRounds / 4) {
        EXPECT_EQ(peer.call(wire::Command::logoff, wire::LogoffRequest{}).status(), NtStatus::SUCCESS);
      }
      if (!do_round(i, round, peer, shared)) return;
    }
  });
  EXPECT_EQ(server_->stats.sessions_now.load(), 0u);
}

TEST_F(ChannelsOnLoops, a_wait_is_cancelled_from_the_loop_it_came_on) {
  connect_channels();
  BlockingPeer& away = *channels_[1];  // not on the session's home loop
  const FileId directory = away.open("d", CreateOption::directory_file);
  for (int round = 0; round < kRounds; ++round) {
    wire::ChangeNotifyRequest request;
    request.output_buffer_length = kPiece;
    request.file_id = directory;
    request.completion_filter = wire::NotifyFilter::from_wire(0xFFF);
    const auto interim = away.call(wire::Command::change_notify, request);
    ASSERT_EQ(interim.status(), NtStatus::PENDING);
    away.send_cancel(interim.header);
    ASSERT_EQ(away.receive().status(), NtStatus::CANCELLED);
  }
  EXPECT_EQ(away.close(directory), NtStatus::SUCCESS);
}

TEST_F(ChannelsOnLoops, channels_come_and_go_while_others_work) {
  connect_channels();
  const FileId shared = channels_[0]->open("shared");
  on_all([&](std::size_t i, BlockingPeer& peer) {
    for (int round = 0; round < kRounds / 5; ++round) {
      if (i < 2) {
        ASSERT_TRUE(do_round(i, round, peer, shared));
        continue;
      }
      const auto extra = connect(i + static_cast<std::size_t>(round));
      ASSERT_TRUE(extra->bind(*channels_[0], "alice"));
      ASSERT_TRUE(do_round(i, round, *extra, shared));
    }
  });
  EXPECT_EQ(channels_[0]->close(shared), NtStatus::SUCCESS);
}

}  // namespace
}  // namespace dozo::server::testing
