#include "client/tree.h"

#include "base/unicode.h"
#include "client/file.h"
#include "wire/close.h"
#include "wire/tree_disconnect.h"

namespace dozo::client {

std::optional<wire::CreateRequest> make_create(const OpenOptions& options) {
  auto name = utf8_to_utf16(options.path);
  if (!name) return std::nullopt;
  return wire::CreateRequest{.requested_oplock_level = options.oplock,
                             .desired_access = options.access,
                             .file_attributes = options.attributes,
                             .share_access = options.share,
                             .create_disposition = options.disposition,
                             .create_options = options.options,
                             .name = std::move(*name),
                             .create_contexts = options.contexts};
}

runtime::Task<Result<std::unique_ptr<File>>> Tree::open(OpenOptions options) {
  const auto body = make_create(options);
  if (!body) co_return fail(NtStatus::OBJECT_NAME_INVALID);
  auto response = co_await call(wire::Command::create, *body);
  if (!response) co_return fail(response.error());
  DOZO_CO_TRY(const auto answer, response->decode<wire::CreateResponse>());
  co_return std::make_unique<File>(*this, std::move(*response), answer);
}

runtime::Task<Result<std::vector<Response>>> Tree::chain_on_path(OpenOptions options, std::vector<Request> requests,
                                                                 bool keep_open) {
  const auto body = make_create(options);
  if (!body) co_return fail(NtStatus::OBJECT_NAME_INVALID);
  std::vector<Request> chain;
  chain.push_back(request(wire::Command::create, *body));
  for (Request& one : requests) chain.push_back(std::move(one));
  const wire::CloseRequest close{.flags = {}, .file_id = kRelatedFileId};
  if (!keep_open) chain.push_back(request(wire::Command::close, close));
  auto responses =
      co_await connection().call_compound(std::move(chain), {.session = &session_.security(), .related = true});
  co_return responses;
}

runtime::Task<Result<std::vector<Response>>> Tree::call_on_path(OpenOptions options, std::vector<Request> requests) {
  auto responses = co_await chain_on_path(std::move(options), std::move(requests));
  if (!responses) co_return fail(responses.error());
  for (const Response& response : *responses) {
    if (is_error(response.header.status)) co_return fail(response.header.status);
  }
  co_return std::move(*responses);
}

runtime::Task<Result<>> Tree::disconnect() {
  const auto response = co_await call(wire::Command::tree_disconnect, wire::TreeDisconnectRequest{});
  if (!response) co_return fail(response.error());
  co_return Result<>{};
}

}  // namespace dozo::client
