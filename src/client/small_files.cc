#include "client/small_files.h"

#include "wire/flush.h"
#include "wire/fscc/file_info.h"
#include "wire/read.h"
#include "wire/set_info.h"
#include "wire/write.h"

namespace dozo::client {
namespace {

Request set_basic_request(Tree& tree, Bytes information) {
  const wire::SetInfoRequest body{.file_info_class = static_cast<std::uint8_t>(wire::FileInfoClass::basic),
                                  .buffer = information,
                                  .file_id = kRelatedFileId};
  return tree.request(wire::Command::set_info, body);
}

DirectoryEntry entry_of(const wire::CreateResponse& answer) {
  return {.name = {},
          .attributes = answer.file_attributes,
          .size = answer.end_of_file,
          .allocation_size = answer.allocation_size,
          .creation_time = answer.creation_time,
          .last_access_time = answer.last_access_time,
          .last_write_time = answer.last_write_time,
          .change_time = answer.change_time};
}

}  // namespace

ByteVector last_write_time_information(FileTime time) {
  // [MS-FSCC] 2.4.7: zero leaves a time as it is.
  return wire::encode_plain(wire::FileBasicInformation{.last_write_time = time});
}

runtime::Task<Result<SmallFile>> read_small_file(Tree& tree, std::string path) {
  OpenOptions options{.path = std::move(path),
                      .share = ShareFlag::read | ShareFlag::write | ShareFlag::delete_access,
                      .options = CreateOption::non_directory_file,
                      .attributes = {},
                      .contexts = {}};
  const wire::ReadRequest read{
      .length = kSmallFileMax, .offset = 0, .file_id = kRelatedFileId, .read_channel_info = {}};
  std::vector<Request> requests;
  requests.push_back(tree.request(wire::Command::read, read, kSmallFileMax));
  const auto responses = co_await tree.chain_on_path(std::move(options), std::move(requests));
  if (!responses) co_return fail(responses.error());
  const Response& created = (*responses)[0];
  const Response& data = (*responses)[1];
  if (is_error(created.header.status)) co_return fail(created.header.status);
  DOZO_CO_TRY(const auto answer, created.decode<wire::CreateResponse>());
  SmallFile file{.entry = entry_of(answer), .content = {}};
  // [MS-SMB2] 3.3.5.12: a file without a byte has no READ that succeeds.
  if (data.header.status == NtStatus::END_OF_FILE) co_return file;
  if (is_error(data.header.status)) co_return fail(data.header.status);
  DOZO_CO_TRY(const auto content, data.decode<wire::ReadResponse>());
  if (content.data.size() > kSmallFileMax) co_return fail(NtStatus::INVALID_NETWORK_RESPONSE);
  file.content.assign(content.data.begin(), content.data.end());
  co_return file;
}

runtime::Task<Result<>> write_small_file(Tree& tree, std::string path, Bytes content, SmallFileOptions options) {
  DOZO_ASSERT(content.size() <= kSmallFileMax);
  OpenOptions open{.path = std::move(path),
                   .access = kFileGenericWrite,
                   .share = ShareFlag::read,
                   .disposition = options.disposition,
                   .options = CreateOption::non_directory_file,
                   .attributes = FileAttribute::normal,
                   .contexts = {}};
  std::vector<Request> requests;
  if (!content.empty()) {
    const wire::WriteRequest write{
        .data = content, .offset = 0, .file_id = kRelatedFileId, .write_channel_info = {}, .flags = {}};
    requests.push_back(tree.request(wire::Command::write, write, static_cast<std::uint32_t>(content.size())));
  }
  if (options.last_write_time) {
    const ByteVector information = last_write_time_information(*options.last_write_time);
    requests.push_back(set_basic_request(tree, information));
  }
  if (options.flush) {
    requests.push_back(tree.request(wire::Command::flush, wire::FlushRequest{.file_id = kRelatedFileId}));
  }
  const auto responses = co_await tree.call_on_path(std::move(open), std::move(requests));
  if (!responses) co_return fail(responses.error());
  if (content.empty()) co_return Result<>{};
  DOZO_CO_TRY(const auto written, (*responses)[1].decode<wire::WriteResponse>());
  co_return written.count == content.size() ? Result<>{} : fail(NtStatus::DISK_FULL);
}

runtime::Task<Result<>> set_last_write_time(Tree& tree, std::string path, FileTime time) {
  OpenOptions options{
      .path = std::move(path), .access = Access::write_attributes, .options = {}, .attributes = {}, .contexts = {}};
  const ByteVector information = last_write_time_information(time);
  std::vector<Request> requests;
  requests.push_back(set_basic_request(tree, information));
  const auto responses = co_await tree.call_on_path(std::move(options), std::move(requests));
  if (!responses) co_return fail(responses.error());
  co_return Result<>{};
}

}  // namespace dozo::client
