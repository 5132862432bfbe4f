#include "wire/error.h"

#include "wire/fscc/reparse.h"

namespace dozo::wire {
namespace {

constexpr std::uint32_t kSymLinkErrorTag = 0x4C4D5953;

}  // namespace

Result<std::vector<ErrorContext>> decode_error_contexts(Bytes error_data, std::size_t count) {
  std::vector<ErrorContext> out;
  ByteReader in(error_data);
  for (std::size_t i = 0; i < count; ++i) {
    // [MS-SMB2] 2.2.2: each context starts 8-aligned, relative to the start of ErrorData.
    in.align(8);
    if (!in.ok()) return fail(NtStatus::INVALID_PARAMETER);
    DOZO_TRY(const ErrorContext context, decode_plain<ErrorContext>(in.rest()));
    in.skip(plain_size(context));
    out.push_back(context);
  }
  return out;
}

void encode_error_contexts(const std::vector<ErrorContext>& contexts, ByteWriter& out) {
  const std::size_t start = out.size();
  for (const ErrorContext& context : contexts) {
    out.align(8, start);
    encode_plain(context, out);
  }
}

Result<SymlinkErrorResponse> decode_symlink_error(Bytes error_data) {
  ByteReader in(error_data);
  const std::size_t length = in.u32();
  const Bytes body = in.bytes(length);
  ByteReader fixed(body);
  if (fixed.u32() != kSymLinkErrorTag) fixed.set_bad();
  if (fixed.u32() != kReparseTagSymlink) fixed.set_bad();
  const std::size_t data_length = fixed.u16();
  SymlinkErrorResponse out;
  out.unparsed_path_length = fixed.u16();
  const Bytes data = fixed.bytes(data_length);
  if (!in.ok() || !fixed.ok()) return fail(NtStatus::INVALID_PARAMETER);

  DOZO_TRY(auto link, decode_symlink_data(data));
  out.relative = link.relative;
  out.substitute_name = std::move(link.substitute_name);
  out.print_name = std::move(link.print_name);
  return out;
}

void encode_symlink_error(const SymlinkErrorResponse& error, ByteWriter& out) {
  const std::size_t start = out.size();
  out.u32(0);
  out.u32(kSymLinkErrorTag);
  out.u32(kReparseTagSymlink);
  out.u16(0);
  out.u16(error.unparsed_path_length);
  const std::size_t data = out.size();
  encode_symlink_data({error.substitute_name, error.print_name, error.relative}, out);
  out.patch(start, static_cast<std::uint32_t>(out.size() - start - 4));
  out.patch(data - 4, static_cast<std::uint16_t>(out.size() - data));
}

}  // namespace dozo::wire
