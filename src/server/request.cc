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
  if (counted_on_) counted_on_->sequence.end(header.channel_sequence());
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
  if (connection.async_count >= kWaitingMax) return fail(NtStatus::INSUFFICIENT_RESOURCES);
  // A CANCEL that came too late for the last wait counts for the next.
  if (connection.disconnecting() || cancelled_) return fail(NtStatus::CANCELLED);
  if (!last_in_chain && in_compound == InCompound::refused) return fail(NtStatus::INTERNAL_ERROR);
  ++connection.async_count;
  waits_ = true;
  on_cancel_ = std::move(on_cancel);
  if (last_in_chain && !is_async()) {
    async_id_ = connection.next_async_id();
    chain.replies->send_interim(*this);
  }
  return {};
}

void Request::end_wait() {
  if (!std::exchange(waits_, false)) return;
  --connection.async_count;
  on_cancel_ = {};
}

void Request::cancel() {
  if (!on_cancel_ || cancelled_) return;
  cancelled_ = true;
  runtime::Callback on_cancel = std::move(on_cancel_);
  on_cancel_ = {};
  on_cancel();
}

}  // namespace dozo::server
