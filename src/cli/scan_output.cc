#include "cli/scan_output.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <ostream>

#include "cli/configuration.h"
#include "cli/environment.h"
#include "cli/json_text.h"
#include "cli/scan_options.h"
#include "scan/changes.h"
#include "scan/explain_login.h"
#include "scan/report_csv.h"
#include "scan/report_html.h"
#include "scan/report_sarif.h"
#include "scan/report_table.h"

namespace dozo::cli {
namespace {

constexpr std::string_view kStandardOutput = "-";
constexpr std::size_t kFileColumns = 200;  // of what is no terminal: nothing of the table has to be left out
constexpr const OptionSpec* kFiles[] = {&kScanCsv, &kScanSarif, &kScanHtml};

bool is_terminal(const Io& io) { return io.out.rdbuf() == std::cout.rdbuf() && isatty(STDOUT_FILENO) == 1; }

scan::TableStyle style_for(const Arguments& arguments, const Io& io) {
  scan::TableStyle style{.details = !arguments.flag(kScanBrief.name), .columns = kFileColumns};
  if (!is_terminal(io)) return style;
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) style.columns = size.ws_col;
  style.colour = environment("NO_COLOR").empty();
  return style;
}

// Empty where there is no home.
std::string state_folder() {
  std::string base = environment("XDG_STATE_HOME");
  if (base.empty() && !environment("HOME").empty()) base = environment("HOME") + "/.local/state";
  return base.empty() ? "" : base + "/dozo";
}

void make_folders(const std::string& folder) {
  for (std::size_t at = folder.find('/', 1);; at = folder.find('/', at + 1)) {
    ::mkdir(folder.substr(0, at).c_str(), 0700);
    if (at == folder.npos) return;
  }
}

std::string client_ids() {
  std::string out;
  for (const scan::ClientProfile& client : scan::client_profiles()) {
    out += fmt::format("  {:<24}{}\n", client.id, client.title);
  }
  return out;
}

std::string targets_text(const Arguments& arguments) {
  std::string out;
  for (const std::string& target : arguments.all("TARGET")) out += (out.empty() ? "" : ", ") + target;
  return out;
}

}  // namespace

std::optional<ScanReport> ScanReport::open(const Arguments& arguments, Io& io, Exit& exit) {
  ScanReport report(arguments, io);
  exit = Exit::usage;
  if (!report.check_outputs()) return std::nullopt;
  exit = Exit::failed;
  if (!report.open_history()) return std::nullopt;
  exit = Exit::done;
  return report;
}

bool ScanReport::check_outputs() {
  int to_standard_output = arguments_.flag(kScanJson.name) ? 1 : 0;
  for (const OptionSpec* file : kFiles) to_standard_output += arguments_.value(file->name) == kStandardOutput ? 1 : 0;
  if (to_standard_output > 1) {
    io_.err << "dozo: only one of --json, --csv -, --sarif - and --html - can be on standard output\n";
    return false;
  }
  if (arguments_.flag(kScanNoHistory.name) && (arguments_.flag(kScanDiff.name) || arguments_.flag(kScanHistory.name))) {
    io_.err << "dozo: --no-history and --diff or --history: one of the two\n";
    return false;
  }
  const auto id = arguments_.value(kExplainLogin.name);
  if (!id) return true;
  client_ = scan::find_client(*id);
  if (client_ != nullptr) return true;
  io_.err << fmt::format("dozo: --explain-login {}: no such client; there are:\n{}", on_one_line(*id), client_ids());
  return false;
}

bool ScanReport::open_history() {
  // What is not a scan of now is not kept.
  const bool stored = arguments_.flag(kScanFrom.name) || arguments_.flag(kScanSelf.name);
  if (arguments_.flag(kScanNoHistory.name) || (stored && !arguments_.flag(kScanDiff.name))) return true;
  const auto typed = arguments_.value(kScanHistory.name);
  const std::string folder = state_folder();
  if (!typed && folder.empty()) {
    if (!arguments_.flag(kScanDiff.name)) return true;
    failed(io_, "no home directory for the history: say --history FILE");
    return false;
  }
  if (!typed) make_folders(folder);
  auto history = scan::History::open(typed.value_or(folder + "/scans.sqlite"));
  if (history) {
    history_ = std::move(*history);
    return true;
  }
  if (typed || arguments_.flag(kScanDiff.name)) {
    failed(io_, on_one_line(history.error()));
    return false;
  }
  io_.err << fmt::format("dozo: this scan will not be kept: {}\n", on_one_line(history.error()));
  return true;
}

// Whether each host is a line as soon as it is known.
bool ScanReport::streams() const {
  return arguments_.flag(kScanJson.name) && !arguments_.flag(kScanDiff.name) && client_ == nullptr;
}

void ScanReport::add(scan::HostRecord record) {
  if (streams()) io_.out << scan::json_line(record.facts, record.findings) << "\n" << std::flush;
  hosts_.push_back(std::move(record));
}

void ScanReport::add_silent(scan::HostFacts facts) {
  if (!history_) return;
  const auto known = history_->last_of(facts.host, facts.port);
  if (known && *known) silent_.push_back({.facts = std::move(facts), .findings = {}});
}

std::optional<std::string> ScanReport::changes() {
  std::vector<scan::HostChanges> changes;
  for (const auto* records : {&hosts_, &silent_}) {
    for (const scan::HostRecord& record : *records) {
      const auto before = history_->last_of(record.facts.host, record.facts.port);
      if (!before) {
        failed(io_, on_one_line(before.error()));
        return std::nullopt;
      }
      changes.push_back(scan::changes_of(*before, record));
    }
  }
  return arguments_.flag(kScanJson.name) ? scan::changes_json(changes)
                                         : scan::changes_text(changes, style_for(arguments_, io_));
}

void ScanReport::print() const {
  if (client_ != nullptr) {
    for (const scan::HostRecord& host : hosts_) {
      const auto explained = scan::explain_login(*client_, host.facts);
      io_.out << (arguments_.flag(kScanJson.name) ? scan::explanation_json(explained)
                                                  : scan::explanation_text(explained, style_for(arguments_, io_)));
    }
    return;
  }
  for (const OptionSpec* file : kFiles) {
    if (arguments_.value(file->name) == kStandardOutput) return;
  }
  if (!streams() && !hosts_.empty()) io_.out << scan::table_text(hosts_, style_for(arguments_, io_));
}

bool ScanReport::keep() {
  if (!history_ || arguments_.flag(kScanFrom.name) || arguments_.flag(kScanSelf.name)) return true;
  std::vector<scan::HostRecord> all = hosts_;
  all.insert(all.end(), silent_.begin(), silent_.end());
  const auto kept = history_->add(::time(nullptr), targets_text(arguments_), all);
  if (!kept) failed(io_, on_one_line(kept.error()));
  return kept.has_value();
}

bool ScanReport::write(const OptionSpec& option, const std::string& text) const {
  const auto path = arguments_.value(option.name);
  if (path == kStandardOutput) {
    io_.out << text;
    return true;
  }
  std::ofstream file(*path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (file) return true;
  failed(io_, fmt::format("cannot write {}", on_one_line(*path)));
  return false;
}

bool ScanReport::write_files() const {
  bool written = true;
  if (arguments_.flag(kScanCsv.name)) written &= write(kScanCsv, scan::csv_text(hosts_));
  if (arguments_.flag(kScanSarif.name)) written &= write(kScanSarif, scan::sarif_text(hosts_));
  if (arguments_.flag(kScanHtml.name)) {
    const scan::ReportHead head{.title = arguments_.value(kScanTitle.name).value_or("SMB scan"),
                                .when = scan::utc_text(::time(nullptr)),
                                .targets = targets_text(arguments_)};
    written &= write(kScanHtml, scan::html_report(hosts_, head));
  }
  return written;
}

Exit ScanReport::finish() {
  bool done = true;
  if (arguments_.flag(kScanDiff.name)) {
    const auto text = changes();
    done = text.has_value();
    if (text) io_.out << *text;
  } else {
    print();
  }
  // After the comparison, which is with what was there before.
  done &= keep();
  done &= write_files();
  return done && !hosts_.empty() ? Exit::done : Exit::failed;
}

}  // namespace dozo::cli
