#include "server/dispatch.h"

#include "guard/audit.h"
#include "server/command_table.h"
#include "server/commands/binding.h"
#include "server/fsctl/functions.h"
#include "server/reply_chain.h"
#include "server/server.h"

namespace dozo::server {
namespace {

// Elements of one compound; Windows clients send at most a handful, Linux' up to ten.
constexpr std::size_t kCompoundMax = 64;

// [MS-SMB2] 3.3.5.2.1.1: what was encrypted for a session is of that session.
bool is_of_its_session(const IncomingFrame& frame, const wire::Header& header, bool first) {
  if (!frame.encrypted) return true;
  if (header.is_related()) return !first;
  return header.session_id == frame.unsealed_with->session->id;
}

// [MS-SMB2] 3.3.5.2: what carries no payload is small.
bool is_oversized(const Connection& connection, const wire::Header& header, std::size_t size) {
  constexpr std::size_t kSmallMax = 68 * 1024;
  if (size <= kSmallMax || !connection.negotiated) return false;
  if (!connection.negotiated->supports_multi_credit()) return true;
  switch (header.command) {
    case wire::Command::read:
    case wire::Command::write:
    case wire::Command::ioctl:
    case wire::Command::query_directory:
    case wire::Command::change_notify:
    case wire::Command::query_info:
    case wire::Command::set_info:
      return false;
    default:
      return true;
  }
}

bool is_known(wire::Command command) { return static_cast<std::uint16_t>(command) < wire::kCommandCount; }

// [MS-SMB2] 3.3.5.2.2, 3.3.5.2.3. Why the connection must end, or nothing.
std::optional<std::string_view> check_header(Connection& connection, const wire::Header& header, bool first) {
  if (header.is_response()) return "a message with SMB2_FLAGS_SERVER_TO_REDIR from a client";
  if (!connection.negotiated && header.command != wire::Command::negotiate) {
    return "a request before NEGOTIATE";
  }
  if (connection.negotiated && header.command == wire::Command::negotiate) {
    return "a second NEGOTIATE";  // [MS-SMB2] 3.3.5.4
  }
  // [MS-SMB2] 3.3.5.2.6: a command that does not exist. Behind another one in a compound it is answered with an error,
  // as Windows does (smbtorture's compound.invalid4).
  if (first && !is_known(header.command)) return "a command that SMB2 does not have";
  const bool multi_credit = connection.negotiated && connection.negotiated->supports_multi_credit();
  const std::uint32_t charge = multi_credit ? std::max<std::uint32_t>(header.credit_charge, 1) : 1;
  if (!connection.credits.take(header.message_id, charge)) return "a message id that it was not granted";
  return std::nullopt;
}

// Which session and tree are in force: the header's, or for a related element those of the one before it.
Result<> inherit_from_chain(Request& request) {
  if (!request.header.is_related()) return {};
  // [MS-SMB2] 3.3.5.2.7.2: the first element cannot be related, nor one behind an element without session or tree.
  if (!request.chain.has_context) return fail(NtStatus::INVALID_PARAMETER);
  request.session_id = request.chain.session_id;
  request.tree_id = request.chain.tree_id;
  return {};
}

void audit_refusal(Request& request, guard::AuditEvent event, std::string_view reason) {
  guard::emit({.event = event,
               .address = request.connection.peer_address(),
               .reason = std::string(reason),
               .session = request.session_id});
}

// [MS-SMB2] 3.3.5.2.4.
Result<> check_signature(Request& request) {
  const bool is_signed = request.header.flags.has(wire::HeaderFlag::is_signed);
  if (request.encrypted) return {};
  if (request.header.command == wire::Command::negotiate) {
    return is_signed ? Result<>(fail(NtStatus::INVALID_PARAMETER)) : Result<>();
  }
  // [MS-SMB2] 3.3.5.2.4: a binding is signed with a key that is not this connection's yet; its handler looks at it.
  if (is_binding(request)) return {};
  const std::shared_ptr<Channel> channel = request.connection.find_channel(request.session_id);
  if (!is_signed) {
    if (channel && channel->is_open() && channel->session->terms().signing_required) {
      audit_refusal(request, guard::AuditEvent::unsigned_request_refused, to_string(request.header.command));
      return fail(NtStatus::ACCESS_DENIED);
    }
    return {};
  }
  if (!channel) {
    const std::shared_ptr<crypto::Signer> ended = request.connection.signer_of_ended(request.session_id);
    if (ended && ended->verify(request.message)) request.session_signer = ended;
    const std::shared_ptr<Session> elsewhere = request.server.sessions().find(request.session_id);
    if (!ended && elsewhere && elsewhere->is_valid()) static_cast<void>(is_signed_by_session(request, *elsewhere));
    return fail(NtStatus::USER_SESSION_DELETED);
  }
  // A session that is being set up has no key yet; its SESSION_SETUP requests are covered by the preauth hash.
  if (!channel->is_open()) {
    return request.header.command == wire::Command::session_setup ? Result<>()
                                                                  : Result<>(fail(NtStatus::NOT_SUPPORTED));
  }
  if (!channel->signer()->verify(request.message)) {
    audit_refusal(request, guard::AuditEvent::bad_signature, to_string(request.header.command));
    return fail(NtStatus::ACCESS_DENIED);
  }
  request.signed_by_client = true;
  return {};
}

// [MS-SMB2] 3.3.5.2.9, 3.3.5.2.10.
Result<> find_session(Request& request) {
  request.channel = request.connection.find_channel(request.session_id);
  if (!request.channel || !request.channel->is_open()) {
    request.channel.reset();
    return fail(NtStatus::USER_SESSION_DELETED);
  }
  request.session = request.channel->session;
  // A request must be encrypted with the key of the session it is for.
  if (request.encrypted && request.unsealed_with != request.channel) return fail(NtStatus::ACCESS_DENIED);
  if (request.session->terms().encrypt_data && !request.encrypted) {
    audit_refusal(request, guard::AuditEvent::unencrypted_request_refused, to_string(request.header.command));
    return fail(NtStatus::ACCESS_DENIED);
  }
  request.session->last_used.store(request.received_at, std::memory_order_relaxed);
  return {};
}

Result<> check_tree_encryption(Request& request) {
  if (request.tree->share->encryption_required && !request.encrypted) {
    audit_refusal(request, guard::AuditEvent::unencrypted_request_refused, request.tree->share->config.name);
    return fail(NtStatus::ACCESS_DENIED);
  }
  return {};
}

// [MS-SMB2] 3.3.5.2.11. On the session's home loop.
Result<> find_tree(Request& request) {
  const auto& trees = request.session->valid().trees;
  const auto found = trees.find(request.tree_id);
  if (found == trees.end()) return fail(NtStatus::NETWORK_NAME_DELETED);
  request.tree = found->second;
  return check_tree_encryption(request);
}

// The tree of a READ or WRITE, by way of its open, which any loop may ask for. False: something about the request is
// not as usual, and what that means is found out at home.
bool find_tree_of_data(Request& request) {
  // [MS-SMB2] 2.2.19, 2.2.21: FileId is at the same place in both.
  constexpr std::size_t kFileIdAt = wire::kHeaderSize + 16;
  constexpr std::size_t kFileIdSize = 16;
  if (request.message.size() < kFileIdAt + kFileIdSize) return false;
  const std::uint8_t* at = request.message.data() + kFileIdAt;
  FileId id{load_le<std::uint64_t>(at), load_le<std::uint64_t>(at + 8)};
  if (request.header.is_related() && id == kRelatedFileId) id = request.chain.file_id.value_or(id);
  const OpenRef open = request.session->valid().opens.find(id);
  if (!open || !open->has_shared_data || open->tree->id != request.tree_id || open->tree->disconnected) return false;
  request.tree = open->tree;
  return true;
}

Result<> check_structure_size(const Request& request, const CommandRow& row) {
  const Bytes body = request.message.subspan(wire::kHeaderSize);
  if (body.size() < 2) return fail(NtStatus::INVALID_PARAMETER);
  const auto size = load_le<std::uint16_t>(body.data());
  const bool known = size == row.structure_size || (row.other_structure_size != 0 && size == row.other_structure_size);
  return known ? Result<>() : Result<>(fail(NtStatus::INVALID_PARAMETER));
}

// As smbtorture sends its own control.
const CommandRow* sessionless_ioctl() {
  static const CommandRow kRow = [] {
    CommandRow row = *find_command(wire::Command::ioctl);
    row.needs = Needs::nothing;
    row.runs = Runs::here;
    return row;
  }();
  return &kRow;
}

// The gates that every loop can keep.
Result<const CommandRow*> pass_gates(Request& request) {
  DOZO_CHECK(inherit_from_chain(request));
  const CommandRow* row = find_command(request.header.command);
  if (row == nullptr) return fail(NtStatus::INVALID_PARAMETER);
  DOZO_CHECK(check_signature(request));
  if (is_torture_request(request)) return sessionless_ioctl();
  // [MS-SMB2] 3.3.5.17: an ECHO needs no session; one that names a session must name one of its own.
  const bool names_session = request.header.command == wire::Command::echo && request.session_id.value() != 0;
  if (row->needs != Needs::nothing || names_session) DOZO_CHECK(find_session(request));
  return row;
}

// The rest of the gates; then the handler runs, on this loop.
runtime::Task<Result<Reply>> handle(Request& request, const CommandRow& row) {
  if (row.needs == Needs::tree) DOZO_CO_CHECK(request.tree ? check_tree_encryption(request) : find_tree(request));
  DOZO_CO_CHECK(check_structure_size(request, row));
  Result<Reply> reply = co_await row.handler(request);
  co_return reply;
}

// There and back. Meanwhile a CANCEL is sent after it, and the connection's gate waits for it.
runtime::Task<Result<Reply>> handle_at_home(Request& request, const CommandRow& row) {
  Session& session = *request.session;
  request.is_away = true;
  co_await runtime::resume_on(session.home());
  session.add_visitor(request);
  // It may have ended on the way.
  Result<Reply> reply = fail(NtStatus::USER_SESSION_DELETED);
  if (!session.has_ended()) reply = co_await handle(request, row);
  request.stop_counting();
  request.VisitorHook::unlink();
  co_await runtime::resume_on(request.connection.loop());
  request.is_away = false;
  co_return reply;
}

runtime::Task<Result<Reply>> serve_element(Request& request) {
  const Result<const CommandRow*> passed = pass_gates(request);
  if (!passed) co_return fail(passed.error());
  const CommandRow& row = **passed;
  const bool is_home = !request.session || &request.session->home() == &request.connection.loop();
  const bool stays = is_home || row.runs == Runs::here || (row.runs == Runs::with_data && find_tree_of_data(request));
  if (!stays) co_return co_await handle_at_home(request, row);
  if (is_home && request.session) request.session->add_visitor(request);
  co_return co_await handle(request, row);
}

void hand_on(CompoundState& chain, const Request& request, NtStatus status) {
  const CommandRow* row = find_command(request.header.command);
  const bool lacks_session = row != nullptr && row->needs != Needs::nothing && !request.session;
  const bool lacks_tree = row != nullptr && row->needs == Needs::tree && !request.tree;
  const bool broken = request.header.is_related() && !chain.has_context;
  // A TREE_CONNECT or SESSION_SETUP that failed leaves nothing to be in, whatever its header named.
  const bool makes_context =
      request.header.command == wire::Command::tree_connect || request.header.command == wire::Command::session_setup;
  chain.has_context = !broken && !lacks_session && !lacks_tree && !(makes_context && is_error(status));
  chain.session_id = request.session_id;
  chain.tree_id = request.tree_id;
  // [MS-SMB2] 3.3.5.2.7.2: what needs the FileId of a CREATE that failed fails as it did.
  if (request.header.command == wire::Command::create && is_error(status)) chain.file_id_status = status;
}

void trace(const Request& request, NtStatus status) {
  Connection& connection = request.connection;
  const Duration took = connection.loop().now() - request.received_at;
  connection.server().stats.requests.fetch_add(1, std::memory_order_relaxed);
  connection.server().trace.add({.at = connection.server().clock().wall_now(),
                                 .connection = connection.id,
                                 .session = request.session_id,
                                 .message = request.header.message_id,
                                 .command = request.header.command,
                                 .status = status,
                                 .microseconds = static_cast<std::uint32_t>(took.count() / 1000)});
}

// [MS-SMB2] 3.3.5.16: no answer, whatever it finds.
void serve_cancel(Connection& connection, const wire::Header& header, const IncomingFrame& frame, Bytes message) {
  const std::shared_ptr<Channel> channel = connection.find_channel(header.session_id);
  if (!frame.encrypted && channel && channel->is_open()) {
    const bool is_signed = header.flags.has(wire::HeaderFlag::is_signed);
    if (is_signed ? !channel->signer()->verify(message) : channel->session->terms().signing_required) return;
  }
  connection.cancel(header);
}

// Takes the next element off `rest`. Nothing: the connection has been ended.
std::optional<wire::Header> next_element(Connection& connection, Bytes& rest, Bytes& message) {
  const auto element = wire::split_compound(rest);
  const auto header = element ? wire::decode_header(element->message) : Result<wire::Header>(fail(element.error()));
  if (!header) {
    connection.disconnect("a malformed SMB2 header or NextCommand");
    return std::nullopt;
  }
  message = element->message;
  rest = element->rest;
  return *header;
}

}  // namespace

runtime::Task<void> serve_frame(Connection& connection, const IncomingFrame& frame) {
  ReplyChain replies(connection);
  CompoundState chain;
  chain.replies = &replies;
  Bytes rest = frame.message();
  for (std::size_t n = 0; !rest.empty(); ++n) {
    Bytes message;
    const std::optional<wire::Header> header = next_element(connection, rest, message);
    if (!header) co_return;
    if (n == kCompoundMax) {
      connection.disconnect("a compound of too many requests");
      co_return;
    }
    if (!is_of_its_session(frame, *header, n == 0) || is_oversized(connection, *header, message.size())) {
      connection.disconnect("an encrypted message of another session, or one too large for its command");
      co_return;
    }
    if (header->command == wire::Command::cancel) {
      serve_cancel(connection, *header, frame, message);
      continue;
    }
    if (const auto why = check_header(connection, *header, n == 0)) {
      connection.disconnect(*why);
      co_return;
    }
    Request request(connection, *header, message, chain, frame.encrypted, rest.empty());
    request.unsealed_with = frame.unsealed_with;
    connection.in_flight.push_back(request);
    Result<Reply> reply = co_await serve_element(request);
    const NtStatus status = reply ? reply->status : reply.error();
    trace(request, status);
    hand_on(chain, request, status);
    replies.add(request, std::move(reply));
  }
  replies.flush();
}

}  // namespace dozo::server
