// The table of information classes: what QUERY_INFO and SET_INFO answer. [MS-FSCC] 2.4, 2.5; [MS-SMB2] 2.2.37, 2.2.39.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "model/access_mask.h"
#include "runtime/task.h"
#include "server/open.h"
#include "wire/query_info.h"

namespace dozo::server {

class Request;

// What a class applies to; another open is STATUS_INVALID_PARAMETER.
enum class InfoTarget : std::uint8_t { file, file_or_directory, pipe, any };

// One query, in the frame of its handler. `input` is the request's input buffer.
struct InfoQuery {
  Request& request;
  Open& open;
  Bytes input;
  std::size_t output_max = 0;
  std::uint32_t additional_information = 0;
  wire::QueryInfoFlags flags;
};

// The whole answer. Longer than the client's buffer: the handler sends what fits, with STATUS_BUFFER_OVERFLOW.
struct InfoAnswer {
  NtStatus status = NtStatus::SUCCESS;  // BUFFER_OVERFLOW: a list that was cut between two entries
  ByteVector data;
};

struct InfoSet {
  Request& request;
  Open& open;
  Bytes input;
  std::uint32_t additional_information = 0;
};

using QueryFunction = runtime::Task<Result<InfoAnswer>> (*)(InfoQuery& query);
using SetFunction = runtime::Task<Result<>> (*)(InfoSet& set);

// `minimum`: the size of the fixed part; a shorter buffer is STATUS_INFO_LENGTH_MISMATCH. `access`: all of these
// rights; none where it is empty. A side without function is documented, and dozo does not have it.
struct QuerySide {
  QueryFunction function = nullptr;
  std::uint32_t minimum = 0;
  AccessMask access;
  InfoTarget target = InfoTarget::file_or_directory;
};
struct SetSide {
  SetFunction function = nullptr;
  std::uint32_t minimum = 0;
  AccessMask access;
  InfoTarget target = InfoTarget::file_or_directory;
};
struct InfoRow {
  wire::InfoType type;
  std::uint8_t info_class;  // a wire::FileInfoClass or wire::FsInfoClass, as `type` says; 0 for the other types
  std::string_view name;
  QuerySide query;
  SetSide set;
};

// By type, then by class.
std::span<const InfoRow> info_table();
// nullptr: no specification knows it. The class of security and quota requests is ignored.
const InfoRow* find_info(wire::InfoType type, std::uint8_t info_class);

// The side of a row that does what is asked, or why not: STATUS_INVALID_INFO_CLASS for what is documented nowhere,
// STATUS_NOT_SUPPORTED for what is but dozo does not have. [MS-SMB2] 3.3.5.20.1, 3.3.5.21.1.
Result<const QuerySide*> find_query(wire::InfoType type, std::uint8_t info_class);
Result<const SetSide*> find_set(wire::InfoType type, std::uint8_t info_class);

Result<> check_info_target(const Open& open, InfoTarget target);

}  // namespace dozo::server
