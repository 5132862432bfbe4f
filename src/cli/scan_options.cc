#include "cli/scan_options.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <ostream>

#include "cli/configuration.h"
#include "cli/json_text.h"
#include "client/resolve.h"
#include "crypto/random.h"

namespace dozo::cli {
namespace {

constexpr double kRateDefault = 5000;
constexpr std::uint64_t kSocketsDefault = 2000, kSocketsMax = 100'000;
constexpr double kTimeoutMin = 0.05, kTimeoutMax = 120;
constexpr rlim_t kOtherDescriptors = 64;  // of the process, beside the sockets

std::vector<scan::Address> resolve_name(const std::string& name, std::string& error) {
  std::vector<scan::Address> out;
  for (const runtime::Endpoint& endpoint : client::resolve_host(name, 0, error)) {
    if (const auto address = scan::address_of(endpoint)) out.push_back(*address);
  }
  return out;
}

// Appends the words of a file; prints why it cannot be read.
bool add_words_of_file(const std::string& path, std::vector<std::string>& words, Io& io) {
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file) {
    failed(io, fmt::format("{}: cannot be read: {}", on_one_line(path), std::strerror(errno)));
    return false;
  }
  for (std::string& word : scan::target_words(text)) words.push_back(std::move(word));
  return true;
}

// The words that were typed, and those of the files that were named; nothing when one cannot be read.
std::optional<std::vector<std::string>> words_of(const std::vector<std::string>& typed,
                                                 const std::vector<std::string>& files, Io& io) {
  std::vector<std::string> words;
  for (const std::string& word : typed) {
    if (!word.starts_with('@')) {
      words.push_back(word);
    } else if (!add_words_of_file(word.substr(1), words, io)) {
      return std::nullopt;
    }
  }
  for (const std::string& path : files) {
    if (!add_words_of_file(path, words, io)) return std::nullopt;
  }
  return words;
}

template <class T>
struct Limits {
  T least, most;
};

// The number of an option; `fallback` when it was not given. Prints what is wrong with it.
template <class T>
bool number_of(const Arguments& arguments, const OptionSpec& option, Limits<T> limits, T& value, Io& io) {
  const auto typed = arguments.value(option.name);
  if (!typed) return true;
  const auto [end, error] = std::from_chars(typed->data(), typed->data() + typed->size(), value);
  if (error == std::errc() && end == typed->data() + typed->size() && value >= limits.least && value <= limits.most) {
    return true;
  }
  io.err << fmt::format("dozo: {} {}: a number between {} and {}\n", option.name, on_one_line(*typed), limits.least,
                        limits.most);
  return false;
}

bool read_numbers(const Arguments& arguments, scan::RunSettings& settings, Io& io) {
  std::uint64_t sockets = kSocketsDefault, budget = settings.host.connections_max, port = settings.host.smb_port;
  double seconds = std::chrono::duration<double>(settings.host.timeout).count();
  settings.per_second = kRateDefault;
  settings.seed = load_le<std::uint64_t>(crypto::random_bytes<8>().data());
  constexpr Limits<std::uint64_t> kAnyNumber{0, std::numeric_limits<std::uint64_t>::max()};
  if (!number_of(arguments, kScanRate, {0.0, 1e7}, settings.per_second, io) ||
      !number_of(arguments, kScanParallel, {std::uint64_t{5}, kSocketsMax}, sockets, io) ||
      !number_of(arguments, kScanTimeout, {kTimeoutMin, kTimeoutMax}, seconds, io) ||
      !number_of(arguments, kScanBudget, {std::uint64_t{5}, std::uint64_t{1000}}, budget, io) ||
      !number_of(arguments, kScanSeed, kAnyNumber, settings.seed, io) ||
      !number_of(arguments, kScanPort, {std::uint64_t{1}, std::uint64_t{65535}}, port, io)) {
    return false;
  }
  settings.sockets = sockets;
  settings.host.connections_max = static_cast<unsigned>(budget);
  settings.host.smb_port = static_cast<std::uint16_t>(port);
  settings.host.timeout = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
  return true;
}

// As many descriptors as the system lets us have; what is too few for the sockets makes them fewer.
void make_room_for(std::size_t& sockets) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  static_cast<void>(setrlimit(RLIMIT_NOFILE, &limit));
  if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur <= kOtherDescriptors) return;
  sockets = std::min<std::size_t>(sockets, limit.rlim_cur - kOtherDescriptors);
}

// Whoever asks for a user by an option has somebody log on; nobody does otherwise.
bool wants_user(const Arguments& arguments) {
  return arguments.flag(kUserOption.name) || arguments.flag(kCredentials.name);
}

bool read_logon(const Arguments& arguments, scan::ScanSettings& settings, Io& io) {
  if (!wants_user(arguments)) return true;
  client::Url anywhere;
  anywhere.host = "the scanned hosts";
  const auto who = credentials_for(arguments, io, anywhere);
  if (!who) {
    failed(io, who.error());
    return false;
  }
  auto hashed = identity::NtlmCredentials::from_password(who->user, who->domain, who->password);
  if (!hashed) {
    failed(io, "the password is not UTF-8");
    return false;
  }
  settings.user = who->domain.empty() ? who->user : who->domain + "\\" + who->user;
  settings.logon = client::ntlm_logon(std::move(*hashed));
  return true;
}

}  // namespace

std::optional<ScanOrder> scan_order(const Arguments& arguments, Io& io, Exit& exit) {
  exit = Exit::usage;
  scan::RunSettings settings;
  if (!read_numbers(arguments, settings, io)) return std::nullopt;
  if (arguments.flag(kNegotiateOnly.name) && arguments.flag(kDeep.name)) {
    io.err << "dozo: --negotiate-only and --deep: one of the two\n";
    return std::nullopt;
  }
  if (arguments.flag(kNegotiateOnly.name)) settings.host.level = scan::Level::negotiate_only;
  if (arguments.flag(kDeep.name)) settings.host.level = scan::Level::deep;
  const auto words = words_of(arguments.all("TARGET"), arguments.all(kScanTargets.name), io);
  const auto excluded = words_of(arguments.all(kScanExclude.name), {}, io);
  if (!words || !excluded) exit = Exit::failed;
  if (!words || !excluded) return std::nullopt;
  auto targets = scan::TargetList::parse(*words, *excluded, resolve_name);
  if (!targets) {
    io.err << fmt::format("dozo: {}\n", on_one_line(targets.error()));
    return std::nullopt;
  }
  if (targets->count() == 0) {
    io.err << "dozo: no target is left to be scanned\n";
    return std::nullopt;
  }
  exit = Exit::failed;
  if (!read_logon(arguments, settings.host, io)) return std::nullopt;
  make_room_for(settings.sockets);
  return ScanOrder{std::move(*targets), std::move(settings)};
}

}  // namespace dozo::cli
