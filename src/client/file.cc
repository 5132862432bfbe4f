#include "client/file.h"

#include <algorithm>

#include "base/unicode.h"
#include "wire/flush.h"
#include "wire/read.h"
#include "wire/set_info.h"
#include "wire/write.h"

namespace dozo::client {
namespace {

constexpr std::size_t in_flight_max = 16;         // pieces of one transfer
constexpr std::uint32_t piece_max = 1024 * 1024;  // more gains nothing and needs many credits at once

ByteVector copied(Bytes bytes) { return ByteVector(bytes.begin(), bytes.end()); }

// A transfer in pieces; each of its tasks takes the next piece until none is left or one has failed.
struct Transfer {
  File& file;
  std::uint64_t offset;
  MutableBytes into;  // reading
  Bytes from;         // writing
  std::size_t piece;
  std::size_t next = 0;
  std::size_t end;  // reading: where the data ends
  std::optional<NtStatus> failure{};

  bool done() const { return failure || next >= end; }
};

runtime::Task<void> read_pieces(Transfer& transfer) {
  while (!transfer.done()) {
    const std::size_t at = transfer.next;
    const std::size_t length = std::min(transfer.piece, transfer.end - at);
    transfer.next += length;
    // A short read is not the end: the rest of the piece is asked for again.
    for (std::size_t got = 0; got < length;) {
      const auto n =
          co_await transfer.file.read_at(transfer.offset + at + got, transfer.into.subspan(at + got, length - got));
      if (!n) transfer.failure = n.error();
      if (n && *n == 0) transfer.end = std::min(transfer.end, at + got);
      if (!n || *n == 0) co_return;
      got += *n;
    }
  }
}

runtime::Task<void> write_pieces(Transfer& transfer) {
  while (!transfer.done()) {
    const std::size_t at = transfer.next;
    const std::size_t length = std::min(transfer.piece, transfer.end - at);
    transfer.next += length;
    for (std::size_t sent = 0; sent < length;) {
      const auto n =
          co_await transfer.file.write_at(transfer.offset + at + sent, transfer.from.subspan(at + sent, length - sent));
      if (n && *n > 0) sent += *n;
      if (n && *n > 0) continue;
      transfer.failure = n ? NtStatus::INVALID_NETWORK_RESPONSE : n.error();
      co_return;
    }
  }
}

runtime::Task<void> run_transfer(Transfer& transfer, runtime::Task<void> (*work)(Transfer&)) {
  runtime::Gate gate;
  const std::size_t pieces = (transfer.end + transfer.piece - 1) / transfer.piece;
  for (std::size_t i = 0; i < std::min(pieces, in_flight_max); ++i) runtime::spawn(gate, work(transfer));
  co_await gate.close();
}

// How much of `wanted` one request may carry: what the server takes, and what the credits pay for.
std::uint32_t payload_of(std::size_t wanted, const Connection& connection, std::uint32_t server_max) {
  if (!connection.negotiated().supports_multi_credit) server_max = 65536;
  return static_cast<std::uint32_t>(std::min<std::size_t>(wanted, std::min(server_max, connection.payload_max())));
}

std::size_t piece_size(const Negotiated& negotiated, std::uint32_t server_max) {
  return negotiated.supports_multi_credit ? std::min(server_max, piece_max) : std::uint32_t{65536};
}

}  // namespace

std::uint32_t listing_buffer(const Connection& connection) {
  constexpr std::uint32_t wanted = 512 * 1024;  // some 2,500 names of ordinary length
  const std::uint32_t size = payload_of(wanted, connection, connection.negotiated().max_transact_size);
  return std::max<std::uint32_t>(size, 65536);
}

runtime::Task<Result<std::size_t>> File::read_at(std::uint64_t offset, MutableBytes into) {
  const Negotiated& negotiated = tree_.connection().negotiated();
  const std::uint32_t length = payload_of(into.size(), tree_.connection(), negotiated.max_read_size);
  const wire::ReadRequest body{.length = length, .offset = offset, .file_id = id(), .read_channel_info = {}};
  const auto response = co_await tree_.call(wire::Command::read, body, length);
  if (!response && response.error() == NtStatus::END_OF_FILE) co_return std::size_t{0};
  if (!response) co_return fail(response.error());
  DOZO_CO_TRY(const auto answer, response->decode<wire::ReadResponse>());
  if (answer.data.size() > length) co_return fail(NtStatus::INVALID_NETWORK_RESPONSE);
  std::copy(answer.data.begin(), answer.data.end(), into.begin());
  co_return answer.data.size();
}

runtime::Task<Result<std::size_t>> File::write_at(std::uint64_t offset, Bytes from) {
  const Negotiated& negotiated = tree_.connection().negotiated();
  const Bytes data = from.first(payload_of(from.size(), tree_.connection(), negotiated.max_write_size));
  const wire::WriteRequest body{.data = data, .offset = offset, .file_id = id(), .write_channel_info = {}, .flags = {}};
  const auto response = co_await tree_.call(wire::Command::write, body, static_cast<std::uint32_t>(data.size()));
  if (!response) co_return fail(response.error());
  DOZO_CO_TRY(const auto answer, response->decode<wire::WriteResponse>());
  if (answer.count > data.size()) co_return fail(NtStatus::INVALID_NETWORK_RESPONSE);
  co_return std::size_t{answer.count};
}

runtime::Task<Result<std::size_t>> File::read_range(std::uint64_t offset, MutableBytes into) {
  const Negotiated& negotiated = tree_.connection().negotiated();
  Transfer transfer{.file = *this,
                    .offset = offset,
                    .into = into,
                    .from = {},
                    .piece = piece_size(negotiated, negotiated.max_read_size),
                    .end = into.size()};
  co_await run_transfer(transfer, read_pieces);
  if (transfer.failure) co_return fail(*transfer.failure);
  co_return transfer.end;
}

runtime::Task<Result<>> File::write_range(std::uint64_t offset, Bytes from) {
  const Negotiated& negotiated = tree_.connection().negotiated();
  Transfer transfer{.file = *this,
                    .offset = offset,
                    .into = {},
                    .from = from,
                    .piece = piece_size(negotiated, negotiated.max_write_size),
                    .end = from.size()};
  co_await run_transfer(transfer, write_pieces);
  if (transfer.failure) co_return fail(*transfer.failure);
  co_return Result<>{};
}

runtime::Task<Result<>> File::flush() {
  const auto response = co_await tree_.call(wire::Command::flush, wire::FlushRequest{.file_id = id()});
  if (!response) co_return fail(response.error());
  co_return Result<>{};
}

runtime::Task<Result<ByteVector>> File::query_info(wire::FileInfoClass info_class, std::uint32_t size_max) {
  const wire::QueryInfoRequest body{.file_info_class = static_cast<std::uint8_t>(info_class),
                                    .output_buffer_length = size_max,
                                    .input_buffer = {},
                                    .flags = {},
                                    .file_id = id()};
  const auto response = co_await tree_.call(wire::Command::query_info, body);
  if (!response) co_return fail(response.error());
  DOZO_CO_TRY(const auto answer, response->decode<wire::QueryInfoResponse>());
  co_return copied(answer.output_buffer);
}

runtime::Task<Result<>> File::set_info(wire::FileInfoClass info_class, ByteVector information) {
  const wire::SetInfoRequest body{
      .file_info_class = static_cast<std::uint8_t>(info_class), .buffer = information, .file_id = id()};
  const auto response = co_await tree_.call(wire::Command::set_info, body);
  if (!response) co_return fail(response.error());
  co_return Result<>{};
}

runtime::Task<Result<ByteVector>> File::query_directory(wire::FileInfoClass info_class, std::string pattern,
                                                        bool restart) {
  auto name = utf8_to_utf16(pattern);
  if (!name) co_return fail(NtStatus::OBJECT_NAME_INVALID);
  const std::uint32_t size = listing_buffer(tree_.connection());
  wire::QueryDirectoryRequest body{.file_information_class = info_class,
                                   .flags = {},
                                   .file_id = id(),
                                   .file_name = std::move(*name),
                                   .output_buffer_length = size};
  if (restart) body.flags = wire::QueryDirectoryFlag::restart_scans;
  const auto response = co_await tree_.call(wire::Command::query_directory, body, size);
  if (!response && response.error() == NtStatus::NO_MORE_FILES) co_return ByteVector{};
  if (!response) co_return fail(response.error());
  DOZO_CO_TRY(const auto answer, response->decode<wire::QueryDirectoryResponse>());
  co_return copied(answer.output_buffer);
}

runtime::Task<Result<ByteVector>> File::ioctl(wire::Fsctl code, ByteVector input, std::uint32_t output_max) {
  const wire::IoctlRequest body{
      .ctl_code = code, .file_id = id(), .input = input, .output = {}, .max_output_response = output_max};
  const auto payload = std::max(static_cast<std::uint32_t>(input.size()), output_max);
  const auto response = co_await tree_.call(wire::Command::ioctl, body, payload);
  if (!response) co_return fail(response.error());
  DOZO_CO_TRY(const auto answer, response->decode<wire::IoctlResponse>());
  co_return copied(answer.output);
}

runtime::Task<Result<>> File::close() {
  const auto response = co_await tree_.call(wire::Command::close, wire::CloseRequest{.flags = {}, .file_id = id()});
  if (!response) co_return fail(response.error());
  co_return Result<>{};
}

}  // namespace dozo::client
