// dozo scan.
#include <fmt/format.h>
#include <unistd.h>

#include <iostream>

#include "cli/commands.h"
#include "cli/on_loop.h"
#include "cli/scan_options.h"
#include "cli/scan_output.h"
#include "cli/scan_progress.h"
#include "cli/scan_self.h"
#include "scan/explain.h"
#include "scan/findings.h"

namespace dozo::cli {
namespace {

using runtime::Loop;

// How many hosts are done, on standard error where that is a terminal, else nowhere.
class Counter {
 public:
  Counter(Io& io, std::uint64_t total)
      : io_(io), total_(total), visible_(io.err.rdbuf() == std::cerr.rdbuf() && isatty(STDERR_FILENO) == 1) {}
  void show(std::uint64_t done, std::uint64_t found) {
    const Instant now = SystemClock().now();
    if (!visible_ || now - shown_ < kBetweenLines) return;
    shown_ = now;
    io_.err << fmt::format("\r{} of {} hosts, {} found\x1b[K", done, total_, found) << std::flush;
  }
  void wipe() {
    if (visible_) io_.err << "\r\x1b[K" << std::flush;
  }

 private:
  static constexpr Duration kBetweenLines = std::chrono::milliseconds(200);
  Io& io_;
  std::uint64_t total_;
  bool visible_;
  Instant shown_{};
};

// Judges each host as soon as it is known.
class Results final : public scan::HostSink {
 public:
  Results(ScanReport& report, ScanProgress& progress, Counter& counter, bool all)
      : report_(report), progress_(progress), counter_(counter), all_(all) {}

  bool knows(std::uint64_t place) override { return progress_.knows(place); }
  void on_host(std::uint64_t place, scan::HostFacts facts) override {
    if (all_ || scan::is_there(facts)) {
      ++found_;
      counter_.wipe();
      auto findings = scan::judge(facts);
      report_.add({.facts = std::move(facts), .findings = std::move(findings)});
    } else {
      report_.add_silent(std::move(facts));
    }
    progress_.mark(place);
    counter_.show(progress_.done(), found_);
  }

 private:
  ScanReport& report_;
  ScanProgress& progress_;
  Counter& counter_;
  bool all_;
  std::uint64_t found_ = 0;
};

runtime::Task<bool> run(Loop& loop, const ScanOrder& order, scan::HostSink& sink) {
  co_await scan::scan_all(loop, order.targets, order.settings, sink);
  co_return true;
}

Exit scan_targets(const Arguments& arguments, Io& io, ScanReport& report) {
  Exit exit = Exit::usage;
  auto order = scan_order(arguments, io, exit);
  if (!order) return exit;
  if (arguments.flag(kExplain.name)) {
    io.out << scan::explain_text(order->targets, order->settings);
    return Exit::done;
  }
  auto progress = ScanProgress::open(arguments, order->targets, order->settings.seed, io);
  if (!progress) return Exit::failed;
  Counter counter(io, order->targets.count());
  Results results(report, *progress, counter, arguments.flag(kScanAll.name));
  run_on_loop<bool>([&](Loop& loop) { return run(loop, *order, results); });
  counter.wipe();
  exit = report.finish();
  return progress->save(io) ? exit : Exit::failed;
}

}  // namespace

Exit run_scan(const Arguments& arguments, Io& io) {
  Exit exit = Exit::usage;
  if (arguments.flag(kScanSelf.name) && arguments.flag(kScanFrom.name)) {
    io.err << "dozo: --self and --from: one of the two\n";
    return exit;
  }
  auto report = ScanReport::open(arguments, io, exit);
  if (!report) return exit;
  if (arguments.flag(kScanSelf.name) || arguments.flag(kScanFrom.name)) {
    const auto read = arguments.flag(kScanSelf.name) ? report_self : report_stored;
    const bool all = read(arguments, io, *report);
    exit = report->finish();
    return all ? exit : Exit::failed;
  }
  return scan_targets(arguments, io, *report);
}

}  // namespace dozo::cli
