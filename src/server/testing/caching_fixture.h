// What tests of oplocks and leases are made of: alice, who caches, and bob, who is in her way.
#pragma once

#include "server/testing/test_fixture.h"
#include "wire/oplock_break.h"
#include "wire/set_info.h"

namespace dozo::server::testing {

inline constexpr LeaseState kR = LeaseBit::read;
inline constexpr LeaseState kRH = LeaseBit::read | LeaseBit::handle;
inline constexpr LeaseState kRW = LeaseBit::read | LeaseBit::write;
inline constexpr LeaseState kRWH = LeaseBit::read | LeaseBit::write | LeaseState(LeaseBit::handle);

inline Guid key_of(std::uint8_t number) {
  Guid key;
  key.bytes[15] = number;
  return key;
}

class CachingTest : public ServerTest {
 protected:
  struct Leased {
    FileId file;
    OplockLevel level = OplockLevel::none;
    wire::LeaseContext lease;
    bool has_context = false;
  };
  struct LeasedV2 {
    FileId file;
    OplockLevel level = OplockLevel::none;
    wire::LeaseContextV2 lease;
    bool has_context = false;
  };

  Answer open_with(Client& client, std::string_view name, OplockLevel level, OpenArgs args = {}) {
    args.oplock = level;
    return client.create(name, args);
  }
  FileId hold(Client& client, std::string_view name, OplockLevel level) {
    const Answer answer = open_with(client, name, level);
    EXPECT_EQ(answer.as<wire::CreateResponse>().oplock_level, level);
    return answer.file_id();
  }
  Leased lease(Client& client, std::string_view name, std::uint8_t key, LeaseState state, OpenArgs args = {}) {
    args.oplock = OplockLevel::lease;
    args.contexts = {client.lease_context(wire::LeaseContext{.lease_key = key_of(key), .lease_state = state})};
    return read_lease<Leased>(client.create(name, args));
  }
  LeasedV2 lease_v2(Client& client, std::string_view name, const wire::LeaseContextV2& wanted, OpenArgs args = {}) {
    args.oplock = OplockLevel::lease;
    args.contexts = {client.lease_context(wanted)};
    return read_lease<LeasedV2>(client.create(name, args));
  }
  // The client's open, under way: what it meets has to be broken.
  MessageId start_open(Client& client, std::string_view name, OpenArgs args = {}) {
    const MessageId id = client.start(wire::Command::create, create_request(name, args));
    world().settle();
    return id;
  }
  wire::OplockBreakNotification oplock_break(Client& client) {
    return client.next_break().as<wire::OplockBreakNotification>();
  }
  wire::LeaseBreakNotification lease_break(Client& client) {
    return client.next_break().as<wire::LeaseBreakNotification>();
  }

 private:
  template <class L>
  L read_lease(const Answer& answer) {
    EXPECT_EQ(answer.status(), NtStatus::SUCCESS);
    const auto said = answer.as<wire::CreateResponse>();
    L out{.file = said.file_id, .level = said.oplock_level};
    const wire::CreateContext* context = wire::find_context(said.create_contexts, wire::context_name::kRequestLease);
    out.has_context = context != nullptr;
    if (context != nullptr) out.lease = wire::decode_plain<decltype(out.lease)>(context->data).value_or(out.lease);
    return out;
  }
};

}  // namespace dozo::server::testing
