// Bytes into every pipe, as a client that is an administrator would write them; what comes out is read. The first
// byte says how the rest is cut into writes and whether the pipe is bound already.
#include <algorithm>

#include "rpc/pipe.h"
#include "rpc/services.h"
#include "wire/rpc_pdu.h"

namespace {

using namespace dozo;
using namespace dozo::rpc;

class FuzzHost final : public Host {
 public:
  Caller caller() const override { return {"fuzz", "FILES", true}; }
  ServerInfo server() const override {
    ServerInfo info;
    info.netbios_name = "FILES";
    info.workgroup = "WORKGROUP";
    info.machine_sid = {5, {21, 1, 2, 3}};
    return info;
  }
  std::vector<ShareInfo> shares() const override { return {{.name = "public", .comment = "c"}}; }
  std::optional<ShareInfo> share(std::string_view name) const override {
    if (name.size() > 8) return std::nullopt;
    return ShareInfo{.name = std::string(name), .comment = ""};
  }
  std::vector<SessionInfo> sessions() const override { return {{.client = "10.0.0.1", .user = "alice"}}; }
  std::vector<ConnectionInfo> connections() const override { return {{.id = 1, .share = "public"}}; }
  std::vector<OpenFileInfo> open_files() const override { return {{.id = 1, .path = "a", .user = "alice"}}; }
  // Every other question has an answer.
  std::vector<std::optional<Account>> accounts_of_names(std::span<const AccountName> names) override {
    std::vector<std::optional<Account>> out(names.size());
    for (std::size_t i = 0; i < names.size(); i += 2) out[i] = Account{{5, {21, 7}}, SidKind::user, "D", names[i].name};
    return out;
  }
  std::vector<std::optional<Account>> accounts_of_sids(std::span<const Sid> sids) override {
    std::vector<std::optional<Account>> out(sids.size());
    for (std::size_t i = 0; i < sids.size(); i += 2) out[i] = Account{sids[i], SidKind::group, "D", "n"};
    return out;
  }
  WallTime wall_now() const override { return {}; }
  Duration uptime() const override { return {}; }
  std::int32_t minutes_west_of_utc() const override { return 0; }
  Guid random_guid() override {
    Guid guid;
    store_le(guid.bytes.data(), ++guids_);
    return guid;
  }

 private:
  std::uint64_t guids_ = 0;
};

void bind(Pipe& pipe, Host& host) {
  wire::RpcBind request;
  request.contexts = {{0, pipe.info().interfaces[0]->syntax, {wire::kNdr20}}};
  (void)pipe.transceive(wire::encode_rpc_bind(wire::RpcType::bind, 1, request), 65536, host);
}

void drain(Pipe& pipe, std::size_t step) {
  while (pipe.readable()) {
    const auto read = pipe.read(step);
    if (!read || !wire::decode_rpc_header(read->data)) continue;
    if (const auto fragment = wire::decode_rpc_fragment(read->data)) {
      (void)wire::decode_rpc_bind_ack(fragment->body);
      (void)wire::decode_rpc_response(fragment->body);
      (void)wire::decode_rpc_fault(fragment->body);
    }
  }
}

void write_raw(const PipeInfo& info, Bytes data, std::size_t step, bool bound) {
  FuzzHost host;
  Pipe pipe(info, {.request_max = 1 << 16, .unread_max = 1 << 18});
  if (bound) bind(pipe, host);
  while (!data.empty()) {
    const Bytes part = data.first(std::min(step, data.size()));
    data = data.subspan(part.size());
    (void)pipe.write(part, host);
    drain(pipe, 4096);
  }
}

// The bytes as the stub of one procedure: past the PDU layer, where most of the decoding is.
void call_each(const PipeInfo& info, std::uint16_t opnum, Bytes stub) {
  FuzzHost host;
  Pipe pipe(info);
  bind(pipe, host);
  const Bytes part = stub.first(std::min<std::size_t>(stub.size(), 4000));
  (void)pipe.write(wire::encode_rpc_request(wire::kRpcWhole, 2, {0, 0, opnum, std::nullopt, part}), host);
  drain(pipe, 65536);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const Bytes rest(data + 2, size - 2);
  for (const PipeInfo& info : all_pipes()) {
    write_raw(info, rest, std::size_t{data[0]} + 1, (data[1] & 0x80) != 0);
    call_each(info, data[1], rest);
  }
  return 0;
}
