// The client's files, in words.
#include <fmt/format.h>

#include "base/unicode.h"
#include "server/testing/client.h"
#include "wire/change_notify.h"
#include "wire/echo.h"
#include "wire/query_directory.h"
#include "wire/query_info.h"
#include "wire/read.h"
#include "wire/set_info.h"
#include "wire/write.h"

namespace dozo::server::testing {

wire::CreateRequest create_request(std::string_view name, const OpenArgs& args) {
  wire::CreateRequest request;
  request.requested_oplock_level = args.oplock;
  request.desired_access = args.access;
  request.file_attributes = args.attributes;
  request.share_access = args.share;
  request.create_disposition = args.disposition;
  request.create_options = args.options;
  request.name = utf8_to_utf16_lossy(name);
  request.create_contexts = args.contexts;
  return request;
}

Answer Client::create(std::string_view name, OpenArgs args, Sending sending) {
  return call(wire::Command::create, create_request(name, args), std::move(sending));
}

FileId Client::open(std::string_view name, OpenArgs args) {
  const Answer answer = create(name, std::move(args));
  if (answer.none() || answer.status() != NtStatus::SUCCESS) {
    add_problem(fmt::format("cannot open \"{}\": {}", name, to_string(answer.status())));
  }
  return answer.file_id();
}

NtStatus Client::close(FileId id) {
  return call(wire::Command::close, wire::CloseRequest{.flags = {}, .file_id = id}).status();
}

Answer Client::close_with_attributes(FileId id) {
  return call(wire::Command::close, wire::CloseRequest{.flags = wire::CloseFlag::postquery_attrib, .file_id = id});
}

Answer Client::read(FileId id, std::uint64_t offset, std::uint32_t length, Sending sending) {
  sending.payload = length;
  return call(wire::Command::read, wire::ReadRequest{.length = length, .offset = offset, .file_id = id},
              std::move(sending));
}

std::string Client::read_text(FileId id, std::uint64_t offset, std::uint32_t length) {
  const Answer answer = read(id, offset, length);
  if (answer.status() != NtStatus::SUCCESS) return to_string(answer.status());
  return std::string(as_text(answer.as<wire::ReadResponse>().data));
}

NtStatus Client::write(FileId id, std::uint64_t offset, std::string_view text, Sending sending) {
  sending.payload = text.size();
  return call(wire::Command::write, wire::WriteRequest{.data = as_bytes(text), .offset = offset, .file_id = id},
              std::move(sending))
      .status();
}

Answer Client::lock(FileId id, std::vector<wire::LockElement> locks) {
  return call(wire::Command::lock, wire::LockRequest{.file_id = id, .locks = std::move(locks)});
}

Answer Client::query(FileId id, wire::FileInfoClass info_class, std::uint32_t size_max) {
  return query(id, wire::InfoType::file, static_cast<std::uint8_t>(info_class), size_max);
}

Answer Client::query(FileId id, wire::InfoType type, std::uint8_t info_class, std::uint32_t size_max,
                     std::uint32_t additional) {
  return call(wire::Command::query_info,
              wire::QueryInfoRequest{.info_type = type,
                                     .file_info_class = info_class,
                                     .output_buffer_length = size_max,
                                     .additional_information = additional,
                                     .file_id = id},
              {.payload = size_max});
}

NtStatus Client::set(FileId id, wire::FileInfoClass info_class, Bytes value) {
  return call(wire::Command::set_info,
              wire::SetInfoRequest{
                  .file_info_class = static_cast<std::uint8_t>(info_class), .buffer = value, .file_id = id},
              {.payload = value.size()})
      .status();
}

Answer Client::list(FileId directory, std::string_view pattern, std::uint32_t size_max, std::uint8_t flags,
                    wire::FileInfoClass info_class) {
  return call(wire::Command::query_directory,
              wire::QueryDirectoryRequest{.file_information_class = info_class,
                                          .flags = wire::QueryDirectoryFlags::from_wire(flags),
                                          .file_id = directory,
                                          .file_name = utf8_to_utf16_lossy(pattern),
                                          .output_buffer_length = size_max},
              {.payload = size_max});
}

MessageId Client::start_notify(FileId directory, std::uint32_t filter, bool subtree, std::uint32_t size_max) {
  wire::ChangeNotifyRequest request;
  if (subtree) request.flags = wire::NotifyFlag::watch_tree;
  request.output_buffer_length = size_max;
  request.file_id = directory;
  request.completion_filter = wire::NotifyFilter::from_wire(filter);
  return start(wire::Command::change_notify, request, {.payload = size_max});
}

Answer Client::ioctl(FileId id, wire::Fsctl code, Bytes input, std::uint32_t output_max, Sending sending) {
  sending.payload = std::max<std::size_t>(input.size(), output_max);
  return call(wire::Command::ioctl,
              wire::IoctlRequest{
                  .ctl_code = code, .file_id = id, .input = input, .output = {}, .max_output_response = output_max},
              std::move(sending));
}

Answer Client::echo(Sending sending) { return call(wire::Command::echo, wire::EchoRequest{}, std::move(sending)); }

}  // namespace dozo::server::testing
