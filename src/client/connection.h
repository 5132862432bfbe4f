// Connection: one transport connection to a server, negotiated. [MS-SMB2] 3.2.1.2.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "client/credit_window.h"
#include "client/raw_connection.h"
#include "crypto/aead.h"
#include "crypto/preauth.h"
#include "crypto/signing.h"
#include "model/dialect.h"
#include "model/guid.h"
#include "model/ids.h"
#include "runtime/event.h"
#include "runtime/gate.h"
#include "runtime/one_shot.h"
#include "wire/header.h"
#include "wire/negotiate.h"
#include "wire/oplock_break.h"

namespace dozo::client {

class SessionSecurity;

// Is told of breaks the server sends; on the connection's loop. It may spawn what answers them.
class BreakListener {
 public:
  virtual ~BreakListener() = default;
  virtual void on_oplock_break(const wire::OplockBreak& notification) = 0;
  virtual void on_lease_break(const wire::LeaseBreakNotification& notification) = 0;
};

// The defaults are a careful client's: everything modern is offered, every response must be signed or encrypted.
struct ConnectionOptions {
  std::string server_name;  // for the netname context and the service name of NTLM; may be an address
  Dialect dialect_min = Dialect::smb_2_0_2;
  Dialect dialect_max = Dialect::smb_3_1_1;
  Guid client_guid;  // null: a random one
  std::vector<crypto::Cipher> ciphers = {crypto::Cipher::aes_128_gcm, crypto::Cipher::aes_256_gcm,
                                         crypto::Cipher::aes_128_ccm, crypto::Cipher::aes_256_ccm};
  std::vector<crypto::SigningAlgorithm> signing_algorithms = {
      crypto::SigningAlgorithm::aes_gmac, crypto::SigningAlgorithm::aes_cmac, crypto::SigningAlgorithm::hmac_sha256};
  bool require_signing = true;  // false: what the server does not sign is taken as it is
  bool encrypt = false;         // every request after SESSION_SETUP, whether the server asks for it or not
  std::uint16_t credits_wanted = 256;
  Duration connect_timeout = std::chrono::seconds(15);
  Duration timeout = std::chrono::seconds(60);  // of one response; once more from its interim response on
  // After so long without a word from the server it is asked for one (ECHO); the connection ends when it has none
  // within `timeout`. Zero: never.
  Duration keepalive{};
  BreakListener* breaks = nullptr;  // outlives the connection
};

// What NEGOTIATE settled.
struct Negotiated {
  Dialect dialect = Dialect::smb_2_0_2;
  Guid server_guid;
  wire::Capabilities server_capabilities;
  wire::SecurityMode server_security_mode;
  std::uint32_t max_transact_size = 65536;
  std::uint32_t max_read_size = 65536;
  std::uint32_t max_write_size = 65536;
  std::optional<crypto::Cipher> cipher;
  crypto::SigningAlgorithm signing_algorithm = crypto::SigningAlgorithm::hmac_sha256;
  ByteVector security_token;  // the server's SPNEGO hint
  FileTime system_time;
  bool supports_multi_credit = false;
};

// One response. The frame's memory is shared by the elements of a compound.
struct Response {
  std::shared_ptr<const runtime::Buffer> frame;
  Bytes message;  // from its header to its end
  wire::Header header;
  bool encrypted = false;
  SessionId sealed_by;     // when encrypted
  bool is_signed = false;  // with a signature that was verified

  // The body; for an answer that is a warning or an error too. Views point into the frame.
  template <class M>
  Result<M> decode() const {
    auto body = wire::decode<M>(message);
    if (!body) return fail(NtStatus::INVALID_NETWORK_RESPONSE);
    return body;
  }
};

// What a test may do wrong on purpose with one request.
struct Misbehaviour {
  bool omit_signature = false;
  bool break_signature = false;
  bool omit_encryption = false;
  bool break_ciphertext = false;  // one bit of it, after sealing
  std::optional<MessageId> message_id;
  std::optional<SessionId> session_id;
  std::optional<TreeId> tree_id;
  std::optional<std::uint16_t> credit_charge;
};

// Lets a request be cancelled while it is awaited.
class CallHandle {
 public:
  // Whether an interim response has come. [MS-SMB2] 3.2.5.1.5
  bool is_pending() const { return async_id_.has_value(); }
  bool in_flight() const { return in_flight_; }

 private:
  friend class Connection;
  bool in_flight_ = false;
  MessageId message_id_;
  std::optional<AsyncId> async_id_;
  SessionSecurity* session_ = nullptr;
};

// One request of a compound, or one alone. `message` is header and body as make_request() makes it.
struct Request {
  ByteVector message;
  wire::Command command = wire::Command::echo;
  std::uint32_t payload = 0;  // the larger of what is sent and what may come back: the credit charge follows from it
  TreeId tree;
  bool encrypt = false;  // the share asks for it
};

// A request with a body of the command's structure. READ, WRITE, IOCTL and QUERY_DIRECTORY give their `payload`.
template <class M>
Request make_request(wire::Command command, const M& body, TreeId tree = {}, std::uint32_t payload = 0) {
  return {.message = make_message(wire::Header{.command = command}, body),
          .command = command,
          .payload = payload,
          .tree = tree,
          .encrypt = false};
}

struct CallOptions {
  SessionSecurity* session = nullptr;      // none: NEGOTIATE, and the first SESSION_SETUP
  SessionId session_id;                    // where there is no SessionSecurity yet
  crypto::PreauthHash* preauth = nullptr;  // takes in the request as it is sent
  bool related = false;                    // a compound's later elements refer to the first
  CallHandle* handle = nullptr;
  const Misbehaviour* misbehave = nullptr;
  Duration timeout{};  // zero: the connection's
};

// Resource; one loop. Owner: whoever connected; it awaits close() before the end, and outlives sessions and trees.
class Connection {
 public:
  // Connects and negotiates. Errors: STATUS_CONNECTION_REFUSED, STATUS_HOST_UNREACHABLE, …; the server's; and
  // STATUS_INVALID_NETWORK_RESPONSE when it answers what [MS-SMB2] 3.2.5.2 forbids.
  static runtime::Task<Result<std::unique_ptr<Connection>>> connect(runtime::Loop& loop, runtime::Endpoint endpoint,
                                                                    ConnectionOptions options);
  // The same over a stream that is there already.
  static runtime::Task<Result<std::unique_ptr<Connection>>> negotiate(std::unique_ptr<RawConnection> raw,
                                                                      ConnectionOptions options);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Sends a request and awaits its final response, whatever its status. Errors are the transport's or the response's
  // own: STATUS_CONNECTION_DISCONNECTED, STATUS_IO_TIMEOUT, STATUS_INVALID_NETWORK_RESPONSE, and
  // STATUS_INVALID_SIGNATURE when it was not protected as the session demands, which ends the connection.
  runtime::Task<Result<Response>> call(Request request, CallOptions options);
  // Several in one frame, answered in order. [MS-SMB2] 3.2.4.1.4
  runtime::Task<Result<std::vector<Response>>> call_compound(std::vector<Request> requests, CallOptions options);
  // Sends a request whose answer nobody awaits: the acknowledgment of a break. Signed or sealed as its session is.
  void post(Request request, SessionId session);
  // Asks the server to give up a request in flight; it then ends with STATUS_CANCELLED. [MS-SMB2] 3.2.4.24
  void cancel(CallHandle& handle);

  // Ends the connection; every call in flight fails. Returns when nothing uses it any more.
  runtime::Task<void> close();
  bool is_open() const { return !failure_; }
  // Sends bytes behind the back of everything above, in order with the requests before and after.
  void send_raw(ByteVector bytes);

  const Negotiated& negotiated() const { return negotiated_; }
  const ConnectionOptions& options() const { return options_; }
  const crypto::PreauthHash& preauth() const { return preauth_; }
  // What the client said in NEGOTIATE: VALIDATE_NEGOTIATE_INFO repeats it.
  const Guid& client_guid() const { return options_.client_guid; }
  const wire::Capabilities& client_capabilities() const { return client_capabilities_; }
  wire::SecurityMode client_security_mode() const;
  std::vector<std::uint16_t> offered_dialects() const;
  std::uint64_t credits() const { return credits_.available(); }
  // The payload that all credits granted so far would pay for, at least 64 KiB.
  std::uint32_t payload_max() const;
  runtime::Loop& loop() { return raw_->loop(); }
  // Ends the connection with `why`, as after a downgrade was found out.
  void fail_with(NtStatus why);
  // Told of breaks as ConnectionOptions::breaks is, until removed.
  void add_listener(BreakListener& listener) { listeners_.push_back(&listener); }
  void remove_listener(BreakListener& listener) { std::erase(listeners_, &listener); }

 private:
  friend class SessionSecurity;
  struct PendingCall;
  struct CreditWait;
  struct Outgoing {
    ByteVector bytes;
    bool framed = true;
  };

  Connection(std::unique_ptr<RawConnection> raw, ConnectionOptions options);
  runtime::Task<Result<>> run_negotiate();
  Result<> accept_negotiate_response(const Response& response);
  Result<> accept_contexts(const wire::NegotiateResponse& response);
  Result<> accept_signing(Bytes data);
  Result<> accept_encryption(Bytes data);

  runtime::Task<void> run_reader();
  runtime::Task<void> run_writer();
  NtStatus on_frame(runtime::Buffer frame);
  NtStatus on_message(Response response);
  NtStatus on_late(const wire::Header& header);
  NtStatus on_break(const Response& response);
  NtStatus check_protection(Response& response, const PendingCall& call);

  std::size_t frame_max() const;
  void arm_keepalive();
  static void on_quiet(void* self);
  runtime::Task<void> run_keepalive();
  runtime::Task<void> run_post(Request request, SessionId session);
  void abandon(PendingCall& call);
  runtime::Task<Result<>> ask_for_credits(std::uint64_t charge);
  runtime::Task<bool> take_credits(std::uint64_t charge);
  runtime::Task<Result<std::vector<Response>>> call_inside_gate(std::vector<Request> requests, CallOptions options);
  std::vector<std::unique_ptr<PendingCall>> queue(std::vector<Request>& requests, const CallOptions& options);
  std::unique_ptr<PendingCall> await_response(const Request& request, const wire::Header& header,
                                              const CallOptions& options, bool sealed);
  bool must_seal(const std::vector<Request>& requests, const CallOptions& options) const;
  bool always_signed(wire::Command command) const;
  wire::Header header_for(const Request& request, const CallOptions& options, MessageId id) const;
  void finish_message(ByteVector& message, wire::Header header, const CallOptions& options, bool sealed);
  void enqueue_frame(ByteVector frame, const CallOptions& options, bool seal);
  std::uint16_t ids_for(const Request& request) const;
  std::uint16_t credits_to_request(std::uint16_t charge) const;
  void forget(PendingCall& call);

  std::unique_ptr<RawConnection> raw_;
  ConnectionOptions options_;
  wire::Capabilities client_capabilities_;
  Negotiated negotiated_;
  crypto::PreauthHash preauth_;

  CreditWindow credits_{1};
  std::map<std::uint64_t, PendingCall*> pending_;       // by message id
  std::map<std::uint64_t, SessionSecurity*> sessions_;  // by session id
  std::map<std::uint64_t, std::uint16_t> abandoned_;    // ids whose response nobody awaits any more, and their charge
  std::vector<BreakListener*> listeners_;
  std::vector<Outgoing> outbox_;
  Instant heard_at_{};  // when the last frame came
  runtime::Timer keepalive_;
  bool was_negotiated_ = false;
  runtime::Event outbox_filled_;
  runtime::Gate gate_;   // reader and writer
  runtime::Gate calls_;  // what awaits a response
  std::optional<NtStatus> failure_;
};

}  // namespace dozo::client
