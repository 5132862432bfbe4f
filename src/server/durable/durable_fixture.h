// What tests of durable handles share: their create contexts, and clients that come back.
#pragma once

#include <deque>

#include "server/testing/test_fixture.h"
#include "wire/create_contexts.h"
#include "wire/fscc/fsctl.h"

namespace dozo::server::testing {

inline Guid guid_of(std::uint8_t n) {
  Guid out;
  out.bytes[0] = n;
  return out;
}

inline ClientOptions options_of(std::string user, std::uint8_t machine = 0xC1) {
  ClientOptions out;
  out.user = std::move(user);
  out.machine = machine;
  out.capabilities |= wire::Capability::persistent_handles;
  return out;
}

class DurableTest : public ServerTest {
 protected:
  template <class M>
  wire::CreateContext context(Bytes name, const M& value) {
    return {name, data_.emplace_back(wire::encode_plain(value))};
  }
  wire::CreateContext v1() { return context(wire::context_name::kDurableRequest, wire::DurableHandleRequest()); }
  wire::CreateContext v1_again(FileId id) {
    return context(wire::context_name::kDurableReconnect, wire::DurableHandleReconnect{id});
  }
  wire::CreateContext v2(std::uint8_t guid, std::uint32_t timeout = 0, bool persistent = false) {
    wire::DurableHandleRequestV2 out{.timeout = timeout, .flags = {}, .create_guid = guid_of(guid)};
    if (persistent) out.flags |= wire::DurableFlag::persistent;
    return context(wire::context_name::kDurableRequestV2, out);
  }
  wire::CreateContext v2_again(FileId id, std::uint8_t guid, bool persistent = false) {
    wire::DurableHandleReconnectV2 out{.file_id = id, .create_guid = guid_of(guid), .flags = {}};
    if (persistent) out.flags |= wire::DurableFlag::persistent;
    return context(wire::context_name::kDurableReconnectV2, out);
  }
  wire::CreateContext lease(std::uint8_t key, LeaseState state = LeaseBit::read | LeaseBit::handle) {
    return context(wire::context_name::kRequestLease,
                   wire::LeaseContext{.lease_key = guid_of(key), .lease_state = state, .lease_flags = {}});
  }
  wire::CreateContext lease_v2(std::uint8_t key, LeaseState state = LeaseBit::read | LeaseBit::handle) {
    return context(wire::context_name::kRequestLease,
                   wire::LeaseContextV2{.lease_key = guid_of(key), .lease_state = state, .flags = {}});
  }
  wire::CreateContext instance(std::uint8_t id) {
    return context(Bytes(wire::context_name::kAppInstanceId), wire::AppInstanceIdContext{guid_of(id)});
  }
  wire::CreateContext version(std::uint64_t high, std::uint64_t low) {
    return context(Bytes(wire::context_name::kAppInstanceVersion), wire::AppInstanceVersionContext{high, low});
  }

  static OpenArgs batch(std::vector<wire::CreateContext> contexts) {
    OpenArgs out;
    out.contexts = std::move(contexts);
    out.oplock = OplockLevel::batch;
    return out;
  }
  static OpenArgs leased(std::vector<wire::CreateContext> contexts) {
    OpenArgs out = batch(std::move(contexts));
    out.oplock = OplockLevel::lease;
    return out;
  }

  // As clients reconnect: nothing but a name and the contexts.
  Answer come_back(Client& client, std::vector<wire::CreateContext> contexts, std::string_view name = "f") {
    OpenArgs args;
    args.access = AccessMask();
    args.disposition = CreateDisposition::open;
    args.contexts = std::move(contexts);
    for (const wire::CreateContext& each : args.contexts) {
      if (each.name.data() == wire::context_name::kRequestLease.data()) args.oplock = OplockLevel::lease;
    }
    return client.create(name, args);
  }

  // The data of a context of the answer; nullopt when it has none of this name.
  static std::optional<ByteVector> answered(const Answer& answer, Bytes name) {
    const auto response = answer.as<wire::CreateResponse>();
    const wire::CreateContext* found = wire::find_context(response.create_contexts, name);
    if (found == nullptr) return std::nullopt;
    return ByteVector(found->data.begin(), found->data.end());
  }

  void drop(Client& client) {
    client.reset();
    world().settle();
  }
  void pass(Duration time) { world().loop().run_for(time); }
  Client& again(const std::string& user = "alice", std::uint8_t machine = 0xC1, const std::string& share = "data") {
    return world().log_on(options_of(user, machine), share);
  }

 private:
  std::deque<ByteVector> data_;
};

}  // namespace dozo::server::testing
