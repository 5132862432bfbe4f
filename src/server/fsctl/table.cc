#include "server/fsctl/table.h"

#include <algorithm>

#include "model/nt_status.h"
#include "server/fsctl/functions.h"

namespace dozo::server {
namespace {

using wire::Fsctl;

constexpr FsctlTarget kNoOpen = FsctlTarget::none;
constexpr FsctlTarget kFile = FsctlTarget::file;
constexpr FsctlTarget kOnDisk = FsctlTarget::file_or_directory;
constexpr FsctlTarget kPipe = FsctlTarget::pipe;
constexpr FsctlTarget kAny = FsctlTarget::any;
constexpr NtStatus kTooSmall = NtStatus::BUFFER_TOO_SMALL;
constexpr NtStatus kInvalid = NtStatus::INVALID_PARAMETER;
constexpr AccessMask kFree;
constexpr AccessMask kWrite = Access::write_data;
constexpr AccessMask kAppend = Access::write_data | Access::append_data;
constexpr AccessMask kChange = Access::write_data | Access::write_attributes | AccessMask(Access::append_data);
constexpr AccessMask kReparse = Access::write_data | Access::write_attributes;

constexpr FsctlRow kTable[] = {
    {Fsctl::dfs_get_referrals, "DFS_GET_REFERRALS", kNoOpen, 0, 0, kTooSmall, kFree, &dfs_get_referrals},
    {Fsctl::dfs_get_referrals_ex, "DFS_GET_REFERRALS_EX", kNoOpen, 0, 0, kTooSmall, kFree, &dfs_get_referrals},
    {Fsctl::get_compression, "GET_COMPRESSION", kOnDisk, 0, 2, kTooSmall, kFree, &get_compression},
    {Fsctl::set_reparse_point, "SET_REPARSE_POINT", kOnDisk, 8, 0, kTooSmall, kReparse, &set_reparse_point},
    {Fsctl::get_reparse_point, "GET_REPARSE_POINT", kOnDisk, 0, 8, kTooSmall, kFree, &get_reparse_point},
    {Fsctl::delete_reparse_point, "DELETE_REPARSE_POINT", kOnDisk, 8, 0, kTooSmall, kReparse, &delete_reparse_point},
    {Fsctl::create_or_get_object_id, "CREATE_OR_GET_OBJECT_ID", kOnDisk, 0, 64, kInvalid, kFree,
     &create_or_get_object_id},
    {Fsctl::set_sparse, "SET_SPARSE", kFile, 0, 0, kTooSmall, kChange, &set_sparse},
    {Fsctl::query_allocated_ranges, "QUERY_ALLOCATED_RANGES", kFile, 16, 0, kTooSmall, Access::read_data,
     &query_allocated_ranges},
    {Fsctl::set_zero_data, "SET_ZERO_DATA", kFile, 16, 0, kTooSmall, kWrite, &set_zero_data},
    {Fsctl::file_level_trim, "FILE_LEVEL_TRIM", kFile, 8, 0, kTooSmall, kWrite, &file_level_trim},
    {Fsctl::duplicate_extents_to_file, "DUPLICATE_EXTENTS_TO_FILE", kFile, 40, 0, kTooSmall, kWrite,
     &duplicate_extents},
    {Fsctl::set_compression, "SET_COMPRESSION", kOnDisk, 2, 0, kTooSmall, kWrite, &set_compression},
    {Fsctl::pipe_wait, "PIPE_WAIT", kNoOpen, 14, 0, kTooSmall, kFree, &pipe_wait},
    {Fsctl::pipe_peek, "PIPE_PEEK", kPipe, 0, 0, kTooSmall, kFree, &pipe_peek},
    {Fsctl::pipe_transceive, "PIPE_TRANSCEIVE", kPipe, 0, 0, kTooSmall, kFree, &pipe_transceive},
    {Fsctl::srv_request_resume_key, "SRV_REQUEST_RESUME_KEY", kAny, 0, 32, kInvalid, kFree, &srv_request_resume_key},
    {Fsctl::lmr_request_resiliency, "LMR_REQUEST_RESILIENCY", kAny, 0, 0, kTooSmall, kFree, &lmr_request_resiliency},
    {Fsctl::query_network_interface_info, "QUERY_NETWORK_INTERFACE_INFO", kNoOpen, 0, 0, kTooSmall, kFree,
     &query_network_interface_info},
    {Fsctl::validate_negotiate_info, "VALIDATE_NEGOTIATE_INFO", kNoOpen, 0, 0, kTooSmall, kFree,
     &validate_negotiate_info},
    {Fsctl::srv_enumerate_snapshots, "SRV_ENUMERATE_SNAPSHOTS", kOnDisk, 0, 16, kInvalid, kFree,
     &srv_enumerate_snapshots},
    // What a chunk needs of both files depends on the code and on the other file: the function sees to it.
    {Fsctl::srv_copychunk, "SRV_COPYCHUNK", kAny, 0, 0, kInvalid, kAppend, &srv_copychunk},
    {Fsctl::srv_copychunk_write, "SRV_COPYCHUNK_WRITE", kAny, 0, 0, kInvalid, kAppend, &srv_copychunk},
    // On test benches.
    {Fsctl::smbtorture_force_unacked_timeout, "SMBTORTURE_FORCE_UNACKED_TIMEOUT", kNoOpen, 0, 0, kInvalid, kFree,
     &smbtorture_control},
    {Fsctl::smbtorture_ioctl_response_padding, "SMBTORTURE_IOCTL_RESPONSE_BODY_PADDING8", kNoOpen, 0, 0, kInvalid,
     kFree, &smbtorture_control},
    {Fsctl::smbtorture_read_response_padding, "SMBTORTURE_GLOBAL_READ_RESPONSE_BODY_PADDING8", kNoOpen, 0, 0, kInvalid,
     kFree, &smbtorture_control},
};

static_assert(std::ranges::adjacent_find(kTable, std::ranges::greater_equal(), &FsctlRow::code) ==
              std::ranges::end(kTable));

}  // namespace

std::span<const FsctlRow> fsctl_table() { return kTable; }

const FsctlRow* find_fsctl(Fsctl code) {
  const auto* row = std::ranges::lower_bound(kTable, code, {}, &FsctlRow::code);
  return row != std::ranges::end(kTable) && row->code == code ? row : nullptr;
}

}  // namespace dozo::server
