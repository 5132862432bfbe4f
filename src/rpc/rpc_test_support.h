// What the tests of rpc/ share: a host of plain values, and a client that binds, calls and reads faults.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "base/unicode.h"
#include "model/nt_status.h"
#include "rpc/pipe.h"
#include "rpc/services.h"
#include "wire/ndr.h"
#include "wire/rpc_pdu.h"

namespace dozo::rpc::test {

inline ByteVector hex(std::string_view text) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  ByteVector out;
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    if (text[i] == ' ') continue;
    out.push_back(static_cast<std::uint8_t>(digit(text[i]) * 16 + digit(text[i + 1])));
    ++i;
  }
  return out;
}

class PlainHost : public Host {
 public:
  PlainHost() {
    info.netbios_name = "FILES";
    info.comment = "dozo";
    info.workgroup = "WORKGROUP";
    info.machine_sid = sid_from_string("S-1-5-21-1-2-3").value();
    known = {{info.machine_sid.child(1001), SidKind::user, "FILES", "alice"},
             {sid_administrators(), SidKind::alias, "BUILTIN", "Administrators"},
             {info.machine_sid, SidKind::domain, "FILES", "FILES"}};
  }

  Caller caller() const override { return me; }
  ServerInfo server() const override { return info; }
  std::vector<ShareInfo> shares() const override { return listed; }
  std::optional<ShareInfo> share(std::string_view name) const override {
    for (const ShareInfo& s : listed) {
      if (fold_name(s.name) == fold_name(name)) return s;
    }
    return std::nullopt;
  }
  std::vector<SessionInfo> sessions() const override { return all_sessions; }
  std::vector<ConnectionInfo> connections() const override { return all_connections; }
  std::vector<OpenFileInfo> open_files() const override { return all_files; }
  std::vector<std::optional<Account>> accounts_of_names(std::span<const AccountName> names) override {
    std::vector<std::optional<Account>> out;
    for (const AccountName& n : names) {
      auto& slot = out.emplace_back();
      for (const Account& a : known) {
        if (a.name == n.name && (n.domain.empty() || n.domain == a.domain)) slot = a;
      }
    }
    return out;
  }
  std::vector<std::optional<Account>> accounts_of_sids(std::span<const Sid> sids) override {
    std::vector<std::optional<Account>> out;
    for (const Sid& sid : sids) {
      auto& slot = out.emplace_back();
      for (const Account& a : known) {
        if (a.sid == sid) slot = a;
      }
    }
    return out;
  }
  WallTime wall_now() const override { return now; }
  Duration uptime() const override { return std::chrono::seconds(90); }
  std::int32_t minutes_west_of_utc() const override { return -60; }
  Guid random_guid() override {
    Guid guid;
    store_le(guid.bytes.data() + 4, ++guids);
    guid.bytes[15] = 0x5A;
    return guid;
  }

  Caller me{.user = "alice", .domain = "FILES", .is_admin = false};
  ServerInfo info;
  std::vector<ShareInfo> listed;
  std::vector<SessionInfo> all_sessions;
  std::vector<ConnectionInfo> all_connections;
  std::vector<OpenFileInfo> all_files;
  std::vector<Account> known;
  WallTime now{};
  std::uint64_t guids = 0;
};

class Client {
 public:
  explicit Client(std::string_view pipe_name, PipeLimits limits = {})
      : info(*find_pipe(pipe_name)), pipe(info, limits) {}

  wire::RpcBind bind_request() const {
    wire::RpcBind bind;
    bind.contexts = {{0, info.interfaces[0]->syntax, {wire::kNdr20}}};
    return bind;
  }
  void bind() {
    const auto answer = pipe.transceive(wire::encode_rpc_bind(wire::RpcType::bind, 1, bind_request()), 65536, host);
    ASSERT_TRUE(answer.has_value());
    const auto fragment = wire::decode_rpc_fragment(answer->data);
    ASSERT_TRUE(fragment.has_value() && fragment->header.is(wire::RpcType::bind_ack));
  }
  ByteVector request(std::uint16_t opnum, Bytes stub, wire::RpcFlags flags = wire::kRpcWhole) const {
    return wire::encode_rpc_request(flags, 2, {0, 0, opnum, std::nullopt, stub});
  }
  // Sends in fragments; the stub of the answer, put together. `fault` says why there is none.
  ByteVector call(std::uint16_t opnum, Bytes stub) {
    fault = 0;
    wire::RpcFlags flags = wire::RpcFlag::first_frag;
    do {
      const Bytes part = stub.first(std::min<std::size_t>(stub.size(), 4000));
      stub = stub.subspan(part.size());
      if (stub.empty()) flags |= wire::RpcFlag::last_frag;
      EXPECT_TRUE(pipe.write(request(opnum, part, flags), host).has_value());
      flags = {};
    } while (!stub.empty());
    ByteVector out;
    while (pipe.readable()) {
      const auto message = pipe.read(65536).value();
      const auto fragment = wire::decode_rpc_fragment(message.data).value();
      if (fragment.header.is(wire::RpcType::fault)) fault = wire::decode_rpc_fault(fragment.body)->status;
      if (!fragment.header.is(wire::RpcType::response)) continue;
      const Bytes part = wire::decode_rpc_response(fragment.body)->stub;
      out.insert(out.end(), part.begin(), part.end());
    }
    return out;
  }
  ByteVector call(std::uint16_t opnum, const wire::NdrWriter& in) { return call(opnum, in.view()); }

  const PipeInfo& info;
  Pipe pipe;
  PlainHost host;
  std::uint32_t fault = 0;
};

inline constexpr std::uint32_t kBadStub = 0x6F7;
inline constexpr std::uint32_t kOpRange = 0x1C010002;
inline constexpr std::uint32_t kContextMismatch = 0x1C00001A;
inline constexpr std::uint32_t kProtocolError = 0x1C01000B;

}  // namespace dozo::rpc::test
