#include "rpc/pipe.h"

#include <algorithm>

#include "model/nt_status.h"
#include "rpc/association.h"

namespace dozo::rpc {

Pipe::Pipe(const PipeInfo& info, const PipeLimits& limits)
    : info_(&info), limits_(limits), association_(std::make_unique<Association>(info, limits)) {}
Pipe::Pipe(Pipe&&) noexcept = default;
Pipe& Pipe::operator=(Pipe&&) noexcept = default;
Pipe::~Pipe() = default;

Result<> Pipe::write(Bytes data, Host& host) {
  if (broken_) return fail(NtStatus::PIPE_DISCONNECTED);
  if (unread_ >= limits_.unread_max) return fail(NtStatus::PIPE_BUSY);
  // What is left over is less than one PDU; it is copied, `data` alone is not.
  partial_.insert(partial_.end(), data.begin(), data.end());
  Bytes rest = partial_;
  while (!broken_) {
    const std::size_t taken = take_pdu(rest, host);
    if (taken == 0) break;
    rest = rest.subspan(taken);
  }
  if (broken_) {
    partial_.clear();
    return fail(NtStatus::PIPE_DISCONNECTED);
  }
  partial_.erase(partial_.begin(), partial_.end() - static_cast<std::ptrdiff_t>(rest.size()));
  return {};
}

std::size_t Pipe::take_pdu(Bytes bytes, Host& host) {
  const auto header = wire::decode_rpc_header(bytes);
  if (!header) return 0;
  if (auto refusal = association_->refuse(*header)) {
    queue(std::move(refusal->fragments));
    broken_ = true;
    return 0;
  }
  if (bytes.size() < header->fragment_length) return 0;
  auto answer = association_->receive(bytes.first(header->fragment_length), host);
  queue(std::move(answer.fragments));
  // Asking on without reading what was answered is a fault of the peer, too: nobody pays for it with memory.
  broken_ = answer.broken || unread_ > limits_.unread_max + limits_.request_max;
  return header->fragment_length;
}

Result<PipeRead> Pipe::read(std::size_t max) {
  if (messages_.empty()) return fail(broken_ ? NtStatus::PIPE_DISCONNECTED : NtStatus::PIPE_EMPTY);
  const Bytes left = Bytes(messages_.front()).subspan(front_taken_);
  const Bytes part = left.first(std::min(max, left.size()));
  PipeRead out{.data = ByteVector(part.begin(), part.end()), .more = part.size() < left.size()};
  unread_ -= part.size();
  front_taken_ += part.size();
  if (!out.more) {
    messages_.pop_front();
    front_taken_ = 0;
  }
  return out;
}

Result<PipeRead> Pipe::transceive(Bytes data, std::size_t max, Host& host) {
  // [MS-FSCC] 2.3.47: a pipe that holds unread data cannot tell which answer is meant.
  if (readable()) return fail(NtStatus::PIPE_BUSY);
  const auto written = write(data, host);
  // A refusal (bind_nak, fault) is an answer; it is read before the pipe is found broken.
  if (!written && !readable()) return fail(written.error());
  return read(max);
}

PipePeek Pipe::peek() const {
  return {.available = unread_,
          .messages = messages_.size(),
          .message_length = messages_.empty() ? 0 : messages_.front().size() - front_taken_};
}

void Pipe::queue(std::vector<ByteVector> fragments) {
  for (ByteVector& fragment : fragments) {
    unread_ += fragment.size();
    messages_.push_back(std::move(fragment));
  }
}

}  // namespace dozo::rpc
