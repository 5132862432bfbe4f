// The functions that the rows of fsctl/table.cc name. One source per group.
#pragma once

#include "server/fsctl/table.h"
#include "wire/fields.h"

namespace dozo::server {

using FsctlTask = runtime::Task<Result<FsctlAnswer>>;

template <class M>
FsctlAnswer fsctl_answer(const M& value, NtStatus status = NtStatus::SUCCESS) {
  return {status, wire::encode_plain(value)};
}

// negotiate_info.cc, interfaces.cc
FsctlTask validate_negotiate_info(FsctlCall& call);
FsctlTask query_network_interface_info(FsctlCall& call);

// unsupported.cc
FsctlTask dfs_get_referrals(FsctlCall& call);
FsctlTask srv_enumerate_snapshots(FsctlCall& call);
FsctlTask get_compression(FsctlCall& call);
FsctlTask set_compression(FsctlCall& call);

// resiliency.cc
FsctlTask lmr_request_resiliency(FsctlCall& call);

// copychunk.cc
FsctlTask srv_request_resume_key(FsctlCall& call);
FsctlTask srv_copychunk(FsctlCall& call);

// pipe.cc
FsctlTask pipe_transceive(FsctlCall& call);
FsctlTask pipe_peek(FsctlCall& call);
FsctlTask pipe_wait(FsctlCall& call);

// ranges.cc
FsctlTask set_sparse(FsctlCall& call);
FsctlTask set_zero_data(FsctlCall& call);
FsctlTask query_allocated_ranges(FsctlCall& call);
FsctlTask file_level_trim(FsctlCall& call);
FsctlTask duplicate_extents(FsctlCall& call);

// object_id.cc
FsctlTask create_or_get_object_id(FsctlCall& call);

// smbtorture.cc
FsctlTask smbtorture_control(FsctlCall& call);
// Whether it is one of these, and they are to be answered at all: [server] torture_fsctls.
bool is_torture_control(wire::Fsctl code);
bool answers_torture_controls(const Request& request);
// smbtorture sends one of them without a session.
bool is_torture_request(const Request& request);

// reparse.cc
FsctlTask get_reparse_point(FsctlCall& call);
FsctlTask set_reparse_point(FsctlCall& call);
FsctlTask delete_reparse_point(FsctlCall& call);

}  // namespace dozo::server
