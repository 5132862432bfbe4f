// Connection: one transport connection, its negotiated state and its channels of sessions. [MS-SMB2] 3.3.1.7.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crypto/aead.h"
#include "crypto/preauth.h"
#include "crypto/signing.h"
#include "guard/limits.h"
#include "model/dialect.h"
#include "model/guid.h"
#include "runtime/buffer.h"
#include "runtime/event.h"
#include "runtime/gate.h"
#include "runtime/socket.h"
#include "server/channel.h"
#include "server/credits.h"
#include "server/outbox.h"
#include "server/request.h"
#include "server/session.h"
#include "wire/negotiate.h"

namespace dozo::runtime {
struct Delivery;
}

namespace dozo::server {

class Server;

// What NEGOTIATE settled. Once a session is valid it no longer changes: any loop that serves one of the sessions reads
// it.
struct Negotiated {
  Dialect dialect = Dialect::smb_2_0_2;
  Guid client_guid;
  std::vector<std::uint16_t> client_dialects;  // as offered, for VALIDATE_NEGOTIATE_INFO
  wire::Capabilities client_capabilities;
  wire::SecurityMode client_security_mode;
  wire::Capabilities server_capabilities;
  wire::SecurityMode server_security_mode;
  std::optional<crypto::Cipher> cipher;
  crypto::SigningAlgorithm signing_algorithm = crypto::SigningAlgorithm::hmac_sha256;
  crypto::PreauthHash preauth;
  std::uint32_t io_size_max = 65536;  // MaxReadSize, MaxWriteSize, MaxTransactSize
  bool posix_extensions = false;
  bool supports_multi_credit() const { return server_capabilities.has(wire::Capability::large_mtu); }
};

// One frame's plain SMB2 messages and the memory they lie in.
struct IncomingFrame {
  runtime::Buffer buffer;
  std::size_t offset = 0;  // of the plain message in the buffer
  bool encrypted = false;
  std::shared_ptr<Channel> unsealed_with;
  Bytes message() const { return buffer.view().subspan(offset); }
};

// How smbtorture has this connection misbehave; all off but on test benches. Any loop.
struct TortureState {
  std::atomic<std::uint8_t> read_padding{0};      // bytes of zero in front of the data of a READ response
  std::atomic<bool> acknowledges_nothing{false};  // what the client's TCP has taken counts as lost
};

// A resource; lives on the loop that runs it; held by its run() task, by requests and by who is about to talk to it
// from another loop (through a post). Its requests may be away on the home loops of their sessions; its gate waits for
// them.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Server& server, runtime::Loop& loop, runtime::Socket socket, guard::Admission admission);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Serves the client until either side ends the connection, then releases everything that belongs to it.
  runtime::Task<void> run();

  // Ends the connection: no further frame is read. `why` goes into the log. Idempotent. Any loop that holds it.
  void disconnect(std::string_view why);
  bool disconnecting() const { return disconnecting_.load(std::memory_order_acquire); }
  // It takes no more part in anything: its requests are not to wait, its channels carry no notifications. Any loop.
  bool is_ending() const { return ending_.load(std::memory_order_acquire) || disconnecting(); }
  // No further request is read; what is in flight is finished; then the connection ends.
  void drain();

  Server& server() const { return server_; }
  runtime::Loop& loop() const { return loop_; }
  const std::uint64_t id;
  const std::string& peer_address() const { return peer_address_; }  // without the port
  const std::string& peer_name() const { return peer_name_; }        // with it, for log lines

  std::optional<Negotiated> negotiated;
  CreditWindow credits;
  std::map<SessionId, std::shared_ptr<Channel>> channels;
  RequestList in_flight;
  std::atomic<std::uint32_t> waiting{0};  // requests that have begun to wait; any loop
  Outbox outbox;
  runtime::Gate gate;
  // SMB1 "SMB 2.???" was answered: the next message is an SMB2 NEGOTIATE. [MS-SMB2] 3.3.5.3.2.
  bool multi_protocol_negotiated = false;
  bool authenticated_once = false;
  Instant last_activity;
  TortureState torture;
  // A notification was given up on here, and its client has sent nothing since. Any loop.
  std::atomic<bool> lost_notification{false};

  // What of all that was sent the client's machine has taken; nullopt: nobody knows. What is in the outbox still has
  // not been sent. The connection's loop.
  std::optional<runtime::Delivery> delivery() const;

  AsyncId next_async_id() { return AsyncId(++last_async_id_); }  // any loop
  // Open or not; null when there is none, or its session has ended.
  std::shared_ptr<Channel> find_channel(SessionId session_id) const;
  // What signed on the channel of a session that has ended: its client is told so under that. Null: not known any more.
  std::shared_ptr<crypto::Signer> signer_of_ended(SessionId session_id) const;
  // The first open channel ends the limits of what is unauthenticated.
  void channel_opened();
  // CANCEL: ends the wait of the request it names, wherever that is served. [MS-SMB2] 3.3.5.16.
  void cancel(const wire::Header& cancel);
  // A session that has ended: the channel goes, and so do its requests' waits.
  void forget(const Session& session);
  std::uint32_t frame_size_max() const;
  std::size_t message_size_max() const;

 private:
  runtime::Task<void> receive_loop();
  // The next frame: from what has been received already, or from the socket. Empty: the connection ends.
  runtime::Task<runtime::Buffer> next_frame();
  runtime::Task<bool> receive_at_least(std::size_t size);
  bool whole_frame_received() const;
  bool acceptable_length(std::size_t length);
  void on_frame(runtime::Buffer frame);
  void on_smb1(Bytes frame);
  void on_encrypted(runtime::Buffer frame);
  runtime::Task<void> serve(IncomingFrame frame);
  bool has_room() const;
  runtime::Task<void> tear_down();
  // The session loses this channel, and ends when it was the last one.
  runtime::Task<void> close_channel(std::shared_ptr<Channel> channel);
  // Ends the waits of requests that are served here: a session's, or all.
  void cancel_waiting(const Session* only);
  void on_deadline();
  Instant next_deadline() const;
  bool has_opens() const;

  Server& server_;
  runtime::Loop& loop_;
  runtime::Socket socket_;
  guard::Admission admission_;
  std::string peer_name_;
  std::string peer_address_;
  std::array<std::uint8_t, 4096> received_;  // what one recv brought: small frames, or the start of a large one
  std::size_t received_begin_ = 0;
  std::size_t received_end_ = 0;
  std::size_t bytes_in_flight_ = 0;
  runtime::Event room_;
  runtime::Timer deadline_;
  std::atomic<std::uint64_t> last_async_id_{0};
  std::atomic<bool> disconnecting_{false};
  std::atomic<bool> ending_{false};
  bool draining_ = false;
  std::map<SessionId, std::shared_ptr<crypto::Signer>> ended_;  // a few
};

}  // namespace dozo::server
