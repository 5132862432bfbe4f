#include "client/server_copy.h"

#include <algorithm>

#include "wire/fscc/fsctl.h"

namespace dozo::client {
namespace {

// [MS-SMB2] 3.3.3: what every server takes; 16 MiB at a time.
constexpr std::uint32_t chunk_max = 1024 * 1024;
constexpr std::size_t chunks_max = 16;

wire::SrvCopychunkCopy next_chunks(const wire::ResumeKey& key, std::uint64_t offset, std::uint64_t length) {
  wire::SrvCopychunkCopy copy{.source_key = key, .chunks = {}};
  while (length > 0 && copy.chunks.size() < chunks_max) {
    const auto size = static_cast<std::uint32_t>(std::min<std::uint64_t>(length, chunk_max));
    copy.chunks.push_back({.source_offset = offset, .target_offset = offset, .length = size});
    offset += size;
    length -= size;
  }
  return copy;
}

}  // namespace

runtime::Task<Result<>> copy_on_server(File& from, File& to, std::uint64_t length) {
  const auto answer = co_await from.ioctl(wire::Fsctl::srv_request_resume_key, {}, 32);
  if (!answer) co_return fail(answer.error());
  const auto key = wire::decode_plain<wire::SrvRequestResumeKeyResponse>(*answer);
  if (!key) co_return fail(NtStatus::INVALID_NETWORK_RESPONSE);
  for (std::uint64_t done = 0; done < length;) {
    const wire::SrvCopychunkCopy copy = next_chunks(key->resume_key, done, length - done);
    const auto output = co_await to.ioctl(wire::Fsctl::srv_copychunk, wire::encode_plain(copy), 12);
    if (!output) co_return fail(output.error());
    const auto result = wire::decode_plain<wire::SrvCopychunkResponse>(*output);
    if (!result || result->total_bytes_written == 0 || result->total_bytes_written > length - done) {
      co_return fail(NtStatus::INVALID_NETWORK_RESPONSE);
    }
    done += result->total_bytes_written;
  }
  co_return Result<>{};
}

}  // namespace dozo::client
