#include "cli/scan_self.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <istream>
#include <iterator>
#include <ostream>

#include "cli/configuration.h"
#include "cli/json_text.h"
#include "policy/nft_run.h"
#include "scan/findings.h"
#include "scan/self_audit.h"
#include "scan/self_network.h"

namespace dozo::cli {
namespace {

constexpr std::string_view kStandardInput = "-";

struct ProcFile {
  const char* file;
  scan::Transport transport;
};
constexpr ProcFile kProcFiles[] = {{"/proc/net/tcp", scan::Transport::tcp},
                                   {"/proc/net/tcp6", scan::Transport::tcp},
                                   {"/proc/net/udp", scan::Transport::udp},
                                   {"/proc/net/udp6", scan::Transport::udp}};

std::optional<std::string> input_from(const std::string& path, Io& io) {
  if (path == kStandardInput) return std::string(std::istreambuf_iterator<char>(io.in), {});
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

void ask_firewall(scan::OwnNetwork& network) {
  const auto output = policy::run_program("nft", {"-j", "list", "ruleset"}, "");
  if (!output) {
    network.ruleset_problem = fmt::format("the firewall's rules are not known: {}", output.error());
  } else if (output->status != 0) {
    network.ruleset_problem = "nft does not tell the firewall's rules to this user";
  } else {
    network.ruleset = output->out;
  }
}

scan::HostRecord own_network() {
  scan::OwnNetwork network;
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) == 0) network.name = name.data();
  if (network.name.empty()) network.name = "localhost";
  for (const ProcFile& proc : kProcFiles) {
    std::ifstream file(proc.file);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    for (scan::ListeningSocket& socket : scan::sockets_in_proc_net(text, proc.transport)) {
      network.sockets.push_back(std::move(socket));
    }
  }
  ask_firewall(network);
  return scan::audit_network(network);
}

bool is_named(const std::string& path, std::string_view part) {
  return path.substr(path.rfind('/') + 1).contains(part);
}

// What a file is, its name tells, or its first section.
std::optional<scan::HostRecord> judge_file(const std::string& path, const std::string& text, Io& io) {
  const std::string source = path == kStandardInput ? "standard input" : path;
  if (path.ends_with(".toml")) {
    const auto loaded = server::parse_config(text, source);
    if (loaded) return audit_dozo(*loaded, source);
    print_problems(loaded.error(), io);
    return std::nullopt;
  }
  if (is_named(path, "ksmbd") || path.contains("/ksmbd/")) return scan::audit_ksmbd_conf(text, source);
  if (auto windows = scan::audit_windows(text, source)) return std::move(*windows);
  const std::size_t start = text.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (path.ends_with(".conf") || (start != text.npos && std::string_view("[#;").contains(text[start]))) {
    return scan::audit_smb_conf(text, source);
  }
  failed(io, fmt::format("{}: neither an smb.conf, a ksmbd.conf, a dozo.toml nor output of Windows' "
                         "Get-SmbServerConfiguration, Get-SmbClientConfiguration or sc qc lanmanworkstation",
                         on_one_line(source)));
  return std::nullopt;
}

// Those that are there.
constexpr const char* kUsualFiles[] = {"/etc/samba/smb.conf", "/etc/ksmbd/ksmbd.conf", "/etc/dozo/dozo.toml"};

void report_this_computer(Io& io, ScanReport& report) {
  for (const char* path : kUsualFiles) {
    const auto text = input_from(path, io);
    auto record = text ? judge_file(path, *text, io) : std::nullopt;
    if (record) report.add(std::move(*record));
  }
  report.add(own_network());
}

}  // namespace

bool report_self(const Arguments& arguments, Io& io, ScanReport& report) {
  const auto files = arguments.all("TARGET");
  if (files.empty()) report_this_computer(io, report);
  bool all = true;
  for (const std::string& path : files) {
    const auto text = input_from(path, io);
    if (!text) failed(io, fmt::format("{}: cannot be read", on_one_line(path)));
    auto record = text ? judge_file(path, *text, io) : std::nullopt;
    all &= record.has_value();
    if (record) report.add(std::move(*record));
  }
  return all;
}

bool report_stored(const Arguments& arguments, Io& io, ScanReport& report) {
  const std::string path = arguments.value(kScanFrom.name).value_or("");
  const auto text = input_from(path, io);
  if (!text) {
    failed(io, fmt::format("{}: cannot be read", on_one_line(path)));
    return false;
  }
  bool all = true;
  std::size_t number = 0;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ++number;
    if (line.empty()) continue;
    auto record = scan::from_json_line(line);
    if (record) {
      record->findings = scan::judge(record->facts);
      report.add(std::move(*record));
    } else {
      failed(io, fmt::format("{}:{}: {}", on_one_line(path), number, record.error()));
      all = false;
    }
  }
  return all;
}

}  // namespace dozo::cli
