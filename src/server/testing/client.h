// Client: an SMB2 client for tests that sends whatever it is told to, at any time, and watches that what comes back is
// what a client may rely on: it decodes, it answers something that was asked, once, with a right signature, encrypted
// where the request was.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crypto/aead.h"
#include "crypto/kdf.h"
#include "crypto/preauth.h"
#include "crypto/signing.h"
#include "model/access_mask.h"
#include "model/create.h"
#include "model/nt_status.h"
#include "runtime/event.h"
#include "runtime/gate.h"
#include "runtime/one_shot.h"
#include "runtime/socket.h"
#include "wire/close.h"
#include "wire/create.h"
#include "wire/create_contexts.h"
#include "wire/header.h"
#include "wire/info_class.h"
#include "wire/ioctl.h"
#include "wire/lock.h"
#include "wire/negotiate.h"
#include "wire/session_setup.h"

namespace dozo::server::testing {

class World;

struct ClientOptions {
  Dialect dialect = Dialect::smb_3_1_1;  // the greatest offered; the lesser ones are offered too
  bool only_this_dialect = false;
  std::string user = "alice";  // empty: nobody
  std::string password;        // empty: the right one
  bool sign = true;
  bool break_logon_signatures = false;
  bool encrypt = false;
  wire::SecurityMode security_mode = wire::SecurityModeBit::signing_enabled;
  wire::Capabilities capabilities = wire::Capability::encryption | wire::Capability::large_mtu;
  std::vector<wire::Cipher> ciphers = {wire::Cipher::aes_128_gcm, wire::Cipher::aes_128_ccm};
  std::vector<wire::SigningAlgorithm> signing = {wire::SigningAlgorithm::aes_gmac, wire::SigningAlgorithm::aes_cmac};
  SessionId previous_session;
  std::uint8_t machine = 0xC1;  // its ClientGuid: connections of one machine share their leases
};

// One message of the server. Views that decode() yields lie in `bytes`.
struct Answer {
  ByteVector bytes;
  wire::Header header;
  bool encrypted = false;
  bool is_signed = false;

  // STATUS_IO_TIMEOUT when nothing came.
  NtStatus status() const { return none() ? NtStatus::IO_TIMEOUT : header.status; }
  bool none() const { return bytes.empty(); }  // nothing came
  template <class M>
  M as() const {
    return wire::decode<M>(bytes).value_or(M{});
  }
  FileId file_id() const { return as<wire::CreateResponse>().file_id; }
};

// What is different about one request, on purpose or because the test says so.
struct Sending {
  std::optional<SessionId> session;
  std::optional<TreeId> tree;
  std::optional<MessageId> message_id;
  std::optional<std::uint16_t> credit_charge;
  std::optional<bool> sign;
  std::optional<bool> encrypt;
  bool break_signature = false;
  bool break_ciphertext = false;
  wire::HeaderFlags flags;  // added
  std::uint16_t channel_sequence = 0;
  std::uint16_t credits = 64;  // asked for
  std::size_t payload = 0;     // what the credit charge follows from
};

// One element of a compound.
struct Element {
  wire::Command command = wire::Command::echo;
  ByteVector body;
  bool related = false;
  Sending sending;
};

template <class M>
ByteVector body_of(const M& body) {
  ByteWriter out;
  out.zeros(wire::kHeaderSize);
  wire::encode(body, out);
  const Bytes all = out.view();
  return {all.begin() + wire::kHeaderSize, all.end()};
}
template <class M>
Element element(wire::Command command, const M& body, bool related = false, Sending sending = {}) {
  return {command, body_of(body), related, std::move(sending)};
}

struct OpenArgs {
  AccessMask access = kFileGenericRead | kFileGenericWrite | Access::delete_object;
  CreateDisposition disposition = CreateDisposition::open_if;
  CreateOptions options;
  ShareAccess share = ShareAccess::from_wire(7);
  FileAttributes attributes;
  std::vector<wire::CreateContext> contexts;
  OplockLevel oplock = OplockLevel::none;
};
wire::CreateRequest create_request(std::string_view name, const OpenArgs& args);

class Client;
// Whom a client tells of OPLOCK_BREAK notifications, as they arrive.
class BreakListener {
 public:
  virtual void on_break(Client& client, const Answer& notification) = 0;

 protected:
  ~BreakListener() = default;
};

// Resource; belongs to its World. Calls run the simulated loop until the answer has come.
class Client {
 public:
  Client(World& world, runtime::Socket socket, ClientOptions options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // --- The usual way in.
  Answer negotiate();
  Answer negotiate(const wire::NegotiateRequest& request);
  wire::NegotiateRequest negotiate_request();  // its views live as long as the client
  // SESSION_SETUP until it succeeds or fails: the last answer. As `user`, in a new session or again in the current one.
  Answer log_on();
  Answer log_on(const std::string& user, const std::string& password);
  Answer reauthenticate(const std::string& user, const std::string& password);
  // SESSION_SETUP with SMB2_SESSION_FLAG_BINDING: this connection becomes another channel of `of`'s current session,
  // and goes on with its session and tree. As options().user.
  Answer bind(Client& of);
  // The first round alone: the session that is being set up; the answer that asks for more.
  SessionId begin_logon();
  Answer begin_binding(Client& of);
  // From here on requests are signed with the session's key instead of the channel's.
  void use_session_key(SessionId id);
  // As a client does before it binds.
  void learn_session_key(Client& of);
  Answer connect_tree(const std::string& share, Sending sending = {});

  // --- Requests. A body is a message's structure.
  template <class M>
  Answer call(wire::Command command, const M& body, Sending sending = {}) {
    return wait(start(command, body, std::move(sending)));
  }
  template <class M>
  MessageId start(wire::Command command, const M& body, Sending sending = {}) {
    return start_body(command, body_of(body), std::move(sending));
  }
  MessageId start_body(wire::Command command, ByteVector body, Sending sending);
  std::vector<MessageId> start_compound(std::vector<Element> elements);
  std::vector<Answer> compound(std::vector<Element> elements);
  Answer wait(MessageId id);  // an Answer that is none() when none comes
  void cancel(MessageId id);  // by AsyncId where there is one
  void cancel_by_message_id(MessageId id);
  void cancel_as(wire::Header header) { send_cancel(header); }
  bool is_pending(MessageId id) const { return interim_.contains(id); }  // an interim response has come
  bool is_answered(MessageId id) const { return answers_.contains(id); }
  const Answer* find_answer(MessageId id) const;
  const Answer* find_interim(MessageId id) const;
  // For coroutines on the world's loop, one per message: the answer, none() when the connection ends without one.
  runtime::Task<Answer> answered(MessageId id);
  void listen_for_breaks(BreakListener* listener) { break_listener_ = listener; }  // null: they are kept
  // A client that does not read what has come, until it is told to again.
  void read_nothing_more() { reading_ = false; }
  void read_again();

  // --- Files, in words. What open() cannot do is a problem.
  Answer create(std::string_view name, OpenArgs args = {}, Sending sending = {});
  FileId open(std::string_view name, OpenArgs args = {});
  NtStatus close(FileId id);
  Answer close_with_attributes(FileId id);
  Answer read(FileId id, std::uint64_t offset, std::uint32_t length, Sending sending = {});
  std::string read_text(FileId id, std::uint64_t offset, std::uint32_t length);
  NtStatus write(FileId id, std::uint64_t offset, std::string_view text, Sending sending = {});
  Answer lock(FileId id, std::vector<wire::LockElement> locks);
  Answer query(FileId id, wire::FileInfoClass info_class, std::uint32_t size_max = 65536);
  Answer query(FileId id, wire::InfoType type, std::uint8_t info_class, std::uint32_t size_max,
               std::uint32_t additional = 0);
  NtStatus set(FileId id, wire::FileInfoClass info_class, Bytes value);
  template <class M>
  NtStatus set(FileId id, wire::FileInfoClass info_class, const M& value) {
    return set(id, info_class, Bytes(wire::encode_plain(value)));
  }
  Answer list(FileId directory, std::string_view pattern, std::uint32_t size_max = 65536, std::uint8_t flags = 0,
              wire::FileInfoClass info_class = wire::FileInfoClass::names);
  MessageId start_notify(FileId directory, std::uint32_t filter, bool subtree = false, std::uint32_t size_max = 4096);
  Answer ioctl(FileId id, wire::Fsctl code, Bytes input, std::uint32_t output_max, Sending sending = {});
  Answer echo(Sending sending = {});

  // --- What it caches. A lease context lives as long as the client.
  wire::CreateContext lease_context(const wire::LeaseContext& lease);
  wire::CreateContext lease_context(const wire::LeaseContextV2& lease);
  // The next notification of a break that nobody has looked at yet; none() when none comes.
  Answer next_break(Duration at_most = std::chrono::seconds(5));
  bool has_break() const { return !breaks_.empty(); }
  MessageId start_ack(FileId id, OplockLevel level);
  Answer ack(FileId id, OplockLevel level) { return wait(start_ack(id, level)); }
  MessageId start_ack(const Guid& lease, LeaseState state);
  Answer ack(const Guid& lease, LeaseState state) { return wait(start_ack(lease, state)); }

  // --- Behind all that.
  void send_frame(Bytes message);  // behind a direct TCP prefix
  void send_bytes(Bytes bytes);    // as they are
  void reset();                    // the connection breaks: both ends see an error
  void hang_up();                  // the client ends it in good order
  bool is_disconnected() const { return ended_; }
  bool run_until_disconnected();
  // An element as it would be sent, with its header: its message id is taken.
  ByteVector make_message(const Element& element);
  // What was sent so will be answered.
  void expect(MessageId id, wire::Command command) { outstanding_[id] = {.command = command}; }

  ClientOptions& options() { return options_; }
  SessionId session() const { return session_; }
  TreeId tree() const { return tree_; }
  void use_session(SessionId id) { session_ = id; }
  void use_tree(TreeId id) { tree_ = id; }
  Dialect dialect() const { return dialect_; }
  std::uint32_t io_size_max() const { return io_size_max_; }
  std::uint64_t credits() const { return credits_; }
  std::uint64_t next_message_id() const { return next_message_id_; }
  std::size_t unanswered() const { return outstanding_.size(); }
  std::vector<MessageId> outstanding() const;
  std::size_t frames_received() const { return frames_received_; }
  const std::vector<Answer>& last_frame() const { return last_frame_; }
  const std::vector<std::string>& problems() const { return problems_; }
  void add_problem(std::string what) { problems_.push_back(std::move(what)); }
  bool holds_gate() const { return gate_.count() != 0; }

 private:
  struct SessionKeys;  // client_keys.h
  runtime::Task<void> run_reader();
  runtime::Task<void> run_sender(ByteVector frame);
  void on_frame(ByteVector frame);
  void on_message(Bytes message, bool encrypted);
  void check_signature(Answer& answer);
  void check_form(const Answer& answer);
  void take_answer(Answer answer);
  void take_break(Answer answer);
  bool open_frame(ByteVector& frame);
  ByteVector seal_frame(Bytes plain, SessionId session, bool broken);
  wire::Header header_of(const Element& element);
  SessionKeys* keys_of(SessionId id);
  bool is_encrypted(const Sending& sending) const;
  void take_negotiated(const Answer& answer);
  struct LogonKind;
  Answer run_logon(LogonKind kind, const std::string& user, const std::string& password);
  Answer run_binding(Client& of, int rounds);
  void establish(const LogonKind& kind, const Answer& answer, Bytes mechanism_key, const crypto::PreauthHash& preauth);
  void send_cancel(wire::Header header);

  World& world_;
  runtime::Socket socket_;
  ClientOptions options_;
  runtime::Gate gate_;
  Dialect dialect_ = Dialect::smb_2_0_2;
  bool multi_credit_ = false;
  std::uint32_t io_size_max_ = 65536;
  std::optional<crypto::Cipher> cipher_;
  crypto::SigningAlgorithm signing_ = crypto::SigningAlgorithm::hmac_sha256;
  crypto::PreauthHash preauth_;
  SessionId session_;
  TreeId tree_;
  std::map<SessionId, std::unique_ptr<SessionKeys>> keys_;
  std::deque<ByteVector> context_data_;
  ByteVector last_sent_;  // plain, as signed

  std::uint64_t next_message_id_ = 0;
  std::uint64_t credits_ = 1;
  struct Asked {
    wire::Command command;
    bool sealed = false;     // the answer has to be too
    bool is_signed = false;  // a success has to be too
  };
  std::map<MessageId, Asked> outstanding_;
  std::map<MessageId, Answer> interim_;
  std::map<MessageId, Answer> answers_;
  std::map<MessageId, runtime::OneShot<Answer>*> awaited_;
  BreakListener* break_listener_ = nullptr;
  bool reading_ = true;
  runtime::Event read_again_;
  std::deque<Answer> breaks_;
  std::vector<Answer> last_frame_;
  std::size_t frames_received_ = 0;
  std::vector<std::string> problems_;
  bool ended_ = false;
};

}  // namespace dozo::server::testing
