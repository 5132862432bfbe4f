#include "mount/share_ops.h"

#include <algorithm>

#include "base/unicode.h"
#include "client/small_files.h"
#include "wire/fscc/file_info.h"
#include "wire/fscc/file_set.h"
#include "wire/fscc/reparse.h"
#include "wire/ioctl.h"
#include "wire/set_info.h"

namespace dozo::mount {
namespace {

using client::DirectoryEntry;
using client::Request;
using client::Response;
using client::Tree;

client::OpenOptions itself(std::string path, AccessMask access) {
  return {.path = std::move(path),
          .access = access,
          .options = CreateOption::open_reparse_point,
          .attributes = {},
          .contexts = {}};
}

Request set_request(Tree& tree, wire::FileInfoClass info_class, Bytes information) {
  const wire::SetInfoRequest body{
      .file_info_class = static_cast<std::uint8_t>(info_class), .buffer = information, .file_id = kRelatedFileId};
  return tree.request(wire::Command::set_info, body);
}

runtime::Task<Result<>> set_on_path(Tree& tree, client::OpenOptions options, wire::FileInfoClass info_class,
                                    ByteVector information) {
  std::vector<Request> requests;
  requests.push_back(set_request(tree, info_class, information));
  const auto responses = co_await tree.call_on_path(std::move(options), std::move(requests));
  if (!responses) co_return fail(responses.error());
  co_return Result<>{};
}

// Runs make(tree) as Link::run does, but what fails with `done` after a loss was done before it.
template <class F>
runtime::Task<Result<>> run_once(Link& link, NtStatus done, F make) {
  bool again = false;
  for (Link::LossCount losses(link);;) {
    const auto line = co_await link.line();
    if (!line) co_return fail(line.error());
    const Result<> result = co_await make(*(*line)->tree);
    if (result || (again && result.error() == done)) co_return Result<>{};
    if (!client::is_loss(result.error()) || !losses.try_again()) co_return result;
    link.lost(*line, result.error());
    again = true;
  }
}

runtime::Task<Result<DirectoryEntry>> look_in(Tree& tree, std::string path) {
  const wire::QueryInfoRequest tag{.file_info_class = static_cast<std::uint8_t>(wire::FileInfoClass::attribute_tag),
                                   .output_buffer_length = 8,
                                   .input_buffer = {},
                                   .flags = {},
                                   .file_id = kRelatedFileId};
  std::vector<Request> requests;
  requests.push_back(tree.request(wire::Command::query_info, tag));
  const auto responses =
      co_await tree.chain_on_path(itself(std::move(path), Access::read_attributes), std::move(requests));
  if (!responses) co_return fail(responses.error());
  const Response& created = (*responses)[0];
  if (is_error(created.header.status)) co_return fail(created.header.status);
  if (created.header.status == NtStatus::STOPPED_ON_SYMLINK) co_return fail(created.header.status);
  DOZO_CO_TRY(const auto answer, created.decode<wire::CreateResponse>());
  DirectoryEntry entry{.name = {},
                       .attributes = answer.file_attributes,
                       .size = answer.end_of_file,
                       .allocation_size = answer.allocation_size,
                       .creation_time = answer.creation_time,
                       .last_access_time = answer.last_access_time,
                       .last_write_time = answer.last_write_time,
                       .change_time = answer.change_time};
  if ((*responses)[1].header.status != NtStatus::SUCCESS) co_return entry;
  DOZO_CO_TRY(const auto information, (*responses)[1].decode<wire::QueryInfoResponse>());
  const auto found = wire::decode_plain<wire::FileAttributeTagInformation>(information.output_buffer);
  if (!found || !found->file_attributes.has(FileAttribute::reparse_point)) co_return entry;
  entry.attributes = found->file_attributes;
  entry.reparse_tag = found->reparse_tag;
  co_return entry;
}

runtime::Task<Result<std::string>> read_link_in(Tree& tree, std::string path) {
  const wire::IoctlRequest get{.ctl_code = wire::Fsctl::get_reparse_point,
                               .file_id = kRelatedFileId,
                               .input = {},
                               .output = {},
                               .max_output_response = 16384};  // [MS-FSCC] 2.1.2: no reparse buffer is longer
  std::vector<Request> requests;
  requests.push_back(tree.request(wire::Command::ioctl, get, get.max_output_response));
  const auto responses =
      co_await tree.call_on_path(itself(std::move(path), Access::read_attributes), std::move(requests));
  if (!responses) co_return fail(responses.error());
  DOZO_CO_TRY(const auto answer, (*responses)[1].decode<wire::IoctlResponse>());
  const auto buffer = wire::decode_plain<wire::ReparseDataBuffer>(answer.output);
  if (!buffer) co_return fail(NtStatus::INVALID_NETWORK_RESPONSE);
  if (buffer->reparse_tag != wire::kReparseTagSymlink) co_return fail(NtStatus::NOT_A_REPARSE_POINT);
  const auto data = wire::decode_symlink_data(buffer->data);
  if (!data) co_return fail(NtStatus::INVALID_NETWORK_RESPONSE);
  std::string target = utf16_to_utf8(data->substitute_name);
  std::ranges::replace(target, '\\', '/');
  if (target.empty() || target.find('\0') != std::string::npos) co_return fail(NtStatus::INVALID_NETWORK_RESPONSE);
  co_return target;
}

runtime::Task<Result<>> make_link_in(Tree& tree, std::string path, std::string target) {
  const bool relative = !target.starts_with('/');
  std::ranges::replace(target, '/', '\\');
  const auto name = utf8_to_utf16(target);
  if (!name) co_return fail(NtStatus::OBJECT_NAME_INVALID);
  const ByteVector input =
      wire::encode_symlink_reparse({.substitute_name = *name, .print_name = *name, .relative = relative});
  client::OpenOptions options = itself(path, kFileGenericWrite | Access::delete_object);
  options.disposition = CreateDisposition::create;
  options.options |= CreateOption::non_directory_file;
  const wire::IoctlRequest set{.ctl_code = wire::Fsctl::set_reparse_point,
                               .file_id = kRelatedFileId,
                               .input = input,
                               .output = {},
                               .max_output_response = 0};
  std::vector<Request> requests;
  requests.push_back(tree.request(wire::Command::ioctl, set, static_cast<std::uint32_t>(input.size())));
  const auto responses = co_await tree.chain_on_path(std::move(options), std::move(requests));
  if (!responses) co_return fail(responses.error());
  const NtStatus created = (*responses)[0].header.status;
  if (is_error(created)) co_return fail(created);
  const NtStatus linked = (*responses)[1].header.status;
  if (!is_error(linked)) co_return Result<>{};
  // What is there now is an empty file that nobody asked for.
  const auto removed = co_await client::remove_file(tree, path);
  static_cast<void>(removed);
  // Samba says the one, or the other, of what it has no reparse points for.
  const bool has_none = linked == NtStatus::INVALID_PARAMETER || linked == NtStatus::NOT_A_REPARSE_POINT;
  co_return fail(has_none ? NtStatus::NOT_SUPPORTED : linked);
}

runtime::Task<Result<wire::FileFsFullSizeInformation>> space_in(Tree& tree) {
  const wire::QueryInfoRequest query{.info_type = wire::InfoType::file_system,
                                     .file_info_class = static_cast<std::uint8_t>(wire::FsInfoClass::full_size),
                                     .output_buffer_length = 32,
                                     .input_buffer = {},
                                     .flags = {},
                                     .file_id = kRelatedFileId};
  std::vector<Request> requests;
  requests.push_back(tree.request(wire::Command::query_info, query));
  const auto responses = co_await tree.call_on_path(itself("", Access::read_attributes), std::move(requests));
  if (!responses) co_return fail(responses.error());
  DOZO_CO_TRY(const auto answer, (*responses)[1].decode<wire::QueryInfoResponse>());
  const auto found = wire::decode_plain<wire::FileFsFullSizeInformation>(answer.output_buffer);
  if (!found) co_return fail(NtStatus::INVALID_NETWORK_RESPONSE);
  co_return *found;
}

}  // namespace

runtime::Task<Result<DirectoryEntry>> look_at(Link& link, std::string path) {
  return link.run([path = std::move(path)](Tree& tree) { return look_in(tree, path); });
}

runtime::Task<Result<>> make_folder(Link& link, std::string path) {
  return run_once(link, NtStatus::OBJECT_NAME_COLLISION,
                  [path = std::move(path)](Tree& tree) { return client::make_directory(tree, path); });
}

runtime::Task<Result<>> remove_name(Link& link, std::string path, bool folder) {
  return run_once(link, NtStatus::OBJECT_NAME_NOT_FOUND, [path = std::move(path), folder](Tree& tree) {
    return folder ? client::remove_directory(tree, path) : client::remove_file(tree, path);
  });
}

runtime::Task<Result<>> move(Link& link, std::string from, std::string to, bool replace) {
  return run_once(link, NtStatus::OBJECT_NAME_NOT_FOUND,
                  [from = std::move(from), to = std::move(to), replace](Tree& tree) {
                    return client::rename(tree, from, to, replace);
                  });
}

runtime::Task<Result<>> set_size(Link& link, std::string path, std::uint64_t size) {
  return link.run([path = std::move(path), size](Tree& tree) {
    client::OpenOptions options = itself(path, Access::write_data);
    options.options |= CreateOption::non_directory_file;
    return set_on_path(tree, std::move(options), wire::FileInfoClass::end_of_file,
                       wire::encode_plain(wire::FileEndOfFileInformation{.end_of_file = size}));
  });
}

ByteVector Basics::information() const {
  return wire::encode_plain(wire::FileBasicInformation{.creation_time = {},
                                                       .last_access_time = last_access_time,
                                                       .last_write_time = last_write_time,
                                                       .change_time = {},
                                                       .file_attributes = attributes});
}

runtime::Task<Result<>> set_basics(Link& link, std::string path, Basics basics) {
  return link.run([path = std::move(path), basics](Tree& tree) {
    return set_on_path(tree, itself(path, Access::write_attributes), wire::FileInfoClass::basic, basics.information());
  });
}

runtime::Task<Result<std::string>> read_link(Link& link, std::string path) {
  return link.run([path = std::move(path)](Tree& tree) { return read_link_in(tree, path); });
}

runtime::Task<Result<>> make_link(Link& link, std::string path, std::string target) {
  return run_once(
      link, NtStatus::OBJECT_NAME_COLLISION,
      [path = std::move(path), target = std::move(target)](Tree& tree) { return make_link_in(tree, path, target); });
}

runtime::Task<Result<wire::FileFsFullSizeInformation>> space_of(Link& link) {
  return link.run([](Tree& tree) { return space_in(tree); });
}

}  // namespace dozo::mount
