#include "server/checks.h"

#include "server/connection.h"
#include "server/server.h"
#include "server/session.h"

namespace dozo::server {
namespace {

constexpr std::uint64_t kFileOffsetMax = INT64_MAX;
constexpr std::uint64_t kCreditUnit = 65536;  // [MS-SMB2] 3.1.5.2

// [MS-SMB2] 3.3.5.2.10. Only what changes something fails when it is of before; the rest is merely not counted.
Result<> verify_channel_sequence(Request& request, const OpenRef& open) {
  if (!is_smb3(request.connection.negotiated->dialect)) return {};
  const std::uint16_t sequence = request.header.channel_sequence();
  const bool replay = request.header.flags.has(wire::HeaderFlag::replay_operation);
  if (open->sequence.begin(sequence, replay) == ChannelSequence::Verdict::counted) {
    request.count_on(open);
    return {};
  }
  const wire::Command command = request.header.command;
  const bool changes =
      command == wire::Command::write || command == wire::Command::set_info || command == wire::Command::ioctl;
  return changes ? Result<>(fail(NtStatus::FILE_NOT_AVAILABLE)) : Result<>();
}

// [MS-SMB2] 3.3.5.11 to 3.3.5.15, 3.3.5.18 to 3.3.5.21: an open that is used is one whose CREATE was answered.
void end_replay(Request& request, Open& open) {
  if (open.replay_eligible.exchange(false)) request.server.durables().end_replay(*open.durable, open.id);
}

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
  end_replay(request, *open);
  DOZO_CHECK(verify_channel_sequence(request, open));
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

Result<> check_not_anonymous(const Request& request) {
  return request.session->valid().token->is_anonymous ? Result<>(fail(NtStatus::ACCESS_DENIED)) : Result<>();
}

Result<> check_writable(const Tree& tree) {
  return tree.maximal_access.has(Access::write_data) ? Result<>() : Result<>(fail(NtStatus::MEDIA_WRITE_PROTECTED));
}

}  // namespace dozo::server
