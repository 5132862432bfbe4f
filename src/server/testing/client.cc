#include "server/testing/client.h"

#include <fmt/format.h>

#include "server/testing/client_keys.h"
#include "server/testing/world.h"
#include "wire/cancel.h"
#include "wire/framing.h"
#include "wire/messages.h"
#include "wire/transform.h"

namespace dozo::server::testing {
namespace {

constexpr std::size_t kCreditUnit = 65536;  // [MS-SMB2] 3.1.5.2

}  // namespace

Client::Client(World& world, runtime::Socket socket, ClientOptions options)
    : world_(world), socket_(std::move(socket)), options_(std::move(options)) {
  runtime::spawn(gate_, run_reader());
}

Client::~Client() = default;

// --- Receiving ---------------------------------------------------------------------------------------------------

runtime::Task<void> Client::run_reader() {
  while (true) {
    std::array<std::uint8_t, wire::kFramePrefixSize> prefix{};
    const int got = co_await socket_.recv_all(prefix);
    if (got < static_cast<int>(prefix.size())) break;
    const auto length = wire::decode_frame_prefix(prefix);
    if (!length) {
      add_problem("a frame without a direct TCP prefix");
      break;
    }
    ByteVector frame(*length);
    const int rest = co_await socket_.recv_all(frame);
    if (rest < static_cast<int>(frame.size())) break;
    on_frame(std::move(frame));
    while (!reading_) co_await read_again_.wait();
  }
  ended_ = true;
  for (const auto& [id, arrival] : std::exchange(awaited_, {})) arrival->set(Answer{});
}

void Client::read_again() {
  reading_ = true;
  read_again_.notify();
}

runtime::Task<Answer> Client::answered(MessageId id) {
  if (const Answer* answer = find_answer(id)) co_return *answer;
  if (ended_) co_return Answer{};
  runtime::OneShot<Answer> arrival;
  awaited_[id] = &arrival;
  Answer answer = co_await arrival;
  co_return answer;
}

void Client::on_frame(ByteVector frame) {
  ++frames_received_;
  last_frame_.clear();
  const bool encrypted = wire::frame_kind(frame) == wire::FrameKind::encrypted;
  if (encrypted && !open_frame(frame)) return;
  Bytes rest = frame;
  while (!rest.empty()) {
    const auto element = wire::split_compound(rest);
    if (!element) return add_problem("a compound that does not hold together");
    rest = element->rest;
    on_message(element->message, encrypted);
  }
}

bool Client::open_frame(ByteVector& frame) {
  const auto header = wire::decode_transform_header(frame);
  SessionKeys* keys = header ? keys_of(header->session_id) : nullptr;
  const bool usable = keys != nullptr && keys->opener && header->flags == wire::kTransformEncrypted;
  const MutableBytes all = frame;
  if (!usable || !keys->opener->open(header->nonce,
                                     Bytes(all).subspan(wire::kTransformAadOffset,
                                                        wire::kTransformHeaderSize - wire::kTransformAadOffset),
                                     all.subspan(wire::kTransformHeaderSize), header->signature)) {
    add_problem("an encrypted frame that cannot be opened");
    return false;
  }
  frame.erase(frame.begin(), frame.begin() + wire::kTransformHeaderSize);
  return true;
}

void Client::on_message(Bytes message, bool encrypted) {
  const auto header = wire::decode_header(message);
  if (!header || !header->is_response()) return add_problem("what came is no response");
  Answer answer{.bytes = {message.begin(), message.end()}, .header = *header, .encrypted = encrypted};
  answer.is_signed = header->flags.has(wire::HeaderFlag::is_signed);
  credits_ += header->credits;
  check_signature(answer);
  check_form(answer);
  last_frame_.push_back(answer);
  if (header->message_id == wire::kUnsolicitedMessageId) {
    take_break(std::move(answer));
  } else {
    take_answer(std::move(answer));
  }
}

// [MS-SMB2] 3.3.4.6, 3.3.4.7.
void Client::take_break(Answer answer) {
  if (answer.header.command != wire::Command::oplock_break) add_problem("an unasked message that is no break");
  if (answer.header.status != NtStatus::SUCCESS) add_problem("a break with a status");
  if (answer.header.tree_id != TreeId() || answer.header.credits != 0) add_problem("a break with a tree or credits");
  if (answer.is_signed) add_problem("a signed break");
  if (options_.encrypt && !answer.encrypted) add_problem("a plain break to a client that encrypts");
  if (break_listener_ != nullptr) return break_listener_->on_break(*this, answer);
  breaks_.push_back(std::move(answer));
}

void Client::check_signature(Answer& answer) {
  SessionKeys* keys = keys_of(answer.header.session_id);
  // The last answer of a logon is looked at when its key is known.
  const bool last_of_logon =
      answer.header.command == wire::Command::session_setup && answer.header.status == NtStatus::SUCCESS;
  if (!answer.is_signed || keys == nullptr || last_of_logon) return;
  if (!keys->signer.verify(answer.bytes))
    add_problem(fmt::format("{}: a wrong signature", to_string(answer.header.command)));
}

void Client::check_form(const Answer& answer) {
  // It is between the server and its volumes: vfs/volume.h.
  if (answer.status() == NtStatus::RETRY || answer.status() == NtStatus::CANNOT_BREAK_OPLOCK) {
    add_problem(fmt::format("{} has left the server", to_string(answer.status())));
  }
  const wire::Codec* codec = wire::is_error_form(answer.header, answer.bytes)
                                 ? &wire::error_response_codec()
                                 : wire::find_codec(answer.header, answer.bytes);
  if (codec == nullptr || !codec->recode(answer.bytes)) {
    add_problem(fmt::format("{} {}: an answer that cannot be decoded", to_string(answer.header.command),
                            to_string(answer.status())));
  }
}

void Client::take_answer(Answer answer) {
  const MessageId id = answer.header.message_id;
  const auto asked = outstanding_.find(id);
  const std::string name =
      fmt::format("{} {} {}", to_string(answer.header.command), id.value(), to_string(answer.status()));
  if (asked == outstanding_.end())
    return add_problem(name + ": answers nothing that was asked, or for the second time");
  if (asked->second.command != answer.header.command) add_problem(name + ": answers another command");
  if (asked->second.sealed && !answer.encrypted) add_problem(name + ": a plain answer to an encrypted request");
  if (answer.status() == NtStatus::PENDING) {
    if (!answer.header.is_async()) add_problem(name + ": interim, and not asynchronous");
    if (!interim_.emplace(id, std::move(answer)).second) add_problem(name + ": a second interim response");
    return;
  }
  const auto interim = interim_.find(id);
  if (interim != interim_.end() && answer.header.async_id != interim->second.header.async_id) {
    add_problem(name + ": not the AsyncId of the interim response");
  }
  const bool ok = answer.status() == NtStatus::SUCCESS;
  if (ok && asked->second.is_signed && !answer.encrypted && !answer.is_signed) add_problem(name + ": not signed");
  outstanding_.erase(asked);
  const auto awaited = awaited_.find(id);
  if (awaited != awaited_.end()) {
    runtime::OneShot<Answer>* arrival = awaited->second;
    awaited_.erase(awaited);
    answers_[id] = answer;
    arrival->set(std::move(answer));
    return;
  }
  answers_[id] = std::move(answer);
}

// --- Sending -----------------------------------------------------------------------------------------------------

Client::SessionKeys* Client::keys_of(SessionId id) {
  const auto found = keys_.find(id);
  return found == keys_.end() ? nullptr : found->second.get();
}

bool Client::is_encrypted(const Sending& sending) const {
  const auto keys = keys_.find(sending.session.value_or(session_));
  const bool has_key = keys != keys_.end() && keys->second->sealer.has_value();
  return sending.encrypt.value_or(options_.encrypt) && has_key;
}

wire::Header Client::header_of(const Element& element) {
  const Sending& sending = element.sending;
  const auto units = static_cast<std::uint16_t>(sending.payload == 0 ? 1 : (sending.payload - 1) / kCreditUnit + 1);
  wire::Header header;
  header.command = element.command;
  header.credit_charge = sending.credit_charge.value_or(multi_credit_ ? units : 0);
  header.credits = sending.credits;
  header.flags = sending.flags;
  header.set_channel_sequence(sending.channel_sequence);
  header.message_id = sending.message_id.value_or(MessageId(next_message_id_));
  if (!sending.message_id) next_message_id_ += std::max<std::uint64_t>(multi_credit_ ? header.credit_charge : 1, 1);
  header.session_id = sending.session.value_or(session_);
  header.tree_id = sending.tree.value_or(tree_);
  if (element.related) {
    header.flags |= wire::HeaderFlag::related_operations;
    header.session_id = sending.session.value_or(SessionId(~0ull));
    header.tree_id = sending.tree.value_or(TreeId(~0u));
  }
  const std::uint64_t charge = std::max<std::uint64_t>(header.credit_charge, 1);
  credits_ -= std::min(credits_, charge);
  return header;
}

ByteVector Client::make_message(const Element& element) {
  const wire::Header header = header_of(element);
  ByteWriter out;
  wire::encode_header(header, out);
  out.bytes(element.body);
  return std::move(out).take();
}

std::vector<MessageId> Client::start_compound(std::vector<Element> elements) {
  std::vector<MessageId> ids;
  ByteVector plain;
  bool sealed = false, broken = false;
  SessionId session = session_;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const Sending& sending = elements[i].sending;
    ByteVector message = make_message(elements[i]);
    if (i + 1 < elements.size()) {
      message.resize((message.size() + 7) / 8 * 8);
      store_le(message.data() + wire::kNextCommandOffset, static_cast<std::uint32_t>(message.size()));
    }
    if (i == 0) sealed = is_encrypted(sending);
    if (i == 0) session = sending.session.value_or(session_);
    broken = broken || sending.break_ciphertext;
    SessionKeys* keys = keys_of(sending.session.value_or(session));
    const bool sign = !sealed && keys != nullptr && sending.sign.value_or(options_.sign);
    auto header = wire::decode_header(message).value_or(wire::Header{});
    if (sign) {
      header.flags |= wire::HeaderFlag::is_signed;
      wire::store_header(header, message);
      keys->signer.sign(message);
      if (sending.break_signature) message[wire::kSignatureOffset] ^= 1;
    }
    ids.push_back(header.message_id);
    outstanding_[header.message_id] = {elements[i].command, sealed, sign};
    plain.insert(plain.end(), message.begin(), message.end());
  }
  last_sent_ = plain;
  send_frame(sealed ? seal_frame(plain, session, broken) : plain);
  return ids;
}

ByteVector Client::seal_frame(Bytes plain, SessionId session, bool broken) {
  SessionKeys& keys = *keys_of(session);
  const wire::TransformHeader header{.nonce = keys.nonces->next().value_or(crypto::AeadNonce{}),
                                     .original_message_size = static_cast<std::uint32_t>(plain.size()),
                                     .session_id = session};
  ByteWriter out;
  wire::encode_transform_header(header, out);
  out.bytes(plain);
  ByteVector frame = std::move(out).take();
  const MutableBytes all = frame;
  const Bytes aad =
      Bytes(all).subspan(wire::kTransformAadOffset, wire::kTransformHeaderSize - wire::kTransformAadOffset);
  const crypto::AeadTag tag = keys.sealer->seal(header.nonce, aad, all.subspan(wire::kTransformHeaderSize));
  std::copy(tag.begin(), tag.end(), frame.begin() + 4);
  if (broken) frame.back() ^= 1;
  return frame;
}

MessageId Client::start_body(wire::Command command, ByteVector body, Sending sending) {
  return start_compound({Element{command, std::move(body), false, std::move(sending)}}).front();
}

std::vector<Answer> Client::compound(std::vector<Element> elements) {
  std::vector<Answer> out;
  for (const MessageId id : start_compound(std::move(elements))) out.push_back(wait(id));
  return out;
}

Answer Client::wait(MessageId id) {
  world_.run_until([&] { return answers_.contains(id) || ended_; });
  const Answer* answer = find_answer(id);
  return answer != nullptr ? *answer : Answer{};
}

const Answer* Client::find_answer(MessageId id) const {
  const auto found = answers_.find(id);
  return found == answers_.end() ? nullptr : &found->second;
}

const Answer* Client::find_interim(MessageId id) const {
  const auto found = interim_.find(id);
  return found == interim_.end() ? nullptr : &found->second;
}

std::vector<MessageId> Client::outstanding() const {
  std::vector<MessageId> out;
  for (const auto& [id, asked] : outstanding_) out.push_back(id);
  return out;
}

void Client::cancel(MessageId id) {
  const Answer* interim = find_interim(id);
  if (interim == nullptr) return cancel_by_message_id(id);
  wire::Header header{.command = wire::Command::cancel, .flags = wire::HeaderFlag::async_command};
  header.message_id = id;
  header.async_id = interim->header.async_id;
  send_cancel(header);
}

void Client::cancel_by_message_id(MessageId id) {
  wire::Header header{.command = wire::Command::cancel};
  header.message_id = id;
  header.tree_id = tree_;
  send_cancel(header);
}

void Client::send_cancel(wire::Header header) {
  header.session_id = session_;
  SessionKeys* keys = keys_of(session_);
  const bool sealed = is_encrypted({});
  const bool sign = keys != nullptr && options_.sign && !sealed;
  if (sign) header.flags |= wire::HeaderFlag::is_signed;
  ByteWriter out;
  wire::encode_header(header, out);
  wire::encode(wire::CancelRequest{}, out);
  if (sign) keys->signer.sign(out.mutable_view());
  send_frame(sealed ? seal_frame(out.view(), session_, false) : std::move(out).take());
}

runtime::Task<void> Client::run_sender(ByteVector frame) {
  const int sent = co_await socket_.send_all(frame);
  static_cast<void>(sent);  // that the connection is gone the reader sees too
}

void Client::send_bytes(Bytes bytes) { runtime::spawn(gate_, run_sender({bytes.begin(), bytes.end()})); }

void Client::send_frame(Bytes message) {
  const auto prefix = wire::encode_frame_prefix(message.size());
  ByteVector frame(prefix.begin(), prefix.end());
  frame.insert(frame.end(), message.begin(), message.end());
  runtime::spawn(gate_, run_sender(std::move(frame)));
}

void Client::reset() { world_.loop().inject_reset(socket_.handle()); }
void Client::hang_up() { socket_.shutdown(); }

bool Client::run_until_disconnected() {
  return world_.run_until([&] { return ended_; });
}

}  // namespace dozo::server::testing
