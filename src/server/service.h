// Service: the running server of `dozo serve`: loops, listeners, control socket, signals, sandbox.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "server/config.h"

namespace dozo::server {

// Where a reload gets the configuration from, with whatever was said over it when the server was started.
class ConfigSource {
 public:
  virtual ~ConfigSource() = default;
  virtual ConfigResult load() const = 0;
};

struct ServiceOptions {
  LoadedConfig loaded;
  std::string config_file;               // shown by status; its folder stays readable in the sandbox; may be empty
  const ConfigSource* source = nullptr;  // outlives the service; none: there is nothing to reload
  // Called by the service's thread after a reload has succeeded, with the new configuration (log level and such).
  void (*on_reload)(const Config& config) = nullptr;
};

// Made by start(), ended by its destruction. One thread owns it, and runs it.
class Service {
 public:
  // Binds the addresses, opens the state directory and the shares, starts the loops, confines the process.
  // The error says what is wrong and what to do.
  static std::expected<std::unique_ptr<Service>, std::string> start(ServiceOptions options);
  ~Service();

  // Until SIGTERM or SIGINT (what is in flight is finished and said so), or `dozo`'s control socket says stop. SIGHUP
  // reloads, SIGUSR1 logs the last requests. Returns the process's exit status.
  int run();

  struct Impl;
  explicit Service(std::unique_ptr<Impl> impl);  // start() makes it

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace dozo::server
