// dozo scan.
#include <fmt/format.h>
#include <unistd.h>

#include <iostream>

#include "cli/commands.h"
#include "cli/on_loop.h"
#include "cli/scan_options.h"
#include "cli/scan_progress.h"
#include "scan/explain.h"
#include "scan/findings.h"
#include "scan/report_json.h"
#include "scan/report_table.h"

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

// Judges each host as soon as it is known. JSON lines are printed at once, what is for people when all are there.
class Results final : public scan::HostSink {
 public:
  Results(const Arguments& arguments, Io& io, ScanProgress& progress, std::uint64_t total)
      : io_(io),
        progress_(progress),
        counter_(io, total),
        json_(arguments.flag(kScanJson.name)),
        all_(arguments.flag(kScanAll.name)) {}

  bool knows(std::uint64_t place) override { return progress_.knows(place); }
  void on_host(std::uint64_t place, scan::HostFacts facts) override {
    if (all_ || scan::is_there(facts)) show(std::move(facts));
    progress_.mark(place);
    counter_.show(progress_.done(), found_);
  }
  // Whether there is anything to see.
  bool finish() {
    counter_.wipe();
    if (!json_ && !hosts_.empty()) io_.out << scan::table_text(hosts_, {});
    return found_ > 0;
  }

 private:
  void show(scan::HostFacts facts) {
    ++found_;
    counter_.wipe();
    scan::HostRecord record{.facts = std::move(facts), .findings = {}};
    record.findings = scan::judge(record.facts);
    if (json_) {
      io_.out << scan::json_line(record.facts, record.findings) << "\n" << std::flush;
    } else {
      hosts_.push_back(std::move(record));
    }
  }

  Io& io_;
  ScanProgress& progress_;
  Counter counter_;
  bool json_;
  bool all_;
  std::uint64_t found_ = 0;
  std::vector<scan::HostRecord> hosts_;
};

runtime::Task<bool> run(Loop& loop, const ScanOrder& order, scan::HostSink& sink) {
  co_await scan::scan_all(loop, order.targets, order.settings, sink);
  co_return true;
}

}  // namespace

Exit run_scan(const Arguments& arguments, Io& io) {
  Exit exit = Exit::usage;
  auto order = scan_order(arguments, io, exit);
  if (!order) return exit;
  if (arguments.flag(kExplain.name)) {
    io.out << scan::explain_text(order->targets, order->settings);
    return Exit::done;
  }
  auto progress = ScanProgress::open(arguments, order->targets, order->settings.seed, io);
  if (!progress) return Exit::failed;
  Results results(arguments, io, *progress, order->targets.count());
  run_on_loop<bool>([&](Loop& loop) { return run(loop, *order, results); });
  const bool found = results.finish();
  if (!progress->save(io)) return Exit::failed;
  return found ? Exit::done : Exit::failed;
}

}  // namespace dozo::cli
