// The table of file system controls: what IOCTL answers. [MS-SMB2] 2.2.31, 3.3.5.15; [MS-FSCC] 2.3.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "model/access_mask.h"
#include "runtime/task.h"
#include "server/open.h"
#include "wire/ioctl.h"

namespace dozo::server {

class Request;

// What the FileId has to name. `none`: FileId must be all ones, STATUS_INVALID_PARAMETER otherwise.
enum class FsctlTarget : std::uint8_t { none, file, file_or_directory, pipe, any };

// One call, in the frame of its handler.
struct FsctlCall {
  Request& request;
  wire::Fsctl code;
  OpenRef open;  // null for FsctlTarget::none
  Bytes input;
  std::size_t output_max = 0;
};

struct FsctlAnswer {
  NtStatus status = NtStatus::SUCCESS;
  ByteVector output;
  bool silent = false;      // the connection has been ended instead
  std::size_t padding = 0;  // zeros in front of the output, a multiple of 8; only smbtorture asks for any
};

using FsctlFunction = runtime::Task<Result<FsctlAnswer>> (*)(FsctlCall& call);

struct FsctlRow {
  wire::Fsctl code;
  std::string_view name;
  FsctlTarget target;
  std::uint32_t input_min;   // shorter: STATUS_INVALID_PARAMETER
  std::uint32_t output_min;  // a smaller buffer of the client's: `output_short`
  NtStatus output_short;
  AccessMask access;  // any of these rights; empty: none needed
  FsctlFunction function;
};

// By code.
std::span<const FsctlRow> fsctl_table();
const FsctlRow* find_fsctl(wire::Fsctl code);

}  // namespace dozo::server
