// The table of create contexts: what CREATE may carry besides its fixed part. [MS-SMB2] 2.2.13.2, 2.2.14.2.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "server/create/create.h"

namespace dozo::server {

// What an answer may say something about.
struct CreateAnswer {
  const CreateParameters& parameters;
  const CreatePlan& plan;
  const Open& open;
  const Materialized& made;
  const share::Grant& caching;
  AccessMask maximal;
};

// A context dozo knows. Any function may be null.
struct ContextRow {
  Bytes name;
  // Its data as a value. Runs once for each time the request has it, in the request's order.
  Result<> (*parse)(Bytes data, CreateContexts& out);
  // What follows from it for what is to be done; on a disk share, once, whether the request has it or not.
  Result<> (*plan)(const Request& request, const CreateParameters& parameters, CreatePlan& plan);
  // Its data in the answer; nullopt: the answer does not have it.
  std::optional<ByteVector> (*answer)(const CreateAnswer& answer);
};

// In the order of the answers.
std::span<const ContextRow> context_table();

Result<CreateContexts> parse_contexts(const wire::CreateRequest& request);
Result<> plan_contexts(const Request& request, const CreateParameters& parameters, CreatePlan& plan);

// context_file.cc: what a new file is made with, and what is told about a file.
Result<> parse_extended_attributes(Bytes data, CreateContexts& out);
Result<> parse_security(Bytes data, CreateContexts& out);
Result<> parse_allocation_size(Bytes data, CreateContexts& out);
Result<> parse_timewarp(Bytes data, CreateContexts& out);
Result<> parse_maximal_access(Bytes data, CreateContexts& out);
std::optional<ByteVector> answer_maximal_access(const CreateAnswer& answer);
Result<> parse_on_disk_id(Bytes data, CreateContexts& out);
std::optional<ByteVector> answer_on_disk_id(const CreateAnswer& answer);

// context_durable.cc
Result<> parse_durable_request(Bytes data, CreateContexts& out);
Result<> parse_durable_reconnect(Bytes data, CreateContexts& out);
Result<> parse_durable_request_v2(Bytes data, CreateContexts& out);
Result<> parse_durable_reconnect_v2(Bytes data, CreateContexts& out);
Result<> parse_app_instance(Bytes data, CreateContexts& out);
Result<> parse_app_version(Bytes data, CreateContexts& out);
std::optional<ByteVector> answer_durable_request(const CreateAnswer& answer);
std::optional<ByteVector> answer_durable_request_v2(const CreateAnswer& answer);

// context_lease.cc
Result<> parse_lease(Bytes data, CreateContexts& out);
Result<> plan_caching(const Request& request, const CreateParameters& parameters, CreatePlan& plan);
std::optional<ByteVector> answer_lease(const CreateAnswer& answer);

}  // namespace dozo::server
