// The functions that the rows of info/table.cc name. One source per group.
#pragma once

#include "server/info/table.h"
#include "wire/fields.h"

namespace dozo::server {

using QueryTask = runtime::Task<Result<InfoAnswer>>;
using SetTask = runtime::Task<Result<>>;

template <class M>
InfoAnswer answer_with(const M& value) {
  return {NtStatus::SUCCESS, wire::encode_plain(value)};
}

// file_query.cc
QueryTask query_basic(InfoQuery& query);
QueryTask query_standard(InfoQuery& query);
QueryTask query_internal(InfoQuery& query);
QueryTask query_ea_size(InfoQuery& query);
QueryTask query_access(InfoQuery& query);
QueryTask query_name(InfoQuery& query);
QueryTask query_position(InfoQuery& query);
QueryTask query_mode(InfoQuery& query);
QueryTask query_alignment(InfoQuery& query);
QueryTask query_all(InfoQuery& query);
QueryTask query_alternate_name(InfoQuery& query);
QueryTask query_stream(InfoQuery& query);
QueryTask query_compression(InfoQuery& query);
QueryTask query_network_open(InfoQuery& query);
QueryTask query_attribute_tag(InfoQuery& query);
QueryTask query_normalized_name(InfoQuery& query);
QueryTask query_id(InfoQuery& query);

// file_ea.cc
QueryTask query_full_ea(InfoQuery& query);
SetTask set_full_ea(InfoSet& set);

// file_pipe.cc
QueryTask query_pipe(InfoQuery& query);
QueryTask query_pipe_local(InfoQuery& query);
QueryTask query_pipe_remote(InfoQuery& query);
SetTask set_pipe(InfoSet& set);

// file_set.cc
SetTask set_basic(InfoSet& set);
SetTask set_position(InfoSet& set);
SetTask set_mode(InfoSet& set);
SetTask set_allocation(InfoSet& set);
SetTask set_end_of_file(InfoSet& set);
SetTask set_valid_data_length(InfoSet& set);

// file_rename.cc
SetTask set_rename(InfoSet& set);
SetTask set_rename_ex(InfoSet& set);
SetTask set_link(InfoSet& set);

// file_disposition.cc
SetTask set_disposition(InfoSet& set);
SetTask set_disposition_ex(InfoSet& set);

// file_system.cc
QueryTask query_fs_volume(InfoQuery& query);
QueryTask query_fs_size(InfoQuery& query);
QueryTask query_fs_device(InfoQuery& query);
QueryTask query_fs_attribute(InfoQuery& query);
QueryTask query_fs_control(InfoQuery& query);
QueryTask query_fs_full_size(InfoQuery& query);
QueryTask query_fs_object_id(InfoQuery& query);
QueryTask query_fs_sector_size(InfoQuery& query);

// security.cc
QueryTask query_security(InfoQuery& query);
SetTask set_security(InfoSet& set);

}  // namespace dozo::server
