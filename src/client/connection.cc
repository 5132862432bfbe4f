#include "client/connection.h"

#include <algorithm>

#include "client/pending_call.h"
#include "client/session_security.h"
#include "crypto/random.h"
#include "wire/cancel.h"
#include "wire/echo.h"

namespace dozo::client {
namespace {

constexpr std::size_t element_alignment = 8;  // [MS-SMB2] 3.2.4.1.4

void pad_to(ByteVector& message, std::size_t alignment) {
  message.resize((message.size() + alignment - 1) / alignment * alignment);
}

}  // namespace

Connection::Connection(std::unique_ptr<RawConnection> raw, ConnectionOptions options)
    : raw_(std::move(raw)), options_(std::move(options)) {
  if (options_.client_guid.is_null()) options_.client_guid.bytes = crypto::random_bytes<16>();
}

Connection::~Connection() { DOZO_ASSERT(gate_.count() == 0 && pending_.empty()); }

runtime::Task<Result<std::unique_ptr<Connection>>> Connection::connect(runtime::Loop& loop, runtime::Endpoint endpoint,
                                                                       ConnectionOptions options) {
  auto raw = co_await RawConnection::connect(loop, endpoint, options.connect_timeout);
  if (!raw) co_return fail(raw.error());
  auto connection = co_await negotiate(std::move(*raw), std::move(options));
  co_return connection;
}

runtime::Task<Result<std::unique_ptr<Connection>>> Connection::negotiate(std::unique_ptr<RawConnection> raw,
                                                                         ConnectionOptions options) {
  std::unique_ptr<Connection> connection(new Connection(std::move(raw), std::move(options)));
  runtime::spawn(connection->gate_, connection->run_reader());
  runtime::spawn(connection->gate_, connection->run_writer());
  const auto negotiated = co_await connection->run_negotiate();
  if (!negotiated) {
    co_await connection->close();
    co_return fail(negotiated.error());
  }
  connection->was_negotiated_ = true;
  connection->arm_keepalive();
  co_return connection;
}

void Connection::fail_with(NtStatus why) {
  if (failure_) return;
  failure_ = why;
  keepalive_.disarm();
  raw_->shutdown();
  outbox_filled_.notify();
  credits_.close();
  while (!pending_.empty()) {
    PendingCall& call = *pending_.begin()->second;
    forget(call);
    call.outcome.set(fail(why));
  }
}

runtime::Task<void> Connection::close() {
  fail_with(NtStatus::CONNECTION_DISCONNECTED);
  co_await calls_.close();
  co_await gate_.close();
}

void Connection::forget(PendingCall& call) {
  call.timer.disarm();
  pending_.erase(call.id.value());
  if (call.handle != nullptr) call.handle->in_flight_ = false;
}

// --- Calls -------------------------------------------------------------------------------------------------------

runtime::Task<Result<Response>> Connection::call(Request request, CallOptions options) {
  std::vector<Request> one;
  one.push_back(std::move(request));
  auto responses = co_await call_compound(std::move(one), options);
  if (!responses) co_return fail(responses.error());
  co_return std::move(responses->front());
}

runtime::Task<Result<std::vector<Response>>> Connection::call_compound(std::vector<Request> requests,
                                                                       CallOptions options) {
  if (failure_) co_return fail(*failure_);
  calls_.enter();
  auto responses = co_await call_inside_gate(std::move(requests), options);
  calls_.leave();
  co_return responses;
}

runtime::Task<Result<std::vector<Response>>> Connection::call_inside_gate(std::vector<Request> requests,
                                                                          CallOptions options) {
  std::uint64_t charge = 0;
  for (const Request& request : requests) charge += ids_for(request);
  DOZO_CO_CHECK(co_await ask_for_credits(charge));
  const bool granted = co_await take_credits(charge);
  if (!granted) co_return fail(*failure_);
  std::vector<std::unique_ptr<PendingCall>> calls = queue(requests, options);

  std::vector<Response> responses;
  std::optional<NtStatus> failure;
  for (auto& call : calls) {
    auto outcome = co_await call->outcome;
    if (outcome) responses.push_back(std::move(*outcome));
    if (!outcome && !failure) failure = outcome.error();
  }
  if (failure) co_return fail(*failure);
  co_return responses;
}

// Numbers, protects and queues the requests of one frame; no await between the credits and here.
std::vector<std::unique_ptr<Connection::PendingCall>> Connection::queue(std::vector<Request>& requests,
                                                                        const CallOptions& options) {
  std::vector<std::unique_ptr<PendingCall>> calls;
  const bool seal = must_seal(requests, options);
  ByteVector frame;
  std::uint64_t id = credits_.first_id();
  for (std::size_t i = 0; i < requests.size(); ++i) {
    Request& request = requests[i];
    const bool last = i + 1 == requests.size();
    wire::Header header = header_for(request, options, MessageId(id));
    if (i > 0 && options.related) header.flags |= wire::HeaderFlag::related_operations;
    if (!last) pad_to(request.message, element_alignment);
    header.next_command = last ? 0 : static_cast<std::uint32_t>(request.message.size());
    calls.push_back(await_response(request, header, options, seal));
    finish_message(request.message, header, options, seal);
    if (requests.size() == 1) {
      frame = std::move(request.message);
    } else {
      frame.insert(frame.end(), request.message.begin(), request.message.end());
    }
    id += ids_for(request);
  }
  if (options.preauth != nullptr) options.preauth->update(frame);
  enqueue_frame(std::move(frame), options, seal);
  return calls;
}

bool Connection::must_seal(const std::vector<Request>& requests, const CallOptions& options) const {
  if (options.session == nullptr || !options.session->can_encrypt()) return false;
  if (options.misbehave != nullptr && options.misbehave->omit_encryption) return false;
  const bool share_asks = std::any_of(requests.begin(), requests.end(), [](const Request& r) { return r.encrypt; });
  return share_asks || options.session->encrypts();
}

std::unique_ptr<Connection::PendingCall> Connection::await_response(const Request& request, const wire::Header& header,
                                                                    const CallOptions& options, bool sealed) {
  auto call = std::make_unique<PendingCall>();
  call->connection = this;
  call->id = header.message_id;
  call->command = request.command;
  call->charge = ids_for(request);
  call->session = options.session;
  call->must_be_sealed = sealed;
  call->must_be_signed = !sealed && options.session != nullptr && options.session->can_sign() &&
                         (options.session->signs() || always_signed(request.command));
  call->timeout = options.timeout != Duration{} ? options.timeout : options_.timeout;
  call->handle = options.handle;
  if (call->handle != nullptr) {
    call->handle->in_flight_ = true;
    call->handle->message_id_ = call->id;
    call->handle->session_ = options.session;
    call->handle->async_id_.reset();
  }
  pending_[call->id.value()] = call.get();
  call->arm_timer();
  return call;
}

// [MS-SMB2] 3.2.4.1.1: in 3.1.1 a TREE_CONNECT is signed whatever the session says; 3.2.5.5: so is
// VALIDATE_NEGOTIATE_INFO, an IOCTL, in the dialects before.
bool Connection::always_signed(wire::Command command) const {
  if (negotiated_.dialect == Dialect::smb_3_1_1) return command == wire::Command::tree_connect;
  return command == wire::Command::ioctl;
}

wire::Header Connection::header_for(const Request& request, const CallOptions& options, MessageId id) const {
  wire::Header header{.command = request.command, .message_id = id, .tree_id = request.tree};
  header.session_id = options.session != nullptr ? options.session->id() : options.session_id;
  // [MS-SMB2] 3.2.4.1.5: the charge is a field from 2.1 on, where multi-credit requests are supported.
  header.credit_charge = negotiated_.supports_multi_credit ? ids_for(request) : std::uint16_t{0};
  header.credits = credits_to_request(ids_for(request));
  if (options.misbehave == nullptr) return header;
  const Misbehaviour& wrong = *options.misbehave;
  header.message_id = wrong.message_id.value_or(header.message_id);
  header.session_id = wrong.session_id.value_or(header.session_id);
  header.tree_id = wrong.tree_id.value_or(header.tree_id);
  header.credit_charge = wrong.credit_charge.value_or(header.credit_charge);
  return header;
}

void Connection::finish_message(ByteVector& message, wire::Header header, const CallOptions& options, bool sealed) {
  SessionSecurity* session = options.session;
  const Misbehaviour wrong = options.misbehave != nullptr ? *options.misbehave : Misbehaviour{};
  const bool sign = !sealed && session != nullptr && session->can_sign() && !wrong.omit_signature &&
                    (session->signs() || always_signed(header.command));
  if (sign) header.flags |= wire::HeaderFlag::is_signed;
  wire::store_header(header, message);
  if (sign) session->sign(message);
  if (sign && wrong.break_signature) message[wire::kSignatureOffset] ^= 1;
}

void Connection::enqueue_frame(ByteVector frame, const CallOptions& options, bool seal) {
  if (seal) {
    auto sealed = options.session->seal(frame);
    // [MS-SMB2] 3.1.4.3: a nonce is never used twice; the session has to end first.
    if (!sealed) return fail_with(NtStatus::INSUFFICIENT_RESOURCES);
    frame = std::move(*sealed);
    if (options.misbehave != nullptr && options.misbehave->break_ciphertext) frame.back() ^= 1;
  }
  outbox_.push_back({.bytes = std::move(frame), .framed = true});
  outbox_filled_.notify();
}

void Connection::send_raw(ByteVector bytes) {
  outbox_.push_back({.bytes = std::move(bytes), .framed = false});
  outbox_filled_.notify();
}

void Connection::post(Request request, SessionId session) {
  if (!failure_ && !calls_.closed()) runtime::spawn(calls_, run_post(std::move(request), session));
}

runtime::Task<void> Connection::run_post(Request request, SessionId session) {
  const bool granted = co_await take_credits(1);
  if (!granted) co_return;
  // The session may have ended while there was no credit; the server is told what it was meant to be told all the same,
  // and refuses it.
  const auto found = sessions_.find(session.value());
  CallOptions options{.session = found == sessions_.end() ? nullptr : found->second, .session_id = session};
  std::vector<Request> one;
  one.push_back(std::move(request));
  const auto calls = queue(one, options);
  abandon(*calls.front());
}

// Nobody awaits its response any more.
void Connection::abandon(PendingCall& call) {
  abandoned_[call.id.value()] = call.charge;
  forget(call);
}

// --- Keepalive ---------------------------------------------------------------------------------------------------

void Connection::arm_keepalive() {
  if (options_.keepalive == Duration{} || failure_) return;
  keepalive_.arm(loop(), std::max(heard_at_, loop().now() - options_.keepalive) + options_.keepalive,
                 &Connection::on_quiet, this);
}

void Connection::on_quiet(void* self_pointer) {
  auto& self = *static_cast<Connection*>(self_pointer);
  const bool quiet = self.loop().now() - self.heard_at_ >= self.options_.keepalive;
  if (!quiet) return self.arm_keepalive();
  if (!self.calls_.closed()) runtime::spawn(self.calls_, self.run_keepalive());
}

// [MS-SMB2] 3.2.4.23: an ECHO of no session.
runtime::Task<void> Connection::run_keepalive() {
  const auto answer = co_await call(make_request(wire::Command::echo, wire::EchoRequest{}), {});
  if (!answer && answer.error() == NtStatus::IO_TIMEOUT) fail_with(NtStatus::IO_TIMEOUT);
  arm_keepalive();
}

void Connection::cancel(CallHandle& handle) {
  if (failure_ || !handle.in_flight_) return;
  // [MS-SMB2] 3.2.4.24: the id of the request itself, and its AsyncId once there is one; no credit is consumed.
  wire::Header header{.command = wire::Command::cancel, .message_id = handle.message_id_};
  if (handle.session_ != nullptr) header.session_id = handle.session_->id();
  if (handle.async_id_) {
    header.flags |= wire::HeaderFlag::async_command;
    header.async_id = *handle.async_id_;
  }
  ByteVector message = make_message(header, wire::CancelRequest{});
  const CallOptions options{.session = handle.session_};
  const bool seal = must_seal({}, options);
  finish_message(message, header, options, seal);
  enqueue_frame(std::move(message), options, seal);
}

// --- Credits -----------------------------------------------------------------------------------------------------

std::uint32_t Connection::payload_max() const {
  const std::uint64_t credits = std::max<std::uint64_t>(credits_.available() + credits_.in_flight(), 1);
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(credits, 128) * 65536);
}

// What costs more than the server has granted in all would wait for ever: an ECHO asks for the rest.
runtime::Task<Result<>> Connection::ask_for_credits(std::uint64_t charge) {
  if (charge <= 1) co_return Result<>{};
  for (int tries = 0; charge > credits_.available() + credits_.in_flight(); ++tries) {
    if (failure_) co_return fail(*failure_);
    if (tries == 3) co_return fail(NtStatus::INSUFFICIENT_RESOURCES);
    const auto answer = co_await call(make_request(wire::Command::echo, wire::EchoRequest{}), {});
    if (!answer) co_return fail(answer.error());
  }
  co_return Result<>{};
}

// A server that gives no credit back and says nothing at all is as good as gone.
struct Connection::CreditWait {
  Connection& connection;
  runtime::Timer timer;

  void arm() {
    timer.arm(connection.loop(), connection.loop().now() + connection.options_.timeout, &CreditWait::on_timeout, this);
  }
  static void on_timeout(void* self_pointer) {
    auto& self = *static_cast<CreditWait*>(self_pointer);
    Connection& connection = self.connection;
    const bool heard = connection.loop().now() - connection.heard_at_ < connection.options_.timeout;
    if (heard) return self.arm();
    connection.fail_with(NtStatus::IO_TIMEOUT);
  }
};

runtime::Task<bool> Connection::take_credits(std::uint64_t charge) {
  CreditWait wait{.connection = *this, .timer = {}};
  if (charge > credits_.available()) wait.arm();
  const bool granted = co_await credits_.take(charge);
  co_return granted;
}

// [MS-SMB2] 3.1.5.2: one credit for each 64 KiB, where the command may be large and the server supports it.
std::uint16_t Connection::ids_for(const Request& request) const {
  if (!negotiated_.supports_multi_credit || request.payload == 0) return 1;
  return static_cast<std::uint16_t>(1 + (request.payload - 1) / 65536);
}

std::uint16_t Connection::credits_to_request(std::uint16_t charge) const {
  const std::uint64_t have = credits_.available() + credits_.in_flight();
  const std::uint64_t missing = have < options_.credits_wanted ? options_.credits_wanted - have : 0;
  return static_cast<std::uint16_t>(std::min<std::uint64_t>(charge + missing, 0xFFFF));
}

}  // namespace dozo::client
