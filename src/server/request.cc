#include "server/request.h"

#include "server/connection.h"
#include "server/open.h"
#include "server/reply_chain.h"
#include "server/server.h"

namespace dozo::server {
namespace {

// Requests of one connection that may wait at a time; each holds its frame.
constexpr std::uint32_t kWaitingMax = 1024;

}  // namespace

Request::Request(Connection& on, const wire::Header& its_header, Bytes its_message, CompoundState& its_chain,
                 bool is_encrypted, bool is_last)
    : connection(on),
      server(on.server()),
      header(its_header),
      message(its_message),
      chain(its_chain),
      encrypted(is_encrypted),
      last_in_chain(is_last),
      session_id(its_header.session_id),
      tree_id(its_header.tree_id),
      received_at(on.loop().now()) {}

Request::~Request() {
  end_wait();
  stop_counting();
}

void Request::stop_counting() {
  if (const std::shared_ptr<Open> open = std::exchange(counted_on_, nullptr)) {
    open->sequence.end(header.channel_sequence());
  }
}

void Request::count_on(std::shared_ptr<Open> open) {
  // A request that names two opens, as a copy does, is counted on the first.
  if (counted_on_) {
    open->sequence.end(header.channel_sequence());
  } else {
    counted_on_ = std::move(open);
  }
}

Result<> Request::begin_wait(runtime::Callback on_cancel, InCompound in_compound) {
  // [MS-SMB2] 3.3.4.2: where resources are constrained the operation fails.
  if (connection.waiting.load(std::memory_order_relaxed) >= kWaitingMax) return fail(NtStatus::INSUFFICIENT_RESOURCES);
  // A CANCEL that came too late for the last wait counts for the next.
  const bool nobody_waits = connection.is_ending() && !outlives_channel;
  if (nobody_waits || cancelled_) return fail(NtStatus::CANCELLED);
  if (!last_in_chain && in_compound == InCompound::refused) return fail(NtStatus::INTERNAL_ERROR);
  connection.waiting.fetch_add(1, std::memory_order_relaxed);
  waits_ = true;
  on_cancel_ = std::move(on_cancel);
  if (!last_in_chain || std::exchange(announced_, true)) return {};
  const AsyncId id = connection.next_async_id();
  if (&connection.loop() == &runtime::Loop::current()) {
    send_interim(id);
  } else {
    // Runs before this request is back: it comes by a later post of this thread.
    connection.loop().post([this, id] { send_interim(id); });
  }
  return {};
}

void Request::send_interim(AsyncId id) {
  async_id_ = id;
  chain.replies->send_interim(*this);
}

void Request::begin_hold(runtime::Callback on_abandon) {
  held_ = true;
  on_cancel_ = std::move(on_abandon);
}

void Request::end_wait() {
  on_cancel_ = {};
  held_ = false;
  if (std::exchange(waits_, false)) connection.waiting.fetch_sub(1, std::memory_order_relaxed);
}

void Request::cancel() {
  if (!held_) abandon();
}

void Request::abandon() {
  cancelled_ = true;
  if (!on_cancel_) return;
  runtime::Callback on_cancel = std::exchange(on_cancel_, {});
  on_cancel();
}

}  // namespace dozo::server
