#include "server/reply_chain.h"

#include "server/connection.h"
#include "server/server.h"
#include "server/transform.h"
#include "wire/error.h"

namespace dozo::server {
namespace {

// [MS-SMB2] 3.3.4.1: the response's header is the request's, but for what follows.
wire::Header response_header(Request& request, NtStatus status, bool interim) {
  wire::Header header = request.header;
  header.status = status;
  header.next_command = 0;
  header.flags = wire::HeaderFlag::server_to_redir;
  if (request.header.is_related()) header.flags |= wire::HeaderFlag::related_operations;
  header.flags |= request.header.flags & wire::HeaderFlags(wire::HeaderFlag::priority_mask);
  header.session_id = request.session_id;
  header.tree_id = request.tree_id;
  header.signature = {};
  if (request.is_async()) {
    header.flags |= wire::HeaderFlag::async_command;
    header.async_id = request.async_id();
  }
  // [MS-SMB2] 3.3.4.2: credits are granted once, with the interim response.
  const bool grants = interim || !request.is_async();
  header.credits = grants ? request.connection.credits.grant(request.header.credits) : std::uint16_t{0};
  return header;
}

// [MS-SMB2] 3.3.4.1.1: what signs the answer; null: nothing. What is encrypted is not signed. A SESSION_SETUP that
// binds is answered with Session.SigningKey until it succeeds, everything else with the channel's key.
std::shared_ptr<crypto::Signer> signer_of(const Request& request, const std::shared_ptr<Channel>& channel,
                                          const Reply& reply) {
  if (request.encrypted) return nullptr;
  if (request.session_signer && reply.status != NtStatus::SUCCESS) return request.session_signer;
  if (!channel || !channel->is_open()) return nullptr;
  const bool wanted = reply.must_sign || request.signed_by_client || channel->session->terms().signing_required;
  return wanted ? channel->signer() : nullptr;
}

// [MS-SMB2] 3.3.4.1.4.
bool must_be_sealed(const Request& request) {
  if (request.encrypted) return true;
  if (!request.channel || !request.channel->is_open()) return false;
  const wire::Command command = request.header.command;
  if (command == wire::Command::negotiate || command == wire::Command::session_setup) return false;
  return request.channel->session->terms().encrypt_data && request.channel->sealer() != nullptr;
}

}  // namespace

Reply error_reply(NtStatus status) { return Reply::of(wire::ErrorResponse{}, status); }

void ReplyChain::add(Request& request, Result<Reply> result) {
  Reply reply = result ? std::move(*result) : error_reply(result.error());
  if (reply.silent) return;
  if (request.announces) announcing_.push_back(*request.announces);
  Finished out;
  out.header = response_header(request, reply.status, false);
  // [MS-SMB2] 3.3.5.2.7.2: related, but for the first of what is sent together.
  if (finished_.empty()) out.header.flags = out.header.flags.without(wire::HeaderFlag::related_operations);
  const std::shared_ptr<Channel> channel =
      request.channel ? request.channel : connection_.find_channel(request.session_id);
  if (must_be_sealed(request)) {
    seal_with_ = request.unsealed_with ? request.unsealed_with : request.channel;
  } else {
    out.sign_with = signer_of(request, channel, reply);
  }
  out.message = std::move(reply.message);
  out.hash_into = reply.hash_into;
  if (reply.hash_into == Reply::HashInto::logon) out.hash_channel = channel;
  finished_.push_back(std::move(out));
}

void ReplyChain::close_links() {
  for (std::size_t i = 0; i < finished_.size(); ++i) {
    Finished& out = finished_[i];
    // [MS-SMB2] 3.3.4.1.3: the last one is padded too.
    if (finished_.size() > 1) out.message.pad_to_8();
    if (i + 1 < finished_.size()) out.header.next_command = static_cast<std::uint32_t>(out.message.size());
    if (out.sign_with) out.header.flags |= wire::HeaderFlag::is_signed;
    wire::store_header(out.header, out.message.view());
    if (out.sign_with) out.sign_with->sign(out.message.view());
    hash(out);
  }
}

void ReplyChain::hash(const Finished& finished) {
  switch (finished.hash_into) {
    case Reply::HashInto::nothing:
      break;
    case Reply::HashInto::connection:
      if (connection_.negotiated) connection_.negotiated->preauth.update(finished.message.view());
      break;
    case Reply::HashInto::logon:
      if (finished.hash_channel && finished.hash_channel->logon) {
        finished.hash_channel->logon->preauth.update(finished.message.view());
      }
      break;
  }
}

void ReplyChain::flush() {
  if (finished_.empty()) return;
  close_links();
  boost::container::small_vector<OutMessage, 1> messages;
  for (Finished& out : finished_) messages.push_back(std::move(out.message));
  finished_.clear();
  send(std::move(messages), seal_with_);
  for (const share::OpenId open : announcing_) connection_.server().sharing().announce(open);
  announcing_.clear();
}

void ReplyChain::send_interim(Request& request) {
  flush();
  Reply interim = error_reply(NtStatus::PENDING);
  const wire::Header header = response_header(request, NtStatus::PENDING, true);
  wire::store_header(header, interim.message.view());
  boost::container::small_vector<OutMessage, 1> messages;
  messages.push_back(std::move(interim.message));
  // [MS-SMB2] 3.3.4.2: an interim response is not signed; of an encrypted request it is encrypted like any other.
  std::shared_ptr<Channel> seal_with;
  if (must_be_sealed(request)) seal_with = request.unsealed_with ? request.unsealed_with : request.channel;
  send(std::move(messages), std::move(seal_with));
}

void ReplyChain::send(boost::container::small_vector<OutMessage, 1> messages, std::shared_ptr<Channel> seal_with) {
  OutFrame frame;
  frame.messages = std::move(messages);
  if (seal_with) {
    if (!seal(*seal_with, frame)) {
      connection_.disconnect("an encrypted answer is due, and the session's nonces are used up");
      return;
    }
  } else {
    set_frame_length(frame);
  }
  connection_.outbox.push(std::move(frame));
}

}  // namespace dozo::server
