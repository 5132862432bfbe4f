#include "client/api_engine.h"

#include <algorithm>
#include <thread>

#include "client/explain.h"
#include "runtime/thread_setup.h"

namespace dozo::smb {

struct Engine::Thread {
  std::thread thread;
};

Engine::Engine(client::LinkTarget target, std::string name) : name_(std::move(name)) {
  host_ = target.connection.server_name;
  std::string why;
  loop_ = runtime::make_loop(runtime::detect_backend(why));
  link_ = std::make_unique<client::Link>(*loop_, std::move(target));
  const runtime::BlockedSignals blocked;  // they are the program's
  thread_ = std::make_unique<Thread>(std::thread([loop = loop_.get()] {
    runtime::name_this_thread("dozo-client");
    loop->run();
  }));
}

runtime::Task<dozo::Result<Done>> Engine::finish(client::Link& link) {
  co_await link.close();
  co_return Done{};
}

Engine::~Engine() {
  static_cast<void>(run([](client::Link& link) { return finish(link); }));
  loop_->stop();
  thread_->thread.join();
  link_.reset();
}

Error Engine::error_at(const std::string& path, NtStatus status) const {
  return {static_cast<std::uint32_t>(status),
          name_ + (path.empty() ? "" : "\\" + path) + ": " + client::explain(status)};
}

Error Engine::connect_error(NtStatus status, client::Stage reached) const {
  const char* doing = reached == client::Stage::connecting   ? "connecting to "
                      : reached == client::Stage::logging_on ? "logging on to "
                                                             : "";
  return {static_cast<std::uint32_t>(status),
          doing + (*doing != '\0' ? host_ : name_) + ": " + client::explain(status)};
}

std::string to_remote_path(const std::string& path) {
  std::string out = path;
  std::replace(out.begin(), out.end(), '/', '\\');
  const auto first = out.find_first_not_of('\\');
  if (first == std::string::npos) return {};
  return out.substr(first, out.find_last_not_of('\\') + 1 - first);
}

}  // namespace dozo::smb
