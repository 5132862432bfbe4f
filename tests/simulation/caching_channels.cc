// The connections of the caching actor's session: requests go over all of them, and some of them break while the others
// go on. [MS-SMB2] 3.2.4.1.5, 3.2.7.1.
#include <fmt/format.h>

#include <algorithm>

#include "tests/simulation/caching_actor.h"

namespace dozo::server::testing {
namespace {

using wire::Command;

constexpr std::size_t kChannelsMax = 3;
constexpr int kTriesMax = 40;
constexpr Duration kTryAgain = std::chrono::milliseconds(20);

// What may be done twice without harm.
bool is_harmless(Command command) {
  return command == Command::read || command == Command::flush || command == Command::close ||
         command == Command::oplock_break || command == Command::query_directory;
}

}  // namespace

Client* CachingActor::any_channel() {
  return channels_.empty() ? nullptr : channels_[next_channel_++ % channels_.size()];
}

runtime::Task<Answer> CachingActor::call(Command command, ByteVector body, std::string what, bool may_wait,
                                         Again again) {
  const Client* session = client_;
  if (again == Again::never && is_harmless(command)) again = Again::plain;
  Answer answer;
  bool is_replay = again == Again::is_one;
  for (int tries = 0; tries < kTriesMax; ++tries) {
    if (session == nullptr || session != client_) co_return Answer{};
    notice_lost_channels();
    // A watch has to be begun before the listing that goes with it.
    const bool in_order = command == Command::change_notify || command == Command::query_directory;
    Client* channel = in_order && !channels_.empty() ? channels_.front() : any_channel();
    if (channel == nullptr) co_return Answer{};
    Sending sending;
    if (is_smb3(channel->dialect())) sending.channel_sequence = channel_sequence_;
    if (is_replay) sending.flags |= wire::HeaderFlag::replay_operation;
    const MessageId id = channel->start_body(command, body, sending);
    const std::uint16_t sequence = channel_sequence_;
    const std::uint64_t number = ++last_operation_;
    operations_[number] = {.what = what, .client = channel, .id = id, .may_wait = may_wait};
    answer = co_await channel->answered(id);
    operations_.erase(number);
    ++model_.seen[fmt::format("{} {}", what, answer.none() ? "lost" : dozo::to_string(answer.status()))];
    // What came with the last bytes of a connection that has been given up is not known to anybody.
    if (session != client_) co_return Answer{};
    was_replayed_ = is_replay;
    lost_channel_meanwhile_ = sequence != channel_sequence_;
    if (answer.none()) {
      notice_lost_channels();
      if (what == "open" || what == "open directory") ++model_.unknown_opens;
      if (again == Again::never || again == Again::is_one) co_return answer;
      is_replay = again == Again::replay;
      if (!channels_.empty()) ++model_.seen[is_replay ? "replayed" : "sent again"];
      continue;
    }
    if (!is_replay || answer.status() != NtStatus::FILE_NOT_AVAILABLE) co_return answer;
    co_await runtime::sleep_for(world().loop(), kTryAgain);
  }
  co_return answer;
}

void CachingActor::bind_channel() {
  if (!is_smb3(client_->dialect()) || channels_.size() >= kChannelsMax || dozing_) return;
  const Client* session = client_;
  ClientOptions options = client_->options();
  options.previous_session = {};
  Client& channel = world().connect(std::move(options));
  const bool negotiated = channel.negotiate().status() == NtStatus::SUCCESS;
  const NtStatus status = negotiated && still_has(session) ? channel.bind(*client_).status() : NtStatus::IO_TIMEOUT;
  if (!still_has(session) || leaving_) return channel.hang_up();
  // After a jump nobody had used it for too long, all at once.
  if (status == NtStatus::USER_SESSION_DELETED && model_.jumped_since(model_.now() - kAfterJump)) {
    return channel.hang_up();
  }
  if (status != NtStatus::SUCCESS) return fail_with(fmt::format("a binding ended with {}", dozo::to_string(status)));
  channel.listen_for_breaks(this);
  channels_.push_back(&channel);
  ++model_.seen["bound"];
}

void CachingActor::cut_channel(std::uint32_t which) {
  if (channels_.size() < 2) return;
  Client* channel = channels_[which % channels_.size()];
  channel->reset();
  channel->listen_for_breaks(nullptr);
  if (dozing_) channel->read_again();
  std::erase(channels_, channel);
  ++channel_sequence_;
  distrust_caches();
  ++model_.seen["cut"];
}

void CachingActor::notice_lost_channels() {
  const std::size_t lost = std::erase_if(channels_, [](const Client* channel) { return channel->is_disconnected(); });
  if (lost == 0 || channels_.empty()) return;
  // [MS-SMB2] 3.2.7.1: what is sent from here on is told from what was on its way.
  ++channel_sequence_;
  distrust_caches();
}

// A break may have been on its way there. What was kept back is written while there is time for that in any case, and
// nothing is relied on before the server says anew what there is.
void CachingActor::distrust_caches() {
  std::vector<CacheRef> caches;
  for (const HandleRef& handle : handles_) {
    const bool is_new = handle->cache && std::ranges::find(caches, handle->cache) == caches.end();
    if (is_new) caches.push_back(handle->cache);
  }
  for (const CacheRef& cache : caches) {
    cache->trusted = false;
    cache->forget_clean();
    if (!cache->dirty.empty()) runtime::spawn(gate_, flush_in_time(cache));
  }
}

runtime::Task<void> CachingActor::flush_in_time(CacheRef cache) {
  const Client* session = client_;
  const Instant begun = model_.now();
  while (cache->flushing) co_await runtime::sleep_for(world().loop(), std::chrono::microseconds(200));
  if (!still_has(session) || cache->dirty.empty()) co_return;
  std::vector<Flushed> done;
  const bool all_written = co_await write_back(cache, done);
  static_cast<void>(all_written);  // what was not stays kept back
  settle_flushed(done, !model_.jumped_since(begun));
}

}  // namespace dozo::server::testing
