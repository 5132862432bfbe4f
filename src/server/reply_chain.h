// ReplyChain: the answers to one frame, on their way into one frame. Headers, padding, credits, signatures, encryption.
#pragma once

#include <boost/container/small_vector.hpp>
#include <memory>
#include <vector>

#include "server/reply.h"
#include "server/request.h"
#include "share/ids.h"

namespace dozo::server {

// Lives in the dispatch coroutine's frame. One loop. [MS-SMB2] 3.3.4.1.
class ReplyChain {
 public:
  explicit ReplyChain(Connection& connection) : connection_(connection) {}
  ReplyChain(const ReplyChain&) = delete;
  ReplyChain& operator=(const ReplyChain&) = delete;

  // The answer to `request`, next in order. What a failed Result means is the plain ERROR response.
  void add(Request& request, Result<Reply> reply);
  // What is finished so far, then an interim answer to `request`. [MS-SMB2] 3.3.4.2.
  void send_interim(Request& request);
  // Sends what is finished.
  void flush();

 private:
  struct Finished {
    OutMessage message;
    wire::Header header;
    std::shared_ptr<crypto::Signer> sign_with;
    Reply::HashInto hash_into;
    std::shared_ptr<Channel> hash_channel;
  };
  void close_links();
  void hash(const Finished& finished);
  void send(boost::container::small_vector<OutMessage, 1> messages, std::shared_ptr<Channel> seal_with);

  Connection& connection_;
  std::vector<Finished> finished_;
  std::shared_ptr<Channel> seal_with_;
  boost::container::small_vector<share::OpenId, 1> announcing_;  // opens that the client learns of with these answers
  bool sent_something_ = false;
};

// The ERROR response, [MS-SMB2] 2.2.2, without error data.
Reply error_reply(NtStatus status);

}  // namespace dozo::server
