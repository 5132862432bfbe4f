// An actor's session, how it begins and ends, and its connections: requests go over any of them, and some of them break
// while the others go on. [MS-SMB2] 3.2.4.1.5, 3.2.7.1.
#include <fmt/format.h>

#include "tests/simulation/server_actor.h"
#include "wire/close.h"

namespace dozo::server::testing {
namespace {

using wire::Command;

constexpr std::size_t kChannelsMax = 3;

}  // namespace

// --- Connecting --------------------------------------------------------------------------------------------------

void Actor::connect() {
  ClientOptions options;
  options.dialect = kAllDialects[below(std::size(kAllDialects))];
  options.user = one_in(2) ? "alice" : "bob";
  options.encrypt = is_smb3(options.dialect) && one_in(3);
  connect_as(std::move(options));
  // The connection before this one may not be torn down yet.
  open_private(6);
}

void Actor::connect_as(ClientOptions options) {
  client_ = &world_->log_on(std::move(options));
  channels_ = {client_};
  channel_sequence_ = 0;
  leaving_ = false;
  if (client_->is_disconnected() || !client_->problems().empty()) fail_with("it cannot log on");
}

void Actor::reauthenticate() {
  const std::string& user = client_->options().user;
  const NtStatus status = any_channel().reauthenticate(user, password_of(user)).status();
  ++seen_[fmt::format("reauthenticate {}", dozo::to_string(status))];
  if (status != NtStatus::SUCCESS) fail_with(fmt::format("a logon once more ended with {}", dozo::to_string(status)));
}

// [MS-SMB2] 3.3.5.5.3: what the session before it had open is closed when the new one is there.
void Actor::take_over() {
  ClientOptions options = client_->options();
  options.previous_session = client_->session();
  const std::vector<Client*> before = channels_;
  take_in_answers();
  forget_connection();
  connect_as(std::move(options));
  open_private(1);
  for (Client* channel : before) channel->hang_up();
  ++seen_["taken over"];
}

void Actor::open_private(int tries) {
  const std::string name = fmt::format("private{}", number_);
  Answer answer = client_->create(name, {.share = {}});
  for (int i = 1; i < tries && answer.status() == NtStatus::SHARING_VIOLATION; ++i) {
    world_->loop().run_for(std::chrono::seconds(1));
    answer = client_->create(name, {.share = {}});
  }
  if (answer.status() != NtStatus::SUCCESS) {
    return fail_with(fmt::format("its private file does not open: {}", dozo::to_string(answer.status())));
  }
  private_file_ = answer.file_id();
  std::string found;
  while (found.size() < answer.as<wire::CreateResponse>().end_of_file) {
    const std::string more = client_->read_text(private_file_, found.size(), 65536);
    if (more.starts_with("STATUS_")) break;
    found += more;
  }
  if (found != private_content_ && found != private_other_) return fail_with("its private file holds something else");
  private_content_ = std::move(found);
  private_other_.reset();
  private_busy_ = false;
}

void Actor::forget_connection() {
  client_ = nullptr;
  channels_.clear();
  opens_.clear();
  unknown_opens_ = 0;
  pending_.clear();
  to_send_again_.clear();
}

void Actor::leave() {
  if (one_in(2)) {
    for (Client* channel : channels_) channel->hang_up();
  } else {
    const ByteVector half = {0, 0, 1, 0, 0xFE, 'S', 'M', 'B', 64, 0};
    if (one_in(2)) any_channel().send_bytes(half);
    world_->loop().run_for(std::chrono::microseconds(below(600)));
    for (Client* channel : channels_) channel->reset();
  }
  take_in_answers();
  forget_connection();
}

void Actor::lose_server() {
  for (Client* channel : channels_) channel->reset();
  forget_connection();
}

// --- Channels -------------------------------------------------------------------------------------------------------

void Actor::start(Pending pending, Client& channel, MessageId id) {
  pending.channel = &channel;
  pending.id = id;
  pending_[++last_pending_] = std::move(pending);
}

void Actor::send_body(Pending pending, ByteVector body) {
  Client& channel = any_channel();
  Sending sending;
  if (is_smb3(channel.dialect())) sending.channel_sequence = channel_sequence_;
  // [MS-SMB2] 3.3.5.2.10: while the first is at work, the second has to wait.
  const bool is_change = pending.command == Command::write || pending.command == Command::set_info;
  if (pending.is_sent_again && is_change) sending.flags |= wire::HeaderFlag::replay_operation;
  pending.body = body;
  const MessageId id = channel.start_body(pending.command, std::move(body), sending);
  start(std::move(pending), channel, id);
}

void Actor::bind_channel() {
  if (!is_smb3(client_->dialect()) || channels_.size() >= kChannelsMax || leaving_) return;
  Client& channel = world_->connect(client_->options());
  const bool negotiated = channel.negotiate().status() == NtStatus::SUCCESS;
  const NtStatus status = negotiated ? channel.bind(*client_).status() : NtStatus::IO_TIMEOUT;
  if (status != NtStatus::SUCCESS) return fail_with(fmt::format("a binding ended with {}", dozo::to_string(status)));
  channels_.push_back(&channel);
  ++seen_["bound"];
}

// Not while it logs off: then nobody knows what there still is.
void Actor::cut_channel(std::uint32_t which) {
  if (channels_.size() < 2 || leaving_) return;
  take_in_answers();
  Client& channel = *channels_[which % channels_.size()];
  channel.reset();
  lose_channel(channel);
  ++seen_["cut"];
}

void Actor::take_in_lost_channels() {
  const std::vector<Client*> had = channels_;
  for (Client* channel : had) {
    if (!channel->is_disconnected()) continue;
    // One without a session, or without an open, may be idle for too long all at once.
    if (!leaving_) fail_with("the server has ended the connection");
    lose_channel(*channel);
  }
}

// [MS-SMB2] 3.2.7.1: what is sent from here on is told from what was on its way.
void Actor::lose_channel(Client& channel) {
  std::erase(channels_, &channel);
  ++channel_sequence_;
  for (auto at = pending_.begin(); at != pending_.end();) {
    const auto next = std::next(at);
    if (at->second.channel == &channel) take_in_loss(std::move(pending_.extract(at).mapped()));
    at = next;
  }
}

// It may have been done, or not, or be done still.
void Actor::take_in_loss(Pending pending) {
  pending.is_sent_again = true;
  switch (pending.action) {
    case Action::private_read:
    case Action::private_write:
    case Action::private_truncate:
    case Action::close:
      return to_send_again_.push_back(std::move(pending));
    case Action::lock:
    case Action::unlock:
      return close_in_doubt(pending.file);
    case Action::open:
    case Action::compound:
      if (pending.command == Command::create) ++unknown_opens_;
      return;
    default:
      return;
  }
}

// What it has locked is not known any more: it gives the open up.
void Actor::close_in_doubt(FileId file) {
  if (find(file) == nullptr) return;
  to_send_again_.push_back({.action = Action::close,
                            .command = Command::close,
                            .body = body_of(wire::CloseRequest{{}, file}),
                            .is_sent_again = true,
                            .file = file});
}

void Actor::send_again() {
  is_trying_again_ = !to_send_again_.empty();
  for (Pending& pending : std::exchange(to_send_again_, {})) {
    ++seen_["sent again"];
    ByteVector body = std::move(pending.body);
    send_body(std::move(pending), std::move(body));
  }
}

}  // namespace dozo::server::testing
