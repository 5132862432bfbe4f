#include "server/service.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "base/log.h"
#include "base/time.h"
#include "runtime/gate.h"
#include "runtime/loop_group.h"
#include "runtime/socket.h"
#include "server/connection.h"
#include "server/control.h"
#include "server/durable/preserve.h"
#include "server/durable/restore.h"
#include "server/sandbox.h"
#include "server/server.h"
#include "vfs/backends.h"

namespace dozo::server {
namespace {

constexpr int kBacklog = 1024;
constexpr Duration kDrainMax = std::chrono::seconds(15);
constexpr Duration kAddressPatience = std::chrono::seconds(2);
constexpr Duration kRestoreMax = std::chrono::seconds(30);
constexpr Duration kCutMax = std::chrono::seconds(5);

std::shared_ptr<vfs::Volume> make_posix_volume(const ShareConfig& share, std::string& error) {
  auto opened = vfs::find_backend("posix")->open({.path = share.path, .read_only = share.read_only});
  if (opened) return std::move(*opened);
  error = fmt::format("the folder {} cannot be shared: {}", share.path, to_string(opened.error()));
  return nullptr;
}

bool is_inside(std::string_view path, std::string_view folder) {
  while (folder.ends_with('/')) folder.remove_suffix(1);
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

// Every open file of a client is one or two of ours.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    log::warning("descriptor_limit", "the limit of open files stays as it was: {}", std::strerror(errno));
  }
}

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int s : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) sigaddset(&set, s);
  return set;
}

// A server that was killed a moment ago may still have the address: its ring, with the accept in it, is taken down
// after the process is gone.
int listen_patiently(const Clock& clock, const runtime::Endpoint& endpoint) {
  const Instant deadline = clock.now() + kAddressPatience;
  while (true) {
    const int fd = runtime::listen_on(endpoint, kBacklog);
    if (fd != -EADDRINUSE || clock.now() >= deadline) return fd;
    const timespec nap{.tv_sec = 0, .tv_nsec = 50'000'000};
    nanosleep(&nap, nullptr);
  }
}

}  // namespace

struct Service::Impl {
  ServiceOptions options;
  SystemClock clock;
  std::unique_ptr<Server> server;
  std::unique_ptr<runtime::LoopGroup> loops;
  std::vector<int> listeners;
  std::vector<std::string> listening;
  int control = -1;
  int signals = -1;
  int state_lock = -1;
  std::string backend;
  SandboxOptions confined_to;
  SandboxState sandbox;
  std::atomic<std::size_t> accepting{0};

  ~Impl();
  std::expected<void, std::string> open_state();
  std::expected<void, std::string> bind();
  std::expected<void, std::string> start_loops();
  void confine();
  std::expected<void, std::string> reload();
  std::optional<std::string> outside_sandbox(const Config& config) const;
  void stop();
  void on_first_loop(runtime::Task<void> (*work)(Server& server), Duration at_most);
  bool wait_until_idle(Duration at_most);
  bool handle_signal();
  void log_trace();
  ControlTarget target();
};

Service::Impl::~Impl() {
  for (const int fd : listeners) ::close(fd);
  if (control >= 0) {
    ::close(control);
    ::unlink(options.loaded.config.control_socket_path().c_str());
  }
  if (signals >= 0) ::close(signals);
  if (state_lock >= 0) ::close(state_lock);
}

// The users, and the directory's lock: two servers on one state would each undo what the other does.
std::expected<void, std::string> Service::Impl::open_state() {
  const Config& config = options.loaded.config;
  auto users = identity::UserStore::open(config.server.state_dir);
  if (!users) return std::unexpected(users.error().message);
  const std::string path = config.server.state_dir + "/lock";
  state_lock = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (state_lock < 0 || ::flock(state_lock, LOCK_EX | LOCK_NB) != 0) {
    return std::unexpected(
        fmt::format("{}: {}; is another server running with this state directory?", path, std::strerror(errno)));
  }
  ServerParts parts;
  parts.config = std::make_shared<const Config>(config);
  parts.users = std::move(*users);
  parts.clock = &clock;
  parts.make_volume = &make_posix_volume;
  parts.switch_identity = geteuid() == 0;
  auto handles = PersistentStore::open(config.server.state_dir);
  if (!handles) return std::unexpected(handles.error());
  parts.handles = std::move(*handles);
  server = std::make_unique<Server>(std::move(parts));
  return server->open_shares();
}

std::expected<void, std::string> Service::Impl::bind() {
  for (const ListenAddress& address : options.loaded.config.server.listen) {
    std::string error;
    const auto endpoints = runtime::parse_endpoints(to_string(address), address.port, error);
    if (endpoints.empty()) return std::unexpected(fmt::format("{}: {}", to_string(address), error));
    const int fd = listen_patiently(clock, endpoints.front());
    if (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL) {
      log::warning("listen_skipped", "{}: {}", to_string(address), std::strerror(-fd));
      continue;
    }
    if (fd < 0) {
      return std::unexpected(
          fmt::format("cannot listen on {}: {}; another server may have the port (ss -ltnp shows "
                      "which), or choose one with --listen",
                      to_string(address), std::strerror(-fd)));
    }
    listeners.push_back(fd);
    listening.push_back(runtime::local_endpoint(fd).text());
  }
  if (listeners.empty()) return std::unexpected("none of the configured addresses can be listened on");
  auto made = listen_control(options.loaded.config.control_socket_path());
  if (!made) return std::unexpected(made.error());
  control = *made;
  return {};
}

// DOZO_LOOP is stronger than the configuration: a test of one back end wants that one.
std::expected<void, std::string> Service::Impl::start_loops() {
  const ServerConfig& config = options.loaded.config.server;
  std::string why;
  runtime::Backend kind = runtime::detect_backend(why);
  const bool free = std::getenv("DOZO_LOOP") == nullptr;
  if (free && config.runtime == RuntimeChoice::io_uring && kind != runtime::Backend::io_uring) {
    return std::unexpected(fmt::format("server.runtime = \"io_uring\": {}; \"automatic\" takes epoll then", why));
  }
  if (free && config.runtime == RuntimeChoice::epoll) kind = runtime::Backend::epoll, why = "the configuration says so";
  loops = std::make_unique<runtime::LoopGroup>(kind, config.threads);
  backend = std::string((*loops)[0].backend_name());
  if (kind == runtime::Backend::epoll && !why.empty()) backend += ": " + why;
  log::info("runtime", "{} loops on {}", loops->size(), backend);
  return {};
}

// Confined before the loops' threads start, so that all of them are.
void Service::Impl::confine() {
  const Config& config = options.loaded.config;
  if (!config.server.sandbox) {
    sandbox.landlock = sandbox.seccomp = "off: server.sandbox = false";
    log::warning("sandbox", "the sandbox is off: server.sandbox = false");
    return;
  }
  SandboxOptions& wanted = confined_to;
  wanted.writable.push_back(config.server.state_dir);
  for (const ShareConfig& share : config.shares) {
    (share.read_only ? wanted.read_only : wanted.writable).push_back(share.path);
  }
  if (!options.config_file.empty()) {
    wanted.read_only.push_back(options.config_file.substr(0, options.config_file.rfind('/') + 1));
  }
  sandbox = enter_sandbox(wanted);
  log::info("sandbox", "Landlock {}; seccomp {}", sandbox.landlock, sandbox.seccomp);
}

namespace {

// One connection, on the loop that was chosen for it.
runtime::Task<void> serve_connection(Server& server, runtime::LoopGroup& loops, runtime::Loop& loop,
                                     runtime::Handle handle) {
  co_await server.serve(loop, runtime::Socket(loop, handle));
  loops.add_load(loop, -1);
}

runtime::Task<void> accept_all(Server& server, runtime::LoopGroup& loops, runtime::Loop& loop, int listener,
                               std::vector<std::unique_ptr<runtime::Gate>>& gates,
                               std::atomic<std::size_t>& accepting) {
  while (true) {
    runtime::Connected accepted = co_await runtime::accept_connection(loop, listener);
    if (!accepted.socket) {
      // The listener was shut down.
      if (accepted.error == -ECANCELED || accepted.error == -EINVAL || accepted.error == -EBADF) break;
      // Out of descriptors or memory: what is served goes on, newcomers wait.
      log::error("accept_failed", "{}", std::strerror(-accepted.error));
      co_await runtime::sleep_for(loop, std::chrono::milliseconds(100));
      continue;
    }
    runtime::Loop& home = loops.least_loaded();
    loops.add_load(home, 1);
    std::size_t index = 0;
    while (&loops[index] != &home) ++index;
    const runtime::Handle handle = accepted.socket.release();
    runtime::Gate& gate = *gates[index];
    home.post([&server, &loops, &home, &gate, handle] {
      runtime::spawn(gate, serve_connection(server, loops, home, handle));
    });
  }
  accepting.fetch_sub(1);
}

runtime::Task<void> announced(runtime::Task<void> work, std::shared_ptr<std::atomic<bool>> done) {
  co_await work;
  done->store(true);
}

}  // namespace

bool Service::Impl::wait_until_idle(Duration at_most) {
  const Instant deadline = clock.now() + at_most;
  while (server->stats.connections_now.load() > 0 || accepting.load() > 0 || server->sharing().at_work() > 0) {
    if (clock.now() >= deadline) return false;
    const timespec nap{.tv_sec = 0, .tv_nsec = 5'000'000};
    nanosleep(&nap, nullptr);
  }
  return true;
}

// Runs `work` on the first loop, and waits for its end.
void Service::Impl::on_first_loop(runtime::Task<void> (*work)(Server& server), Duration at_most) {
  auto done = std::make_shared<std::atomic<bool>>(false);
  (*loops)[0].post([this, work, done] { server->sharing().start(announced(work(*server), done)); });
  const Instant deadline = clock.now() + at_most;
  while (!done->load() && clock.now() < deadline) {
    const timespec nap{.tv_sec = 0, .tv_nsec = 2'000'000};
    nanosleep(&nap, nullptr);
  }
  if (!done->load()) log::error("file_operations", "what the server does about persistent handles does not end");
}

void Service::Impl::stop() {
  log::info("stopping", "finishing what is in flight");
  for (const int fd : listeners) ::shutdown(fd, SHUT_RDWR);
  server->stop_connections(true);
  if (!wait_until_idle(kDrainMax)) {
    log::warning("stopping", "{} connections are cut", server->stats.connections_now.load());
    server->stop_connections(false);
    if (!wait_until_idle(kCutMax)) {
      // A file operation hangs (a dead network file system): there is nothing to wait for.
      log::error("stopped", "file operations do not end; leaving without them");
      ::_exit(1);
    }
  }
  on_first_loop(&close_preserved_opens, kCutMax);
  loops->stop();
  loops->join();
  log::info("stopped", "everything that was acknowledged is written; goodbye");
}

// Landlock cannot be loosened: a folder that was not to be served at the start never will be.
std::optional<std::string> Service::Impl::outside_sandbox(const Config& config) const {
  if (sandbox.landlock.starts_with("off")) return std::nullopt;
  for (const ShareConfig& share : config.shares) {
    bool covered = std::ranges::any_of(confined_to.writable, [&](const auto& f) { return is_inside(share.path, f); });
    if (share.read_only) {
      covered |= std::ranges::any_of(confined_to.read_only, [&](const auto& f) { return is_inside(share.path, f); });
    }
    if (covered) continue;
    return fmt::format(
        "share \"{}\": {} is not in a folder that was shared{} when the server was started, and its "
        "sandbox was closed then; restart the server",
        share.name, share.path, share.read_only ? "" : " for writing");
  }
  return std::nullopt;
}

std::expected<void, std::string> Service::Impl::reload() {
  if (options.source == nullptr) return std::unexpected("the server was started without a configuration file");
  auto loaded = options.source->load();
  if (!loaded) {
    std::string text;
    for (const ConfigProblem& problem : loaded.error()) text += (text.empty() ? "" : "\n") + to_string(problem);
    return std::unexpected(text);
  }
  if (auto why = outside_sandbox(loaded->config)) return std::unexpected(*why);
  auto done = server->reload(std::make_shared<const Config>(loaded->config));
  if (!done) return done;
  if (options.on_reload != nullptr) options.on_reload(loaded->config);
  log::info("reloaded", "{}: {} shares", options.config_file, loaded->config.shares.size());
  return {};
}

ControlTarget Service::Impl::target() {
  return {.server = *server,
          .loops = *loops,
          .backend = backend,
          .config_file = options.config_file,
          .sandbox = sandbox,
          .listening = listening,
          .reload = [](void* self) { return static_cast<Impl*>(self)->reload(); },
          .reload_context = this};
}

void Service::Impl::log_trace() {
  const std::string dump = server->trace.dump();
  for (std::string_view rest = dump; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    log::info("trace", "{}", rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
}

bool Service::Impl::handle_signal() {
  signalfd_siginfo info{};
  if (::read(signals, &info, sizeof info) != sizeof info) return true;
  switch (info.ssi_signo) {
    case SIGHUP: {
      const auto done = reload();
      if (!done) log::error("reload_failed", "{}", done.error());
      return true;
    }
    case SIGUSR1:
      log_trace();
      return true;
    default:
      return false;
  }
}

Service::Service(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Service::~Service() = default;

std::expected<std::unique_ptr<Service>, std::string> Service::start(ServiceOptions options) {
  auto impl = std::make_unique<Impl>();
  impl->options = std::move(options);
  raise_descriptor_limit();
  const sigset_t handled = handled_signals();
  pthread_sigmask(SIG_BLOCK, &handled, nullptr);
  signal(SIGPIPE, SIG_IGN);
  impl->signals = ::signalfd(-1, &handled, SFD_CLOEXEC);
  if (auto done = impl->open_state(); !done) return std::unexpected(done.error());
  if (auto done = impl->bind(); !done) return std::unexpected(done.error());
  impl->confine();
  if (auto done = impl->start_loops(); !done) return std::unexpected(done.error());
  return std::make_unique<Service>(std::move(impl));
}

int Service::run() {
  Impl& impl = *impl_;
  runtime::LoopGroup& loops = *impl.loops;
  std::vector<std::unique_ptr<runtime::Gate>> gates;
  for (std::size_t i = 0; i < loops.size(); ++i) gates.push_back(std::make_unique<runtime::Gate>());
  loops.start();
  // Before anybody else can open what a client of before the restart still has open.
  impl.on_first_loop(&restore_persistent_opens, kRestoreMax);
  runtime::Loop& first = loops[0];
  for (const int listener : impl.listeners) {
    impl.accepting.fetch_add(1);
    first.post([&impl, &loops, &first, &gates, listener] {
      runtime::spawn(*gates[0], accept_all(*impl.server, loops, first, listener, gates, impl.accepting));
    });
  }
  ControlTarget target = impl.target();
  std::array<pollfd, 2> waits = {pollfd{.fd = impl.signals, .events = POLLIN, .revents = 0},
                                 pollfd{.fd = impl.control, .events = POLLIN, .revents = 0}};
  bool running = true;
  while (running) {
    if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) break;
    if ((waits[1].revents & POLLIN) != 0) serve_control(impl.control, target);
    if ((waits[0].revents & POLLIN) != 0) running = impl.handle_signal();
  }
  impl.stop();
  return 0;
}

}  // namespace dozo::server
