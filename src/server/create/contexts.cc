#include "server/create/contexts.h"

#include <algorithm>

#include "wire/create_contexts.h"

namespace dozo::server {
namespace {

namespace tag = wire::context_name;

const ContextRow kContexts[] = {
    {tag::kEaBuffer, &parse_extended_attributes, nullptr, nullptr},
    {tag::kSdBuffer, &parse_security, nullptr, nullptr},
    {tag::kAllocationSize, &parse_allocation_size, nullptr, nullptr},
    {tag::kTimewarp, &parse_timewarp, nullptr, nullptr},
    {tag::kQueryMaximalAccess, &parse_maximal_access, nullptr, &answer_maximal_access},
    {tag::kQueryOnDiskId, &parse_on_disk_id, nullptr, &answer_on_disk_id},
    {tag::kDurableRequest, &parse_durable_request, nullptr, &answer_durable_request},
    {tag::kDurableReconnect, &parse_durable_reconnect, nullptr, nullptr},
    {tag::kDurableRequestV2, &parse_durable_request_v2, nullptr, &answer_durable_request_v2},
    {tag::kDurableReconnectV2, &parse_durable_reconnect_v2, nullptr, nullptr},
    {Bytes(tag::kAppInstanceId), &parse_app_instance, nullptr, nullptr},
    {Bytes(tag::kAppInstanceVersion), &parse_app_version, nullptr, nullptr},
    {tag::kRequestLease, &parse_lease, &plan_caching, &answer_lease},
};

}  // namespace

std::span<const ContextRow> context_table() { return kContexts; }

Result<CreateContexts> parse_contexts(const wire::CreateRequest& request) {
  CreateContexts out;
  for (const wire::CreateContext& context : request.create_contexts) {
    // [MS-SMB2] 3.3.5.9: no context has a name shorter than four bytes.
    if (context.name.size() < 4) return fail(NtStatus::INVALID_PARAMETER);
    for (const ContextRow& row : kContexts) {
      if (row.parse != nullptr && std::ranges::equal(row.name, context.name)) {
        DOZO_CHECK(row.parse(context.data, out));
      }
    }
  }
  return out;
}

Result<> plan_contexts(const Request& request, const CreateParameters& parameters, CreatePlan& plan) {
  for (const ContextRow& row : kContexts) {
    if (row.plan != nullptr) DOZO_CHECK(row.plan(request, parameters, plan));
  }
  return {};
}

}  // namespace dozo::server
