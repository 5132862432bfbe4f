#include "server/checks.h"

#include "server/connection.h"
#include "server/session.h"

namespace dozo::server {
namespace {

constexpr std::uint64_t kFileOffsetMax = INT64_MAX;
constexpr std::uint64_t kCreditUnit = 65536;  // [MS-SMB2] 3.1.5.2

}  // namespace

Result<OpenRef> find_open(Request& request, FileId id) {
  if (request.header.is_related() && id == kRelatedFileId) {
    if (!request.chain.file_id) {
      return fail(request.chain.file_id_status == NtStatus::SUCCESS ? NtStatus::INVALID_HANDLE
                                                                    : request.chain.file_id_status);
    }
    id = *request.chain.file_id;
  }
  // What follows in a compound means this one too, there or not.
  request.chain.file_id = id;
  OpenRef open = request.session->valid().opens.find(id);
  // [MS-SMB2] 3.3.5.10: of this session, and of this tree.
  if (!open || open->tree != request.tree) return fail(NtStatus::FILE_CLOSED);
  return open;
}

Result<> check_credit_charge(const Request& request, std::uint64_t payload) {
  if (!request.connection.negotiated->supports_multi_credit()) return {};
  const std::uint64_t needed = payload == 0 ? 1 : (payload - 1) / kCreditUnit + 1;
  const std::uint64_t charged = std::max<std::uint64_t>(request.header.credit_charge, 1);
  return needed <= charged ? Result<>() : Result<>(fail(NtStatus::INVALID_PARAMETER));
}

Result<> check_io_size(const Request& request, std::uint64_t length) {
  return length <= request.connection.negotiated->io_size_max ? Result<>()
                                                              : Result<>(fail(NtStatus::INVALID_PARAMETER));
}

Result<> check_file_range(std::uint64_t offset, std::uint64_t length) {
  return in_range(offset, length, kFileOffsetMax) ? Result<>() : Result<>(fail(NtStatus::INVALID_PARAMETER));
}

Result<> check_access(const Open& open, Access right) { return check_any_access(open, right); }

Result<> check_any_access(const Open& open, AccessMask rights) {
  return open.granted.has_any(rights) ? Result<>() : Result<>(fail(NtStatus::ACCESS_DENIED));
}

Result<> check_not_pipe(const Open& open) {
  return open.is_pipe() ? Result<>(fail(NtStatus::INVALID_DEVICE_REQUEST)) : Result<>();
}

Result<> check_directory(const Open& open) {
  return open.is_directory ? Result<>() : Result<>(fail(NtStatus::INVALID_PARAMETER));
}

Result<> check_writable(const Tree& tree) {
  return tree.maximal_access.has(Access::write_data) ? Result<>() : Result<>(fail(NtStatus::MEDIA_WRITE_PROTECTED));
}

}  // namespace dozo::server
