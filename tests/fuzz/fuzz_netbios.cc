// What comes from the network to nbtstat, netview and resolve: what is accepted survives encoding and decoding again.
#include "netbios/browse.h"
#include "netbios/datagram.h"
#include "netbios/local_link.h"
#include "netbios/name_files.h"
#include "netbios/name_service.h"
#include "netbios/sessions.h"
#include "netbios/ws_discovery.h"
#include "tests/fuzz/wire_fuzz.h"

namespace {

using namespace dozo;

void name_packet(Bytes input) {
  const auto packet = netbios::decode_name_packet(input);
  if (!packet) return;
  const auto encoded = netbios::encode_name_packet(*packet);
  fuzz::check(encoded.has_value());
  const auto again = netbios::decode_name_packet(*encoded);
  fuzz::check(again && again->name == packet->name && again->status == packet->status);
}

void dns_message(Bytes input) {
  const auto message = netbios::decode_dns(input, netbios::Dialect33::srv);
  if (!message) return;
  const auto again = netbios::decode_dns(netbios::encode_dns(*message), netbios::Dialect33::srv);
  fuzz::check(again && *again == *message);
  static_cast<void>(netbios::instances_of(*message, netbios::labels_of("_smb._tcp.local")));
  static_cast<void>(netbios::service_types_in(*message));
  static_cast<void>(netbios::addresses_of(*message, netbios::labels_of("a.local")));
}

void datagram(Bytes input) {
  netbios::Neighbour host;
  netbios::take_announcement(input, host);
  const auto found = netbios::decode_datagram(input);
  if (found) {
    const auto encoded = netbios::encode_datagram(*found);
    fuzz::check(encoded.has_value());
    const auto again = netbios::decode_datagram(*encoded);
    fuzz::check(again && *again == *found);
  }
  if (const auto write = netbios::decode_mailslot_write(input)) {
    fuzz::check(netbios::decode_mailslot_write(netbios::encode_mailslot_write(*write)) == *write);
  }
  if (const auto announced = netbios::decode_announcement(input)) {
    fuzz::check(netbios::decode_announcement(netbios::encode_announcement(*announced)).has_value());
  }
}

void texts(Bytes input) {
  const auto matches = netbios::decode_probe_matches(input);
  fuzz::check(!matches || matches->matches.size() <= 16);
  static_cast<void>(netbios::entries_in_lmhosts(as_text(input)));
  static_cast<void>(netbios::settings_in_resolv_conf(as_text(input)));
  static_cast<void>(netbios::addresses_in_hosts(as_text(input), "storehouse"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input(data, size);
  name_packet(input);
  dns_message(input);
  datagram(input);
  texts(input);
  std::vector<netbios::SmbConnection> connections;
  bool done = false;
  netbios::append_connections(input, connections, done);
  return 0;
}
