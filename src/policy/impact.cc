#include "policy/impact.h"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>

namespace dozo::policy {
namespace {

std::string file_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  if (file) text << file.rdbuf();
  return text.str();
}

template <class T>
std::optional<T> number_of(std::string_view digits, int base) {
  T value{};
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), value, base);
  if (error != std::errc() || end != digits.end()) return std::nullopt;
  return value;
}

// "0100007F:01BD": words of 32 bits as the machine keeps them, which hold the address in network order.
std::optional<std::pair<Address, std::uint16_t>> end_of(std::string_view text, Family family) {
  const std::size_t digits = bits_of(family) / 4;
  if (text.size() != digits + 5 || text[digits] != ':') return std::nullopt;
  AddressNumber number = 0;
  for (std::size_t at = 0; at < digits; at += 8) {
    const auto word = number_of<std::uint32_t>(text.substr(at, 8), 16);
    if (!word) return std::nullopt;
    number = number << 32 | (std::endian::native == std::endian::little ? __builtin_bswap32(*word) : *word);
  }
  const auto port = number_of<std::uint16_t>(text.substr(digits + 1), 16);
  if (!port) return std::nullopt;
  Address address{family, number};
  if (family == Family::v6 && number >> 32 == 0xFFFF) address = {Family::v4, number & 0xFFFFFFFF};
  return std::pair(address, *port);
}

// The kernel's numbers of TCP's states (include/net/tcp_states.h).
std::string state_of(std::string_view hex, Protocol protocol) {
  static constexpr std::array<std::string_view, 13> kStates = {
      "",      "established", "syn-sent", "syn-received", "fin-wait-1", "fin-wait-2",  "time-wait",
      "close", "close-wait",  "last-ack", "listen",       "closing",    "syn-received"};
  const auto number = number_of<unsigned>(hex, 16).value_or(0);
  if (protocol == Protocol::udp) return number == 1 ? "connected" : "bound";
  return std::string(number < kStates.size() ? kStates[number] : "");
}

std::optional<SocketUse> socket_in(const std::string& line, Protocol protocol, Family family) {
  std::istringstream words(line);
  std::string slot, local, remote, state, queues, timer, retransmits, user, timeout, inode;
  if (!(words >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> user >> timeout >> inode)) {
    return std::nullopt;
  }
  const auto near = end_of(local, family), far = end_of(remote, family);
  const auto number = number_of<std::uint64_t>(inode, 10);
  if (!near || !far || !number) return std::nullopt;
  SocketUse use{.protocol = protocol, .local = near->first, .remote = far->first};
  use.local_port = near->second;
  use.remote_port = far->second;
  use.state = state_of(state, protocol);
  use.inode = *number;
  return use;
}

bool among(const std::vector<Service>& services, Protocol protocol, std::uint16_t port) {
  return std::ranges::any_of(services,
                             [&](const Service& s) { return s.protocol == protocol && s.ports.contains(port); });
}

using Folder = std::unique_ptr<DIR, int (*)(DIR*)>;
Folder open_folder(const std::string& path) { return {opendir(path.c_str()), closedir}; }

struct Owner {
  std::uint32_t pid = 0;
  std::string program;
};

// Adds the sockets that a process has open; the first process that has one is named.
void add_sockets_of(std::uint32_t pid, const std::string& folder, std::map<std::uint64_t, Owner>& owners) {
  const Folder files = open_folder(folder + "/fd");
  if (!files) return;  // another user's, or gone
  std::string program = file_text(folder + "/comm");
  while (!program.empty() && program.back() == '\n') program.pop_back();
  while (const dirent* entry = readdir(files.get())) {
    std::array<char, 64> target{};
    const ssize_t size = readlink((folder + "/fd/" + entry->d_name).c_str(), target.data(), target.size());
    const std::string_view link(target.data(), size < 0 ? 0 : static_cast<std::size_t>(size));
    if (!link.starts_with("socket:[") || !link.ends_with(']')) continue;
    if (const auto inode = number_of<std::uint64_t>(link.substr(8, link.size() - 9), 10)) {
      owners.try_emplace(*inode, Owner{pid, program});
    }
  }
}

std::map<std::uint64_t, Owner> owners_of_sockets(const std::string& proc) {
  std::map<std::uint64_t, Owner> owners;
  const Folder processes = open_folder(proc);
  if (!processes) return owners;
  while (const dirent* entry = readdir(processes.get())) {
    const auto pid = number_of<std::uint32_t>(entry->d_name, 10);
    if (pid) add_sockets_of(*pid, fmt::format("{}/{}", proc, *pid), owners);
  }
  return owners;
}

}  // namespace

std::vector<SocketUse> sockets_in(std::string_view proc_net, Protocol protocol, Family family) {
  std::istringstream lines{std::string(proc_net)};
  std::vector<SocketUse> all;
  for (std::string line; std::getline(lines, line);) {
    if (auto use = socket_in(line, protocol, family)) all.push_back(std::move(*use));
  }
  return all;
}

std::vector<SocketUse> sockets_of_services(const std::vector<Service>& services, const std::string& proc) {
  struct Table {
    const char* file;
    Protocol protocol;
    Family family;
  };
  static constexpr Table kTables[] = {{"tcp", Protocol::tcp, Family::v4},
                                      {"tcp6", Protocol::tcp, Family::v6},
                                      {"udp", Protocol::udp, Family::v4},
                                      {"udp6", Protocol::udp, Family::v6}};
  std::vector<SocketUse> used;
  for (const Table& table : kTables) {
    for (SocketUse& use :
         sockets_in(file_text(fmt::format("{}/net/{}", proc, table.file)), table.protocol, table.family)) {
      const bool ours = among(services, use.protocol, use.local_port) ||
                        (!use.is_listener() && among(services, use.protocol, use.remote_port));
      if (ours && use.state != "time-wait") used.push_back(std::move(use));
    }
  }
  if (used.empty()) return used;
  const auto owners = owners_of_sockets(proc);
  for (SocketUse& use : used) {
    if (const auto owner = owners.find(use.inode); owner != owners.end()) {
      use.pid = owner->second.pid;
      use.program = owner->second.program;
    }
  }
  return used;
}

std::optional<Flow> flow_of(const SocketUse& use, const std::vector<Service>& services, Profile profile) {
  if (use.is_listener()) return std::nullopt;
  Flow flow{.protocol = use.protocol, .profile = profile};
  if (among(services, use.protocol, use.local_port)) {
    flow.direction = Direction::in;
    flow.source = use.remote;
    flow.destination = use.local;
    flow.source_port = use.remote_port;
    flow.port = use.local_port;
  } else {
    flow.direction = Direction::out;
    flow.source = use.local;
    flow.destination = use.remote;
    flow.source_port = use.local_port;
    flow.port = use.remote_port;
  }
  return flow;
}

std::vector<UnitState> smb_units(const std::string& cgroups) {
  std::vector<UnitState> units = {
      {"dozo.service", SystemService::server},        {"smbd.service", SystemService::server},
      {"smb.service", SystemService::server},         {"samba.service", SystemService::server},
      {"samba-ad-dc.service", SystemService::server}, {"ksmbd.service", SystemService::server},
      {"nmbd.service", SystemService::server},        {"nmb.service", SystemService::server},
      {"wsdd.service", SystemService::server},        {"winbind.service", SystemService::workstation}};
  for (UnitState& unit : units) {
    struct stat found{};
    // systemd's own hierarchy is the whole tree, or "systemd" beside the older controllers.
    unit.running = stat(fmt::format("{}/system.slice/{}", cgroups, unit.unit).c_str(), &found) == 0 ||
                   stat(fmt::format("{}/systemd/system.slice/{}", cgroups, unit.unit).c_str(), &found) == 0;
  }
  return units;
}

StopAdvice may_stop(SystemService service, Role role, bool domain_member) {
  if (service == SystemService::server) {
    const bool serves = role == Role::domain_controller || role == Role::fileserver || role == Role::nas;
    if (serves) return {false, fmt::format("never on a {}: it is what it is for", to_string(role))};
    return {true, fmt::format("a {} shares nothing", to_string(role))};
  }
  if (domain_member) return {false, "never on a member of a domain: it reads its group policy through it"};
  return {true, "it is no member of a domain"};
}

}  // namespace dozo::policy
