#include "server/control.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/unicode.h"
#include "guard/audit.h"
#include "server/connection.h"

namespace dozo::server {
namespace {

using json = nlohmann::ordered_json;

constexpr std::size_t kLineMax = 64 * 1024;
constexpr std::chrono::seconds kLoopPatience(5);
constexpr std::size_t kListedMax = 1000;

// Text of ours or from the wire: JSON wants valid UTF-8.
std::string printable(std::string_view text) { return utf16_to_utf8(utf8_to_utf16_lossy(text)); }

// Runs `function` on a loop and waits for its end. False when the loop did not get to it in time; then it must not
// refer to the caller's frame, so everything it uses is shared.
template <class F>
bool run_on(runtime::Loop& loop, F function) {
  struct Done {
    std::mutex mutex;
    std::condition_variable changed;
    bool is = false;
  };
  const auto done = std::make_shared<Done>();
  loop.post([done, function]() mutable {
    function();
    const std::lock_guard lock(done->mutex);
    done->is = true;
    done->changed.notify_all();
  });
  std::unique_lock lock(done->mutex);
  return done->changed.wait_for(lock, kLoopPatience, [&] { return done->is; });
}

// A channel and how it is protected: its first one's are the session's own.
json channel_json(const Connection& connection) {
  const Negotiated& negotiated = *connection.negotiated;
  return {{"address", connection.peer_name()},
          {"signing", std::string(crypto::to_string(negotiated.signing_algorithm))},
          {"connection", connection.id}};
}

// On the session's home loop.
json session_json(Server& server, Session& session, Instant now) {
  const ValidSession& valid = session.valid();
  const SessionTerms& terms = valid.terms;
  json channels = json::array();
  for (const auto& connection : server.sessions().channels(session.id)) channels.push_back(channel_json(*connection));
  json out;
  out["id"] = session.id.value();
  out["user"] = printable(terms.user_name);
  out["address"] = channels.empty() ? json("") : channels.front()["address"];
  out["dialect"] = std::string(to_string(terms.dialect));
  out["signing"] = std::string(crypto::to_string(terms.signing_algorithm));
  out["cipher"] = terms.cipher ? json(std::string(crypto::to_string(*terms.cipher))) : json();
  out["signing_required"] = terms.signing_required;
  out["encryption_required"] = terms.encrypt_data;
  out["channels"] = std::move(channels);
  out["trees"] = valid.trees.size();
  out["opens"] = valid.opens.size();
  out["age_s"] = std::chrono::duration_cast<std::chrono::seconds>(now - session.created_at).count();
  out["idle_s"] =
      std::chrono::duration_cast<std::chrono::seconds>(now - session.last_used.load(std::memory_order_relaxed)).count();
  return out;
}

json sessions_json(ControlTarget& target) {
  const auto list = std::make_shared<json>(json::array());
  for (const auto& session : target.server.sessions().all()) {
    if (list->size() >= kListedMax) break;
    Server& server = target.server;
    run_on(session->home(),
           [session, list, &server] { list->push_back(session_json(server, *session, session->home().now())); });
  }
  return *list;
}

json shares_json(const Server& server) {
  json list = json::array();
  const auto shares = server.shares();
  for (const auto& [key, share] : *shares) {
    if (share->is_ipc()) continue;
    list.push_back({{"name", share->config.name},
                    {"path", share->config.path},
                    {"read_only", share->config.read_only},
                    {"encryption_required", share->encryption_required},
                    {"trees", share->trees.load()}});
  }
  return list;
}

json status_json(ControlTarget& target) {
  Server& server = target.server;
  const share::EngineCounts engine = server.engine().counts();
  const auto config = server.config();
  const auto up = server.clock().wall_now() - server.started_at();
  json out;
  out["version"] = DOZO_VERSION;
  out["name"] = server.name();
  out["pid"] = getpid();
  out["uptime_s"] = std::chrono::duration_cast<std::chrono::seconds>(up).count();
  out["listening"] = target.listening;
  out["loops"] = target.loops.size();
  out["backend"] = target.backend;
  out["sandbox"] = {{"landlock", target.sandbox.landlock}, {"seccomp", target.sandbox.seccomp}};
  out["file_operations_as"] = server.switch_identity() ? "the session's user" : "the user that started the server";
  out["min_dialect"] = std::string(to_string(config->server.min_dialect));
  out["max_dialect"] = std::string(to_string(config->server.max_dialect));
  out["counts"] = {{"connections", server.stats.connections_now.load()},
                   {"sessions", server.stats.sessions_now.load()},
                   {"trees", server.stats.trees_now.load()},
                   {"opens", server.stats.opens_now.load()},
                   {"preserved_opens", server.durables().parked_count()},  // of those, without a connection
                   {"files", engine.files},
                   {"share_engine_opens", engine.opens},
                   {"locks", engine.locks},
                   {"lock_waiters", engine.waiters},
                   {"oplocks", engine.oplocks},
                   {"leases", engine.leases},
                   {"breaks_pending", engine.breaks}};
  out["totals"] = {{"connections", server.stats.connections_accepted.load()},
                   {"requests", server.stats.requests.load()},
                   {"logons", server.stats.logons.load()},
                   {"logons_refused", server.stats.logons_refused.load()}};
  out["shares"] = shares_json(server);
  out["sessions"] = sessions_json(target);
  return out;
}

json kick_json(const json& request, ControlTarget& target) {
  const auto wanted = request.find("session");
  if (wanted == request.end() || !wanted->is_number_unsigned()) return {{"error", "kick needs the session's number"}};
  const SessionId id(wanted->get<std::uint64_t>());
  const auto session = target.server.sessions().find(id);
  if (!session || !session->is_valid()) return {{"error", "no such session; dozo status shows them"}};
  // A client without its session would only set up a new one on the same connections; they are to go.
  const auto connections = target.server.sessions().channels(id);
  guard::emit({.event = guard::AuditEvent::session_kicked,
               .address = connections.empty() ? std::string() : connections.front()->peer_address(),
               .user = session->terms().user_name,
               .session = id});
  for (const auto& connection : connections) {
    run_on(connection->loop(), [connection] { connection->disconnect("the session was kicked"); });
  }
  return {{"kicked", id.value()}};
}

json reload_json(ControlTarget& target) {
  const auto reloaded = target.reload(target.reload_context);
  if (!reloaded) return {{"error", reloaded.error()}};
  return {{"reloaded", true}};
}

}  // namespace

std::string answer_control(std::string_view line, ControlTarget& target) {
  const json request = json::parse(line, nullptr, false);
  const auto command = request.is_object() ? request.find("command") : request.end();
  if (!request.is_object() || command == request.end() || !command->is_string()) {
    return R"({"error": "a JSON object with a \"command\" is expected"})";
  }
  const std::string& name = command->get_ref<const std::string&>();
  json answer;
  if (name == "status") {
    answer = status_json(target);
  } else if (name == "reload") {
    answer = reload_json(target);
  } else if (name == "kick") {
    answer = kick_json(request, target);
  } else {
    answer = {{"error", "unknown command; status, reload and kick are known"}};
  }
  return answer.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::expected<int, std::string> listen_control(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return std::unexpected(
        fmt::format("the control socket's path {} is longer than {} bytes", path, sizeof address.sun_path - 1));
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return std::unexpected(fmt::format("control socket: {}", std::strerror(errno)));
  ::unlink(path.c_str());
  const mode_t before = ::umask(0177);
  const void* raw = &address;
  const int bound = ::bind(fd, static_cast<const sockaddr*>(raw), sizeof address);
  const int error = errno;
  ::umask(before);
  if (bound != 0 || ::listen(fd, 16) != 0) {
    ::close(fd);
    return std::unexpected(fmt::format("control socket {}: {}", path, std::strerror(bound != 0 ? error : errno)));
  }
  return fd;
}

void serve_control(int listener, ControlTarget& target) {
  const int client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return;
  const timeval patience{.tv_sec = 1, .tv_usec = 0};
  ::setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  std::string received;
  std::array<char, 4096> part{};
  while (received.size() < kLineMax) {
    const ssize_t n = ::recv(client, part.data(), part.size(), 0);
    if (n <= 0) break;
    received.append(part.data(), static_cast<std::size_t>(n));
    const std::size_t end = received.find('\n');
    if (end == std::string::npos) continue;
    std::string answer = answer_control(std::string_view(received).substr(0, end), target) + "\n";
    received.erase(0, end + 1);
    for (std::size_t sent = 0; sent < answer.size();) {
      const ssize_t m = ::send(client, answer.data() + sent, answer.size() - sent, MSG_NOSIGNAL);
      if (m <= 0) break;
      sent += static_cast<std::size_t>(m);
    }
  }
  ::close(client);
}

}  // namespace dozo::server
