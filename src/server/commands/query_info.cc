// QUERY_INFO. [MS-SMB2] 3.3.5.20.
#include "wire/query_info.h"

#include "server/checks.h"
#include "server/commands/commands.h"
#include "server/connection.h"
#include "server/info/table.h"
#include "wire/error.h"

namespace dozo::server {
namespace {

using runtime::Task;

// [MS-SMB2] 3.3.5.20.1 to 3.3.5.20.3: what a client whose buffer is too small is told besides the status. 3.1.1 wraps
// `data` in an error context.
Reply too_small(const Request& request, NtStatus status, Bytes data) {
  const bool has_contexts = request.connection.negotiated->dialect == Dialect::smb_3_1_1;
  if (!has_contexts) return Reply::of(wire::ErrorResponse{0, data}, status);
  const ByteVector context = wire::encode_plain(wire::ErrorContext{wire::kErrorIdDefault, data});
  return Reply::of(wire::ErrorResponse{1, context}, status);
}

Reply needs_bytes(const Request& request, std::size_t needed) {
  ByteWriter out;
  out.u32(static_cast<std::uint32_t>(needed));
  return too_small(request, NtStatus::BUFFER_TOO_SMALL, out.view());
}

Result<> check_sizes(const Request& request, const wire::QueryInfoRequest& query) {
  DOZO_CHECK(check_io_size(request, query.output_buffer_length));
  DOZO_CHECK(check_io_size(request, query.input_buffer.size()));
  // [MS-SMB2] 3.3.5.20: the larger of the two directions is paid for.
  return check_credit_charge(request, std::max<std::uint64_t>(query.input_buffer.size(), query.output_buffer_length));
}

Reply answer_of(const Request& request, const wire::QueryInfoRequest& query, const InfoAnswer& answer) {
  const Bytes data = answer.data;
  if (data.size() <= query.output_buffer_length) {
    return Reply::of(wire::QueryInfoResponse{data}, answer.status);
  }
  // A descriptor is told whole or not at all.
  if (query.info_type == wire::InfoType::security) return needs_bytes(request, data.size());
  return Reply::of(wire::QueryInfoResponse{data.first(query.output_buffer_length)}, NtStatus::BUFFER_OVERFLOW);
}

}  // namespace

Task<Result<Reply>> handle_query_info(Request& request) {
  DOZO_CO_TRY(const auto query, request.decode<wire::QueryInfoRequest>());

  DOZO_CO_TRY(const OpenRef open, find_open(request, query.file_id));

  DOZO_CO_CHECK(check_sizes(request, query));
  DOZO_CO_TRY(const QuerySide* const side, find_query(query.info_type, query.file_info_class));
  DOZO_CO_CHECK(check_info_target(*open, side->target));
  if (!side->access.empty()) DOZO_CO_CHECK(check_any_access(*open, side->access));
  if (query.output_buffer_length < side->minimum) {
    co_return too_small(request, NtStatus::INFO_LENGTH_MISMATCH, {});
  }

  InfoQuery call{request,    *open, query.input_buffer, query.output_buffer_length, query.additional_information,
                 query.flags};
  auto answer = co_await side->function(call);
  if (!answer) co_return fail(answer.error());

  co_return answer_of(request, query, *answer);
}

}  // namespace dozo::server
