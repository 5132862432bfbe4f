// Request: one SMB2 request being served, from its header to its reply.
#pragma once

#include <boost/intrusive/list.hpp>
#include <memory>

#include "base/bytes.h"
#include "base/time.h"
#include "runtime/callback.h"
#include "runtime/one_shot.h"
#include "runtime/task.h"
#include "server/reply.h"
#include "share/ids.h"
#include "wire/header.h"

namespace dozo::crypto {
class Signer;
}

namespace dozo::server {

class Channel;
class Connection;
class Server;
class Session;
class Tree;
struct Open;

class ReplyChain;

// What a wait does in the middle of a compound. [MS-SMB2] 3.3.5.2.7.2 would have it, and all behind it, processed
// asynchronously; as Windows does it, what may take for ever is refused there, and a break of somebody's oplock or
// lease, which has its time limit, is waited for without an interim response.
enum class InCompound : std::uint8_t { refused, silent };

// What the elements of one compound hand on. [MS-SMB2] 3.3.5.2.7.2.
struct CompoundState {
  ReplyChain* replies = nullptr;
  // Whether there is a session and a tree for a related element to be in.
  bool has_context = false;
  SessionId session_id;
  TreeId tree_id;
  std::optional<FileId> file_id;                // of the last CREATE, or of the last request that named one
  NtStatus file_id_status = NtStatus::SUCCESS;  // why there is none: the CREATE's own failure
};

struct InFlightTag;
struct VisitorTag;
template <class Tag>
using RequestHook = boost::intrusive::list_base_hook<boost::intrusive::tag<Tag>,
                                                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
using InFlightHook = RequestHook<InFlightTag>;
using VisitorHook = RequestHook<VisitorTag>;

// Owned by the dispatch coroutine's frame; stays put. While it is served it is in its connection's list of requests in
// flight, where CANCEL and the connection's end find it.
//
// It begins and ends on its connection's loop. In between its handler runs there, or as a visitor on its session's home
// loop: then the handler alone touches it, but for what is said to be the connection's.
class Request : public InFlightHook, public VisitorHook {
 public:
  Request(Connection& connection, const wire::Header& header, Bytes message, CompoundState& chain, bool encrypted,
          bool last_in_chain);
  ~Request();
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  Connection& connection;
  Server& server;
  const wire::Header header;
  const Bytes message;  // this element: header, body, padding
  CompoundState& chain;
  const bool encrypted;
  const bool last_in_chain;
  std::shared_ptr<Session> session;        // set by dispatch where the command's row asks for one: a valid one
  std::shared_ptr<Channel> channel;        // the session's on this connection
  std::shared_ptr<Tree> tree;              // likewise
  bool signed_by_client = false;           // carried a signature, and it was right
  std::shared_ptr<Channel> unsealed_with;  // the channel it came encrypted on
  // Session.SigningKey, which signed it on a connection that is no channel (yet); it signs the answer, unless that is
  // the success of a SESSION_SETUP that binds.
  std::shared_ptr<crypto::Signer> session_signer;
  // An open that its answer tells the client of: until that is on its way, breaks of what it caches are held.
  std::optional<share::OpenId> announces;
  // A CREATE that its client may repeat on another channel: it goes on without this one, so that it is done once.
  bool outlives_channel = false;
  bool is_away = false;  // the connection's: a visitor on the session's home loop
  SessionId session_id;  // in force: the header's, or the compound's; the answer carries it
  TreeId tree_id;        // likewise
  const Instant received_at;

  template <class M>
  Result<M> decode() const {
    return wire::decode<M>(message);
  }

  // [MS-SMB2] 3.3.5.2.10: the open counts this request as under way, until it ends.
  void count_on(std::shared_ptr<Open> open);
  // It has been served, and lets go of that open where the open lives.
  void stop_counting();

  // --- Waiting. Before a handler awaits what may take long (a lock, a notify, a pipe), it says how to end the wait and
  // tells the client. `on_cancel` runs at most once, on the loop the handler runs on, at CANCEL or when the connection
  // or the session ends; it must make the wait end, normally by setting the OneShot that is awaited.
  // STATUS_INSUFFICIENT_RESOURCES: too many wait; STATUS_CANCELLED: the connection is ending, or a CANCEL has come
  // already; STATUS_INTERNAL_ERROR: refused in the middle of a compound.
  Result<> begin_wait(runtime::Callback on_cancel, InCompound in_compound = InCompound::refused);
  // A wait that the client neither learns of nor can cancel: only the end of its connection ends it early.
  void begin_hold(runtime::Callback on_abandon);
  // The wait has ended: CANCEL no longer finds this request. Without a begin_wait that succeeded it does nothing.
  void end_wait();
  bool is_waiting() const { return static_cast<bool>(on_cancel_); }
  // CANCEL came for it.
  void cancel();
  // Nobody waits for its answer any more.
  void abandon();

  // --- The connection's: what the client was told.
  bool is_async() const { return async_id_.value() != 0; }
  AsyncId async_id() const { return async_id_; }

 private:
  void send_interim(AsyncId id);

  std::shared_ptr<Open> counted_on_;
  runtime::Callback on_cancel_;
  bool waits_ = false;  // counted by the connection
  bool held_ = false;   // on_cancel_ is begin_hold()'s
  bool cancelled_ = false;
  bool announced_ = false;  // an interim response has been, or is being sent
  AsyncId async_id_;
};

using RequestList = boost::intrusive::list<Request, boost::intrusive::base_hook<InFlightHook>,
                                           boost::intrusive::constant_time_size<false>>;

}  // namespace dozo::server
