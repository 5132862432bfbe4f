#include "client/files.h"

#include "base/unicode.h"
#include "wire/fscc/directory.h"
#include "wire/fscc/file_info.h"
#include "wire/fscc/file_set.h"
#include "wire/set_info.h"

namespace dozo::client {
namespace {

DirectoryEntry entry_of(const wire::FileIdBothDirectoryInformation& info) {
  return {.name = utf16_to_utf8(info.file_name),
          .attributes = info.file_attributes,
          .size = info.end_of_file,
          .allocation_size = info.allocation_size,
          .creation_time = info.creation_time,
          .last_access_time = info.last_access_time,
          .last_write_time = info.last_write_time,
          .change_time = info.change_time,
          .file_id = info.file_id,
          .reparse_tag = info.file_attributes.has(FileAttribute::reparse_point) ? info.ea_size : 0};
}

// A server that always has another name would have no end.
constexpr std::size_t kEntriesMax = 4'000'000;

Result<> add_entries(Bytes buffer, std::vector<DirectoryEntry>& out) {
  if (out.size() > kEntriesMax) return fail(NtStatus::INVALID_NETWORK_RESPONSE);
  const auto list = wire::decode_chain<wire::FileIdBothDirectoryInformation>(buffer);
  if (!list) return fail(NtStatus::INVALID_NETWORK_RESPONSE);
  for (const auto& info : *list) {
    DirectoryEntry entry = entry_of(info);
    // A name is a name: what a server says is one never leads out of the directory a caller puts it in.
    if (entry.name.find_first_of("/\\") != std::string::npos || entry.name.empty()) {
      return fail(NtStatus::INVALID_NETWORK_RESPONSE);
    }
    if (entry.name != "." && entry.name != "..") out.push_back(std::move(entry));
  }
  return {};
}

// The rest of a listing that has begun.
runtime::Task<Result<>> read_entries(File& directory, std::string pattern, std::vector<DirectoryEntry>& out) {
  for (;;) {
    const auto buffer = co_await directory.query_directory(wire::FileInfoClass::id_both_directory, pattern, false);
    if (!buffer) co_return fail(buffer.error());
    if (buffer->empty()) co_return Result<>{};
    DOZO_CO_CHECK(add_entries(*buffer, out));
  }
}

Request first_entries_request(Tree& tree, std::u16string pattern) {
  const std::uint32_t size = listing_buffer(tree.connection());
  const wire::QueryDirectoryRequest body{.file_information_class = wire::FileInfoClass::id_both_directory,
                                         .flags = wire::QueryDirectoryFlag::restart_scans,
                                         .file_id = kRelatedFileId,
                                         .file_name = std::move(pattern),
                                         .output_buffer_length = size};
  return tree.request(wire::Command::query_directory, body, size);
}

// What the first QUERY_DIRECTORY said; false when there is no more to come.
Result<bool> take_first_entries(const Response& response, std::vector<DirectoryEntry>& out) {
  const NtStatus status = response.header.status;
  // [MS-SMB2] 3.3.5.18: nothing matched at all.
  if (status == NtStatus::NO_SUCH_FILE || status == NtStatus::NO_MORE_FILES) return false;
  if (is_error(status)) return fail(status);
  DOZO_TRY(const auto answer, response.decode<wire::QueryDirectoryResponse>());
  DOZO_CHECK(add_entries(answer.output_buffer, out));
  return true;
}

runtime::Task<Result<>> run_on_path(Tree& tree, OpenOptions options, std::vector<Request> requests) {
  const auto responses = co_await tree.call_on_path(std::move(options), std::move(requests));
  if (!responses) co_return fail(responses.error());
  co_return Result<>{};
}

}  // namespace

runtime::Task<Result<std::vector<DirectoryEntry>>> list_directory(Tree& tree, std::string path, std::string pattern) {
  auto name = utf8_to_utf16(pattern);
  if (!name) co_return fail(NtStatus::OBJECT_NAME_INVALID);
  OpenOptions options{
      .path = std::move(path), .options = CreateOption::directory_file, .attributes = {}, .contexts = {}};
  std::vector<Request> requests;
  requests.push_back(first_entries_request(tree, std::move(*name)));
  auto responses = co_await tree.chain_on_path(std::move(options), std::move(requests), true);
  if (!responses) co_return fail(responses.error());
  if (is_error((*responses)[0].header.status)) co_return fail((*responses)[0].header.status);
  DOZO_CO_TRY(const auto created, (*responses)[0].decode<wire::CreateResponse>());
  File directory(tree, (*responses)[0], created);
  std::vector<DirectoryEntry> entries;
  const auto more = take_first_entries((*responses)[1], entries);
  Result<> listed;
  if (!more) listed = fail(more.error());
  if (more && *more) listed = co_await read_entries(directory, std::move(pattern), entries);
  const auto closed = co_await directory.close();
  if (!listed) co_return fail(listed.error());
  if (!closed) co_return fail(closed.error());
  co_return entries;
}

runtime::Task<Result<DirectoryEntry>> stat(Tree& tree, std::string path) {
  OpenOptions options{
      .path = std::move(path), .access = Access::read_attributes, .options = {}, .attributes = {}, .contexts = {}};
  const auto responses = co_await tree.call_on_path(std::move(options), {});
  if (!responses) co_return fail(responses.error());
  DOZO_CO_TRY(const auto answer, responses->front().decode<wire::CreateResponse>());
  co_return DirectoryEntry{.name = {},
                           .attributes = answer.file_attributes,
                           .size = answer.end_of_file,
                           .allocation_size = answer.allocation_size,
                           .creation_time = answer.creation_time,
                           .last_access_time = answer.last_access_time,
                           .last_write_time = answer.last_write_time,
                           .change_time = answer.change_time};
}

namespace {

// What a server says of the size is not believed before the bytes are here.
runtime::Task<Result<ByteVector>> read_all(File& file) {
  constexpr std::uint64_t kPieceMax = 4u << 20;
  const std::uint64_t size = file.created().end_of_file;
  ByteVector content;
  while (content.size() < size) {
    const std::size_t begin = content.size();
    const auto piece = static_cast<std::size_t>(std::min(size - begin, kPieceMax));
    content.resize(begin + piece);
    const auto got = co_await file.read_range(begin, MutableBytes(content).subspan(begin));
    if (!got) co_return fail(got.error());
    content.resize(begin + *got);
    if (*got < piece) break;  // it has become shorter meanwhile
  }
  co_return content;
}

}  // namespace

runtime::Task<Result<ByteVector>> read_file(Tree& tree, std::string path) {
  OpenOptions options{
      .path = std::move(path), .options = CreateOption::non_directory_file, .attributes = {}, .contexts = {}};
  const auto file = co_await tree.open(std::move(options));
  if (!file) co_return fail(file.error());
  auto content = co_await read_all(**file);
  const auto closed = co_await (*file)->close();
  if (!content) co_return fail(content.error());
  if (!closed) co_return fail(closed.error());
  co_return content;
}

runtime::Task<Result<>> write_file(Tree& tree, std::string path, Bytes content) {
  OpenOptions options{.path = std::move(path),
                      .access = kFileGenericWrite,
                      .disposition = CreateDisposition::overwrite_if,
                      .options = CreateOption::non_directory_file,
                      .attributes = FileAttribute::normal,
                      .contexts = {}};
  const auto file = co_await tree.open(std::move(options));
  if (!file) co_return fail(file.error());
  const auto written = co_await (*file)->write_range(0, content);
  const auto closed = co_await (*file)->close();
  if (!written) co_return fail(written.error());
  co_return closed;
}

runtime::Task<Result<>> make_directory(Tree& tree, std::string path) {
  return run_on_path(tree,
                     {.path = std::move(path),
                      .access = Access::read_attributes,
                      .disposition = CreateDisposition::create,
                      .options = CreateOption::directory_file,
                      .attributes = FileAttribute::directory,
                      .contexts = {}},
                     {});
}

runtime::Task<Result<>> remove_file(Tree& tree, std::string path) {
  return run_on_path(
      tree,
      {.path = std::move(path),
       .access = Access::delete_object,
       .options = CreateOption::delete_on_close | CreateOption::non_directory_file | CreateOption::open_reparse_point,
       .attributes = {},
       .contexts = {}},
      {});
}

// A directory that is not empty says so when the disposition is set, and not at all with delete_on_close.
runtime::Task<Result<>> remove_directory(Tree& tree, std::string path) {
  const ByteVector information = wire::encode_plain(wire::FileDispositionInformation{.delete_pending = true});
  const wire::SetInfoRequest body{.file_info_class = static_cast<std::uint8_t>(wire::FileInfoClass::disposition),
                                  .buffer = information,
                                  .file_id = kRelatedFileId};
  std::vector<Request> requests;
  requests.push_back(tree.request(wire::Command::set_info, body));
  return run_on_path(tree,
                     {.path = std::move(path),
                      .access = Access::delete_object | Access::read_attributes,
                      .options = CreateOption::directory_file | CreateOption::open_reparse_point,
                      .attributes = {},
                      .contexts = {}},
                     std::move(requests));
}

runtime::Task<Result<>> rename(Tree& tree, std::string from, std::string to, bool replace) {
  const ByteVector information = wire::encode_plain(
      wire::FileRenameInformation{.replace_if_exists = replace, .file_name = utf8_to_utf16_lossy(to)});
  const wire::SetInfoRequest body{.file_info_class = static_cast<std::uint8_t>(wire::FileInfoClass::rename),
                                  .buffer = information,
                                  .file_id = kRelatedFileId};
  std::vector<Request> requests;
  requests.push_back(tree.request(wire::Command::set_info, body));
  return run_on_path(tree,
                     {.path = std::move(from),
                      .access = Access::delete_object | Access::read_attributes | Access::synchronize,
                      .options = CreateOption::open_reparse_point,
                      .attributes = {},
                      .contexts = {}},
                     std::move(requests));
}

}  // namespace dozo::client
