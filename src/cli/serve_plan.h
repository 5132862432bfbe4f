// What `dozo serve` does before a socket is opened: configuration, shares of folders, port, first user; and what it
// tells people afterwards.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "server/config.h"
#include "server/service.h"

namespace dozo::cli {

// The row of `dozo serve`.
inline constexpr OptionSpec kServeOptions[] = {
    {"--config", "FILE", "Configuration file; /etc/dozo/dozo.toml when no folder is given either."},
    {"--state-dir", "FOLDER", "State folder, instead of the configuration's."},
    {"--listen", "ADDR:PORT", "Accept connections here, instead of the configuration's addresses.", true},
};
inline constexpr ArgumentSpec kServeArguments[] = {
    {"FOLDER", "A folder to share under its own name.", false, true},
};
inline constexpr std::string_view kServeDescription =
    "Serves until it is told to stop, and logs to standard error. With folders and without a configuration it shares "
    "each folder under its name, and makes a user of your name with a password that it prints once. Where port 445 is "
    "not to be had and was not asked for, it takes 1445 and says so.";

struct FirstUser {
  std::string name;
  std::string password;  // empty: the user was there already
};

// What the command line says over a configuration, checked and absolute.
struct ServeOverrides {
  std::vector<std::string> folders;
  std::vector<server::ListenAddress> listen;  // empty: as configured
  std::optional<std::string> state_dir;
};
void apply_overrides(const ServeOverrides& overrides, server::LoadedConfig& loaded);

// A reload: the file as it is then, and the command line over it as before.
class ServeSource final : public server::ConfigSource {
 public:
  ServeSource(std::string config_file, ServeOverrides overrides)
      : config_file_(std::move(config_file)), overrides_(std::move(overrides)) {}
  server::ConfigResult load() const override;

 private:
  std::string config_file_;
  ServeOverrides overrides_;
};

struct ServePlan {
  server::LoadedConfig loaded;
  ServeOverrides overrides;
  std::string config_file;        // what a reload reads again; empty when there is none
  std::optional<FirstUser> user;  // when shares were made of folders
  std::string port_note;          // why 1445; empty otherwise
};

// Problems are printed to io.err; nothing then.
std::optional<ServePlan> plan_serve(const Arguments& arguments, Io& io);

// The share of a folder: its last name, without what a share's name cannot have, and different from those in `shares`.
server::ShareConfig share_of_folder(const std::string& absolute_folder, const std::vector<server::ShareConfig>& shares);

// The lines to type on Windows, macOS and Linux. `host`: a name or address under which this machine is reached.
std::string what_to_type(const server::ShareConfig& share, const std::string& host, std::uint16_t port,
                         const std::string& user);

// Everything for people once the server accepts connections: shares, user, what to type.
std::string welcome(const ServePlan& plan, const std::string& host);

// An address under which others reach this machine: that of `listen` if it names one, else the first of an interface,
// else the loopback's.
std::string reachable_host(const std::vector<server::ListenAddress>& listen);

// 0 when `address` can be bound now, else an errno.
int bind_error(const server::ListenAddress& address);

}  // namespace dozo::cli
