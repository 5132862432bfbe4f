// The addresses that a server of multichannel gives away: those of its networks that nobody outside knows.
#include <array>

#include "base/assert.h"
#include "model/nt_status.h"
#include "scan/survey.h"
#include "wire/fscc/fsctl.h"
#include "wire/ioctl.h"

namespace dozo::scan {
namespace {

constexpr std::uint32_t kAnswerMax = 64 * 1024;
constexpr std::size_t kInterfacesMax = 256;
constexpr std::uint16_t kInternetwork = 2, kInternetworkV6 = 23;  // [MS-SMB2] 2.2.32.5.1 Family
constexpr std::size_t kV4At = 4, kV6At = 8;                       // where the addresses are in it

std::optional<Address> address_in(const wire::SockAddrStorage& storage) {
  const std::uint16_t family = load_le<std::uint16_t>(storage.data());
  if (family == kInternetwork) return Address{.low = load_be<std::uint32_t>(storage.data() + kV4At)};
  if (family != kInternetworkV6) return std::nullopt;
  return Address{.v6 = true,
                 .high = load_be<std::uint64_t>(storage.data() + kV6At),
                 .low = load_be<std::uint64_t>(storage.data() + kV6At + sizeof(std::uint64_t))};
}

void take(Bytes output, HostFacts& facts) {
  // [MS-SMB2] 2.2.32.5: a chain, of which each element says where the next begins.
  while (output.size() >= sizeof(std::uint32_t) && facts.interfaces.size() < kInterfacesMax) {
    const auto next = load_le<std::uint32_t>(output.data());
    const auto info = wire::decode_plain<wire::NetworkInterfaceInfo>(output);
    if (!info) return;
    const auto address = address_in(info->sockaddr_storage);
    if (address) facts.interfaces.push_back(to_string(*address));
    if (next == 0 || next > output.size()) return;
    output = output.subspan(next);
  }
}

}  // namespace

runtime::Task<void> survey_interfaces(Visit& visit, client::Tree& ipc) {
  const wire::IoctlRequest body{.ctl_code = wire::Fsctl::query_network_interface_info,
                                .file_id = kRelatedFileId,
                                .input = {},
                                .output = {},
                                .max_output_response = kAnswerMax};
  const auto response = co_await ipc.call(wire::Command::ioctl, body, kAnswerMax);
  if (!response) co_return;
  const auto answer = response->decode<wire::IoctlResponse>();
  if (answer && visit.probe.facts().interfaces.empty()) take(answer->output, visit.probe.facts());
}

}  // namespace dozo::scan
