#include "client/srvsvc.h"

#include "base/unicode.h"
#include "model/rpc_status.h"
#include "wire/ndr.h"

namespace dozo::client {
namespace {

constexpr std::uint16_t kNetrShareEnum = 15;
constexpr std::uint32_t kLevel = 1;
constexpr std::uint32_t kNoLimit = 0xFFFFFFFF;  // [MS-SRVS] 2.2.2.2 MAX_PREFERRED_LENGTH
constexpr std::size_t kSharesMax = 65536;

// [MS-ERREF] 2.2.
constexpr std::uint32_t kSuccess = 0;
constexpr std::uint32_t kAccessDenied = 5;
constexpr std::uint32_t kNotSupported = 50;
constexpr std::uint32_t kInvalidLevel = 124;
constexpr std::uint32_t kMoreData = 234;

ByteVector share_enum_stub(const std::string& server, std::uint32_t resume) {
  wire::NdrWriter out;
  out.unique_string(server);
  out.u32(kLevel);
  out.u32(kLevel);    // the union's discriminant
  out.pointer(true);  // the container: no entries, and no buffer, for these are the server's to give
  out.u32(0);
  out.pointer(false);
  out.u32(kNoLimit);
  out.pointer(true);
  out.u32(resume);
  return std::move(out).take();
}

// [MS-SRVS] 2.2.4.33 SHARE_INFO_1_CONTAINER: the flat part of every element, then what their pointers are of.
void read_container(wire::NdrReader& in, std::vector<ListedShare>& shares) {
  struct Flat {
    bool name = false;
    std::uint32_t type = 0;
    bool comment = false;
  };
  const std::uint32_t entries = in.u32();
  if (!in.pointer()) {
    if (entries != 0) in.set_bad();
    return;
  }
  const std::uint32_t count = in.conformant_count(sizeof(std::uint32_t) * 3);
  if (count != entries) in.set_bad();
  std::vector<Flat> flats;
  for (std::uint32_t i = 0; in.ok() && i < count; ++i) {
    Flat& flat = flats.emplace_back();
    flat.name = in.pointer();
    flat.type = in.u32();
    flat.comment = in.pointer();
  }
  for (const Flat& flat : flats) {
    if (!in.ok()) return;
    ListedShare& share = shares.emplace_back();
    share.type = flat.type;
    if (flat.name) share.name = utf16_to_utf8(in.string());
    if (flat.comment) share.comment = utf16_to_utf8(in.string());
  }
}

NtStatus status_of(std::uint32_t win32) {
  switch (win32) {
    case kAccessDenied:
      return NtStatus::ACCESS_DENIED;
    case kNotSupported:
    case kInvalidLevel:
      return NtStatus::NOT_SUPPORTED;
    default:
      return kRpcCallFailed;
  }
}

runtime::Task<Result<std::vector<ListedShare>>> enumerate(PipeRpc& rpc, std::string server) {
  std::vector<ListedShare> shares;
  for (std::uint32_t resume = 0;;) {
    const auto stub = co_await rpc.call(kNetrShareEnum, share_enum_stub(server, resume));
    if (!stub) co_return fail(stub.error());
    auto part = decode_share_enum(*stub);
    if (!part) co_return fail(part.error());
    if (part->status != kSuccess && part->status != kMoreData) co_return fail(status_of(part->status));
    const bool none = part->shares.empty();
    for (ListedShare& share : part->shares) shares.push_back(std::move(share));
    if (part->status == kSuccess) co_return shares;
    // [MS-SRVS] 3.1.4.8: there is more from the resume handle on; who does not move on never ends.
    if (none || !part->resume || *part->resume == resume || shares.size() > kSharesMax) {
      co_return fail(NtStatus::INVALID_NETWORK_RESPONSE);
    }
    resume = *part->resume;
  }
}

}  // namespace

const wire::RpcSyntax kSrvsvcInterface = {
    {{0xc8, 0x4f, 0x32, 0x4b, 0x70, 0x16, 0xd3, 0x01, 0x12, 0x78, 0x5a, 0x47, 0xbf, 0x6e, 0xe1, 0x88}}, 3, 0};

Result<ShareEnumAnswer> decode_share_enum(Bytes stub) {
  wire::NdrReader in(stub);
  ShareEnumAnswer answer;
  const std::uint32_t level = in.u32();
  const std::uint32_t discriminant = in.u32();
  if (level != kLevel || discriminant != kLevel) return fail(NtStatus::INVALID_NETWORK_RESPONSE);
  if (in.pointer()) read_container(in, answer.shares);
  in.u32();  // TotalEntries
  if (in.pointer()) answer.resume = in.u32();
  answer.status = in.u32();
  if (!in.ok() || answer.shares.size() > kSharesMax) return fail(NtStatus::INVALID_NETWORK_RESPONSE);
  for (const ListedShare& share : answer.shares) {
    // A name is a name: what a server says is one never leads anywhere else.
    const bool none = share.name.empty() || share.name.find_first_of("/\\") != std::string::npos;
    if (none) return fail(NtStatus::INVALID_NETWORK_RESPONSE);
  }
  return answer;
}

runtime::Task<Result<std::vector<ListedShare>>> list_shares(Tree& ipc, PipeRpcOptions options) {
  auto rpc = co_await PipeRpc::bind(ipc, "srvsvc", kSrvsvcInterface, options);
  if (!rpc) co_return fail(rpc.error());
  auto shares = co_await enumerate(**rpc, "\\\\" + ipc.connection().options().server_name);
  const auto closed = co_await (*rpc)->close();
  static_cast<void>(closed);  // the list is here
  co_return shares;
}

}  // namespace dozo::client
