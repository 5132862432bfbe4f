// What becomes of the hosts of `dozo scan`: printed as they come or when all are there, written to files, kept in the
// history, compared with what it has, explained for a client.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "scan/history.h"
#include "scan/report_json.h"

namespace dozo::scan {
struct ClientProfile;
}

namespace dozo::cli {

inline constexpr OptionSpec kScanCsv{"--csv", "FILE", "Also write the hosts as CSV; - is standard output."};
inline constexpr OptionSpec kScanSarif{"--sarif", "FILE",
                                       "Also write the findings as SARIF 2.1.0; - is standard output."};
inline constexpr OptionSpec kScanHtml{"--html", "FILE", "Also write a report as one HTML file; - is standard output."};
inline constexpr OptionSpec kScanTitle{"--title", "TEXT", "The title of the HTML report."};
inline constexpr OptionSpec kScanBrief{"--brief", "", "Print a line for each host, and not its findings."};
inline constexpr OptionSpec kScanDiff{"--diff", "", "Print what has changed since the last scan of the same hosts."};
inline constexpr OptionSpec kScanHistory{
    "--history", "FILE", "Keep the results in this file; ~/.local/state/dozo/scans.sqlite unless told otherwise."};
inline constexpr OptionSpec kScanNoHistory{"--no-history", "", "Do not keep the results."};
inline constexpr OptionSpec kExplainLogin{
    "--explain-login", "CLIENT",
    "Print what this client and each host would agree on, and why a logon fails; a wrong CLIENT lists the clients."};
inline constexpr OptionSpec kScanFrom{
    "--from", "FILE",
    "Scan nothing: take the hosts from what an earlier scan with --json printed; - is standard input."};
inline constexpr OptionSpec kScanSelf{
    "--self", "",
    "Judge this computer's settings, or the files given as TARGET: smb.conf, ksmbd.conf, dozo.toml, or pasted output "
    "of "
    "Get-SmbServerConfiguration, Get-SmbClientConfiguration or sc qc lanmanworkstation; - is standard input."};

// Resource; for one scan. Errors are printed.
class ScanReport {
 public:
  // Nothing when the options do not fit together or the history cannot be opened; `exit` says which.
  static std::optional<ScanReport> open(const Arguments& arguments, Io& io, Exit& exit);

  // A host as it was found; printed at once where lines of JSON are wanted.
  void add(scan::HostRecord record);
  // A host where nothing answers: of interest only when it has been seen before.
  void add_silent(scan::HostFacts facts);
  // Prints and writes what was not printed yet. done: there was a host, and everything is written.
  Exit finish();

 private:
  ScanReport(const Arguments& arguments, Io& io) : arguments_(arguments), io_(io) {}
  bool open_history();
  bool check_outputs();
  bool streams() const;
  void print() const;
  std::optional<std::string> changes();
  bool keep();
  bool write(const OptionSpec& option, const std::string& text) const;
  bool write_files() const;

  const Arguments& arguments_;
  Io& io_;
  const scan::ClientProfile* client_ = nullptr;
  std::optional<scan::History> history_;
  std::vector<scan::HostRecord> hosts_;
  std::vector<scan::HostRecord> silent_;  // of those, what has been seen before
};

}  // namespace dozo::cli
