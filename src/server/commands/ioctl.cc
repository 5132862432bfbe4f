// IOCTL. [MS-SMB2] 3.3.5.15.
#include "wire/ioctl.h"

#include <algorithm>

#include "server/checks.h"
#include "server/commands/commands.h"
#include "server/fsctl/functions.h"
#include "server/fsctl/table.h"

namespace dozo::server {
namespace {

using runtime::Task;

Result<> check_sizes(const Request& request, const wire::IoctlRequest& ioctl) {
  DOZO_CHECK(check_io_size(request, ioctl.input.size()));
  DOZO_CHECK(check_io_size(request, ioctl.max_input_response));
  DOZO_CHECK(check_io_size(request, ioctl.max_output_response));
  const std::uint64_t sent = std::uint64_t{ioctl.input.size()} + ioctl.output.size();
  const std::uint64_t wanted = std::uint64_t{ioctl.max_input_response} + ioctl.max_output_response;
  return check_credit_charge(request, std::max(sent, wanted));
}

// [MS-SMB2] 3.3.5.15.3, 3.3.5.15.4: pipe controls elsewhere are STATUS_NOT_SUPPORTED.
Result<> check_fsctl_target(const Open& open, FsctlTarget target) {
  switch (target) {
    case FsctlTarget::none:
    case FsctlTarget::any:
      return {};
    case FsctlTarget::pipe:
      return open.is_pipe() ? Result<>() : fail(NtStatus::NOT_SUPPORTED);
    case FsctlTarget::file_or_directory:
      return open.is_pipe() ? fail(NtStatus::INVALID_DEVICE_REQUEST) : Result<>();
    case FsctlTarget::file:
      if (open.is_pipe()) return fail(NtStatus::INVALID_DEVICE_REQUEST);
      return open.is_directory ? fail(NtStatus::INVALID_PARAMETER) : Result<>();
  }
  return fail(NtStatus::INVALID_PARAMETER);
}

// The open the request names; none for controls that concern none, whose FileId says so.
Result<OpenRef> find_target(Request& request, const wire::IoctlRequest& ioctl, const FsctlRow* row) {
  if (row == nullptr || row->target != FsctlTarget::none) return find_open(request, ioctl.file_id);
  if (ioctl.file_id != kRelatedFileId) return fail(NtStatus::INVALID_PARAMETER);
  return OpenRef();
}

Result<> check_row(const FsctlRow& row, const Open* open, const wire::IoctlRequest& ioctl) {
  if (open != nullptr) {
    DOZO_CHECK(check_fsctl_target(*open, row.target));
    if (!row.access.empty()) DOZO_CHECK(check_any_access(*open, row.access));
  }
  if (ioctl.input.size() < row.input_min) return fail(NtStatus::INVALID_PARAMETER);
  if (ioctl.max_output_response < row.output_min) return fail(row.output_short);
  return {};
}

const FsctlRow* find_row(const Request& request, wire::Fsctl code) {
  if (is_torture_control(code) && !answers_torture_controls(request)) return nullptr;
  return find_fsctl(code);
}

// [MS-SMB2] 2.2.32: OutputOffset may be anywhere behind the fixed part.
Reply padded(const wire::IoctlResponse& response, const FsctlAnswer& answer) {
  constexpr std::size_t kFixedSize = wire::kHeaderSize + 48;
  constexpr std::size_t kOutputOffsetAt = wire::kHeaderSize + 32;
  Reply reply = Reply::of(response, answer.status);
  const Bytes whole = reply.message.view();
  ByteVector out(whole.begin(), whole.end());
  out.insert(out.begin() + kFixedSize, answer.padding, 0);
  store_le(&out[kOutputOffsetAt], static_cast<std::uint32_t>(kFixedSize + answer.padding));
  reply.message = OutMessage(std::move(out));
  return reply;
}

Reply answer_of(const wire::IoctlRequest& ioctl, const Open* open, const FsctlAnswer& answer) {
  if (answer.silent) {
    Reply silent;
    silent.silent = true;
    return silent;
  }
  wire::IoctlResponse response;
  response.ctl_code = ioctl.ctl_code;
  response.file_id = open != nullptr ? open->id : kRelatedFileId;
  response.output = answer.output;
  if (answer.padding != 0) return padded(response, answer);
  return Reply::of(response, answer.status);
}

}  // namespace

Task<Result<Reply>> handle_ioctl(Request& request) {
  DOZO_CO_TRY(const auto ioctl, request.decode<wire::IoctlRequest>());
  if (ioctl.flags != wire::kIoctlIsFsctl) co_return fail(NtStatus::NOT_SUPPORTED);

  const FsctlRow* const row = find_row(request, ioctl.ctl_code);
  DOZO_CO_TRY(const OpenRef open, find_target(request, ioctl, row));

  DOZO_CO_CHECK(check_sizes(request, ioctl));
  // [MS-SMB2] 3.3.5.15: one that the file system does not have.
  if (row == nullptr) co_return fail(NtStatus::INVALID_DEVICE_REQUEST);
  DOZO_CO_CHECK(check_row(*row, open.get(), ioctl));

  FsctlCall call{request, ioctl.ctl_code, open, ioctl.input, ioctl.max_output_response};
  auto answer = co_await row->function(call);
  if (!answer) co_return fail(answer.error());

  co_return answer_of(ioctl, open.get(), *answer);
}

}  // namespace dozo::server
