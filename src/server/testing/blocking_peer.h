// BlockingPeer: one channel of an SMB 3.0.2 client that blocks, for tests with real threads and loops: one request at a
// time, signed. For everything else there is Client.
#pragma once

#include <memory>
#include <string>

#include "crypto/kdf.h"
#include "crypto/signing.h"
#include "runtime/loop.h"
#include "wire/create.h"
#include "wire/header.h"

namespace dozo::server::testing {

// Resource; one thread at a time. Closes its socket.
class BlockingPeer {
 public:
  struct Answer {
    ByteVector bytes;  // empty: the connection has ended
    wire::Header header;
    NtStatus status() const { return bytes.empty() ? NtStatus::CONNECTION_DISCONNECTED : header.status; }
    template <class M>
    M as() const {
      return wire::decode<M>(bytes).value_or(M{});
    }
  };

  explicit BlockingPeer(int socket) : socket_(socket) {}
  ~BlockingPeer() { hang_up(); }
  BlockingPeer(const BlockingPeer&) = delete;
  BlockingPeer& operator=(const BlockingPeer&) = delete;

  // The way in; whether it succeeded. bind: as a channel of `of`'s session and tree.
  bool log_on(const std::string& user, const std::string& share);
  bool bind(const BlockingPeer& of, const std::string& user);

  template <class M>
  Answer call(wire::Command command, const M& body) {
    send(command, body);
    return receive();
  }
  // Without waiting for the answer.
  template <class M>
  MessageId send(wire::Command command, const M& body) {
    ByteWriter out;
    out.zeros(wire::kHeaderSize);
    wire::encode(body, out);
    return send_message(command, std::move(out).take());
  }
  void send_cancel(const wire::Header& interim);
  Answer receive();

  FileId open(const std::string& name, CreateOptions options = {});
  NtStatus close(FileId id);
  NtStatus write(FileId id, std::uint64_t offset, Bytes data);
  ByteVector read(FileId id, std::uint64_t offset, std::uint32_t length);
  void hang_up();

 private:
  bool negotiate();
  bool set_up_session(const std::string& user, const BlockingPeer* bind_to);
  MessageId send_message(wire::Command command, ByteVector message);
  void send_bytes(MutableBytes message);

  int socket_;
  std::uint64_t next_message_id_ = 0;
  SessionId session_;
  TreeId tree_;
  crypto::SessionKey session_key_;  // Session.SigningKey
  std::unique_ptr<crypto::Signer> signer_;
};

}  // namespace dozo::server::testing
