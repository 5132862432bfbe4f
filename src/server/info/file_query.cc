// What QUERY_INFO tells of files and directories. [MS-FSCC] 2.4; [MS-FSA] 2.1.5.12.
#include "base/unicode.h"
#include "rpc/services.h"
#include "server/connection.h"
#include "server/info/encode.h"
#include "server/info/functions.h"
#include "server/request.h"
#include "server/server.h"
#include "vfs/short_name.h"
#include "wire/fscc/stream.h"

namespace dozo::server {
namespace {

using runtime::Task;

bool delete_pending(InfoQuery& query) {
  const auto info = query.request.server.engine().find_open(query.open.share_id);
  return info && info->delete_pending;
}

std::u16string wire_path(const Open& open) { return utf8_to_utf16_lossy(open.path_text()); }

// The path with the stream's name as it is stored, whatever case it was opened by.
std::string normalized_path(const Open& open, const std::vector<vfs::StreamInfo>& streams) {
  std::string path = open.path_text();
  const std::u16string key = fold_name(open.stream);
  for (const vfs::StreamInfo& stream : streams) {
    if (fold_name(stream.name) == key) path.replace(path.size() - open.stream.size(), open.stream.size(), stream.name);
  }
  return path;
}

// FileModeInformation holds those create options that may change. [MS-FSCC] 2.4.31.
wire::FileModeInformation mode_of(const Open& open) { return {open.mode}; }

wire::FileStandardInformation pipe_standard_information(const Open& open) {
  // [MS-FSA] knows no pipes; what Windows answers: one link that goes with its last handle.
  return {4096, open.pipe->pipe.peek().available, 1, true, false};
}

}  // namespace

QueryTask query_basic(InfoQuery& query) {
  auto info = co_await query.open.file->info();
  if (!info) co_return fail(info.error());
  co_return answer_with(basic_information(*info));
}

QueryTask query_standard(InfoQuery& query) {
  if (query.open.is_pipe()) co_return answer_with(pipe_standard_information(query.open));
  auto info = co_await query.open.file->info();
  if (!info) co_return fail(info.error());
  co_return answer_with(standard_information(*info, delete_pending(query)));
}

QueryTask query_internal(InfoQuery& query) {
  co_return answer_with(wire::FileInternalInformation{file_id_64(query.open.node)});
}

QueryTask query_ea_size(InfoQuery& query) {
  auto info = co_await query.open.file->info();
  if (!info) co_return fail(info.error());
  co_return answer_with(wire::FileEaInformation{info->ea_size});
}

QueryTask query_access(InfoQuery& query) {
  co_return answer_with(wire::FileAccessInformation{query.open.granted.mask()});
}

QueryTask query_name(InfoQuery& query) {
  // [MS-SMB2] 2.2.37 does not list the class; for pipes clients ask it nevertheless.
  if (!query.open.is_pipe()) co_return fail(NtStatus::NOT_SUPPORTED);
  const std::string name(query.open.pipe->pipe.info().name);
  co_return answer_with(wire::FileNameInformation{u"\\" + utf8_to_utf16_lossy(name)});
}

QueryTask query_position(InfoQuery& query) {
  co_return answer_with(wire::FilePositionInformation{query.open.position});
}

QueryTask query_mode(InfoQuery& query) { co_return answer_with(mode_of(query.open)); }

QueryTask query_alignment(InfoQuery&) {
  co_return answer_with(wire::FileAlignmentInformation{0});  // FILE_BYTE_ALIGNMENT
}

QueryTask query_all(InfoQuery& query) {
  auto info = co_await query.open.file->info();
  if (!info) co_return fail(info.error());
  wire::FileAllInformation all;
  all.basic_information = basic_information(*info);
  all.standard_information = standard_information(*info, delete_pending(query));
  all.internal_information = {file_id_64(query.open.node)};
  all.ea_information = {info->ea_size};
  all.access_information = {query.open.granted.mask()};
  all.position_information = {query.open.position};
  all.mode_information = mode_of(query.open);
  // [MS-SMB2] 3.3.5.20.1: the name SHOULD be empty; servers up to 2012 R2 told it, and clients show it.
  all.name_information = {u"\\" + wire_path(query.open)};
  co_return answer_with(all);
}

QueryTask query_alternate_name(InfoQuery& query) {
  // [MS-FSA] 2.1.5.12.4: the share's root has no link that could have a short name.
  if (query.open.path.empty()) co_return fail(NtStatus::OBJECT_NAME_NOT_FOUND);
  const std::string name = vfs::short_name_of(query.open.path.back());
  co_return answer_with(wire::FileAlternateNameInformation{utf8_to_utf16_lossy(name)});
}

QueryTask query_stream(InfoQuery& query) {
  auto info = co_await query.open.file->info();
  if (!info) co_return fail(info.error());
  auto streams = co_await query.open.file->streams();
  if (!streams && streams.error() != NtStatus::NOT_SUPPORTED) co_return fail(streams.error());

  ByteWriter out;
  wire::ChainWriter chain(out, {.size_max = query.output_max});
  bool fits = true;
  if (info->type != vfs::NodeType::directory && query.open.stream.empty()) {
    fits = chain.append(wire::FileStreamInformation{info->size, info->allocation_size, u"::$DATA"});
  }
  if (!streams) streams.emplace();
  for (const vfs::StreamInfo& stream : *streams) {
    if (!fits) break;
    const std::u16string name = u":" + utf8_to_utf16_lossy(stream.name) + u":$DATA";
    fits = chain.append(wire::FileStreamInformation{stream.size, stream.allocation_size, name});
  }
  co_return InfoAnswer{fits ? NtStatus::SUCCESS : NtStatus::BUFFER_OVERFLOW, std::move(out).take()};
}

QueryTask query_compression(InfoQuery& query) {
  auto info = co_await query.open.file->info();
  if (!info) co_return fail(info.error());
  // [MS-FSA] 2.1.5.12.8: not compressed; the size is that of the data.
  co_return answer_with(wire::FileCompressionInformation{.compressed_file_size = info->size});
}

QueryTask query_network_open(InfoQuery& query) {
  auto info = co_await query.open.file->info();
  if (!info) co_return fail(info.error());
  co_return answer_with(network_open_information(*info));
}

QueryTask query_attribute_tag(InfoQuery& query) {
  auto info = co_await query.open.file->info();
  if (!info) co_return fail(info.error());
  co_return answer_with(attribute_tag_information(*info));
}

QueryTask query_normalized_name(InfoQuery& query) {
  // [MS-SMB2] 3.3.5.20.1: not in the dialects before 3.1.1.
  if (query.request.connection.negotiated->dialect < Dialect::smb_3_1_1) co_return fail(NtStatus::NOT_SUPPORTED);
  std::u16string name = wire_path(query.open);
  if (!query.open.stream.empty()) {
    auto streams = co_await query.open.file->streams();
    if (!streams) co_return fail(streams.error());
    name = utf8_to_utf16_lossy(normalized_path(query.open, *streams));
  }
  co_return answer_with(wire::FileNormalizedNameInformation{std::move(name)});
}

QueryTask query_id(InfoQuery& query) {
  // [MS-SMB2] 3.3.5.20.1: a class of the SMB 3.x family.
  if (query.request.connection.negotiated->dialect < Dialect::smb_3_0) co_return fail(NtStatus::NOT_SUPPORTED);
  const Tree& tree = *query.open.tree;
  auto volume = co_await tree.share->volume->volume_info(tree.caller);
  if (!volume) co_return fail(volume.error());
  co_return answer_with(wire::FileIdInformation{volume->serial, file_id_128(query.open.node)});
}

}  // namespace dozo::server
