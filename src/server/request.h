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
#include "wire/header.h"

namespace dozo::server {

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

// Owned by the dispatch coroutine's frame; stays put. One loop. While it is served it is in its connection's list of
// requests in flight, where CANCEL and the connection's end find it.
class Request : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
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
  std::shared_ptr<Tree> tree;              // likewise
  bool signed_by_client = false;           // carried a signature, and it was right
  std::shared_ptr<Session> unsealed_with;  // the session whose key it was encrypted with
  SessionId session_id;                    // in force: the header's, or the compound's; the answer carries it
  TreeId tree_id;                          // likewise
  const Instant received_at;

  template <class M>
  Result<M> decode() const {
    return wire::decode<M>(message);
  }

  // [MS-SMB2] 3.3.5.2.10: the open counts this request as under way, until it ends.
  void count_on(std::shared_ptr<Open> open);

  // --- Waiting. Before a handler awaits what may take long (a lock, a notify, a pipe), it says how to end the wait and
  // tells the client. `on_cancel` runs at most once, on this loop, at CANCEL or when the connection ends; it must make
  // the wait end, normally by setting the OneShot that is awaited. STATUS_INSUFFICIENT_RESOURCES: too many wait;
  // STATUS_INTERNAL_ERROR: refused in the middle of a compound.
  Result<> begin_wait(runtime::Callback on_cancel, InCompound in_compound = InCompound::refused);
  // The wait has ended: CANCEL no longer finds this request. Without a begin_wait that succeeded it does nothing.
  void end_wait();
  bool is_async() const { return async_id_.value() != 0; }
  AsyncId async_id() const { return async_id_; }
  bool cancelled() const { return cancelled_; }
  bool is_waiting() const { return on_cancel_ && !cancelled_; }
  void cancel();

 private:
  std::shared_ptr<Open> counted_on_;
  runtime::Callback on_cancel_;
  AsyncId async_id_;
  bool cancelled_ = false;
  bool waits_ = false;
};

using RequestList = boost::intrusive::list<Request, boost::intrusive::constant_time_size<false>>;

}  // namespace dozo::server
