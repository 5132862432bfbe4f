#include "cli/serve_plan.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <ostream>

#include "base/unicode.h"
#include "cli/configuration.h"
#include "cli/environment.h"
#include "cli/password.h"
#include "identity/user_store.h"

namespace dozo::cli {
namespace {

// Where a person without a right to /var/lib keeps state.
std::string own_state_dir() {
  if (geteuid() == 0) return server::ServerConfig{}.state_dir;
  if (const std::string xdg = environment("XDG_STATE_HOME"); xdg.starts_with('/')) return xdg + "/dozo";
  return environment("HOME") + "/.local/state/dozo";
}

std::optional<std::vector<std::string>> real_folders(const std::vector<std::string>& folders, Io& io) {
  std::vector<std::string> out;
  for (const std::string& folder : folders) {
    std::error_code error;
    const std::string real = std::filesystem::canonical(folder, error).string();
    if (error || !std::filesystem::is_directory(real)) {
      failed(io, fmt::format("{} is not a folder{}; make it, or name another", folder,
                             error ? ": " + error.message() : ""));
      return std::nullopt;
    }
    out.push_back(real);
  }
  return out;
}

std::optional<std::vector<server::ListenAddress>> listen_addresses(const std::vector<std::string>& texts, Io& io) {
  std::vector<server::ListenAddress> out;
  for (const std::string& text : texts) {
    const auto address = server::listen_address_from_string(text);
    if (!address) {
      failed(io, fmt::format("--listen {} is not ADDR:PORT or [ADDR6]:PORT", text));
      return std::nullopt;
    }
    out.push_back(*address);
  }
  return out;
}

std::optional<ServeOverrides> overrides_of(const Arguments& arguments, Io& io) {
  auto folders = real_folders(arguments.all("FOLDER"), io);
  if (!folders) return std::nullopt;
  auto listen = listen_addresses(arguments.all("--listen"), io);
  if (!listen) return std::nullopt;
  ServeOverrides overrides{std::move(*folders), std::move(*listen), std::nullopt};
  if (const auto state_dir = arguments.value("--state-dir")) overrides.state_dir = absolute_path(*state_dir);
  return overrides;
}

// Nobody named addresses: leave out a family that this machine does not have, and take 1445 where 445 is not to be had.
void settle_default_listen(ServePlan& plan) {
  auto& listen = plan.loaded.config.server.listen;
  std::erase_if(listen, [](const auto& address) {
    const int error = bind_error(address);
    return error == EAFNOSUPPORT || error == EADDRNOTAVAIL;
  });
  int refused = 0;
  for (const auto& address : listen) {
    if (const int error = bind_error(address); error == EACCES || error == EPERM || error == EADDRINUSE)
      refused = error;
  }
  if (refused == 0) return;
  for (auto& address : listen) address.port = server::kUnprivilegedPort;
  plan.port_note = refused == EADDRINUSE ? "Port 445 is taken by another program on this machine, so it is 1445."
                                         : "Port 445 needs root or CAP_NET_BIND_SERVICE, so it is 1445.";
  plan.loaded.origins["server.listen"] = plan.port_note;
}

std::optional<FirstUser> make_first_user(const std::string& state_dir, Io& io) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(state_dir).parent_path(), error);
  auto store = identity::UserStore::open(state_dir);
  if (!store) {
    failed(io, store.error().message);
    return std::nullopt;
  }
  FirstUser user{current_user(), {}};
  if ((*store)->snapshot()->find_user(user.name)) return user;
  user.password = generated_password();
  const auto added =
      (*store)->add_user({.name = user.name, .password = user.password, .full_name = {}, .unix_account = std::nullopt});
  if (added) return user;
  failed(io, added.error().message);
  return std::nullopt;
}

bool load_base(const Arguments& arguments, bool has_folders, ServePlan& plan, Io& io) {
  const auto named = arguments.value("--config");
  if (named || !has_folders) {
    // The folder stays the one that it is now, wherever a reload happens.
    plan.config_file = absolute_path(named.value_or(std::string(server::kDefaultConfigFile)));
    auto loaded = server::load_config(plan.config_file);
    if (!loaded) {
      print_problems(loaded.error(), io);
      if (!named) io.err << "dozo: name a folder to share (dozo serve FOLDER), or write the file; see dozo.toml(5)\n";
      return false;
    }
    plan.loaded = std::move(*loaded);
  } else {
    plan.loaded.config.server.state_dir = own_state_dir();
    plan.loaded.origins["server.state_dir"] = "the user who started it";
  }
  return true;
}

}  // namespace

void apply_overrides(const ServeOverrides& overrides, server::LoadedConfig& loaded) {
  for (const std::string& folder : overrides.folders) {
    auto& shares = loaded.config.shares;
    shares.push_back(share_of_folder(folder, shares));
    for (const std::string_view key : {"name", "path"}) {
      loaded.origins[fmt::format("share.{}.{}", shares.back().name, key)] = "the command line";
    }
  }
  if (!overrides.listen.empty()) {
    loaded.config.server.listen = overrides.listen;
    loaded.origins["server.listen"] = "--listen";
  }
  if (overrides.state_dir) {
    loaded.config.server.state_dir = *overrides.state_dir;
    loaded.origins["server.state_dir"] = "--state-dir";
  }
}

server::ConfigResult ServeSource::load() const {
  auto loaded = server::load_config(config_file_);
  if (!loaded) return loaded;
  apply_overrides(overrides_, *loaded);
  if (auto problems = server::check_config(*loaded); !problems.empty()) return std::unexpected(std::move(problems));
  return loaded;
}

std::optional<ServePlan> plan_serve(const Arguments& arguments, Io& io) {
  ServePlan plan;
  if (!load_base(arguments, !arguments.all("FOLDER").empty(), plan, io)) return std::nullopt;
  auto overrides = overrides_of(arguments, io);
  if (!overrides) return std::nullopt;
  plan.overrides = std::move(*overrides);
  apply_overrides(plan.overrides, plan.loaded);
  const auto problems = server::check_config(plan.loaded);
  print_problems(problems, io);
  if (!problems.empty()) return std::nullopt;

  if (!plan.loaded.origins.contains("server.listen")) settle_default_listen(plan);
  if (plan.config_file.empty()) {
    plan.user = make_first_user(plan.loaded.config.server.state_dir, io);
    if (!plan.user) return std::nullopt;
  }
  return plan;
}

server::ShareConfig share_of_folder(const std::string& absolute_folder,
                                    const std::vector<server::ShareConfig>& shares) {
  std::string name;
  for (const char c : std::filesystem::path(absolute_folder).filename().string()) {
    const bool forbidden = std::string_view("\"\\/[]:|<>+=;,*?").find(c) != std::string_view::npos;
    name += forbidden || static_cast<unsigned char>(c) < 0x20 ? '_' : c;
  }
  const auto taken = [&](const std::string& candidate) {
    return server::share_name_problem(candidate) || std::ranges::any_of(shares, [&](const auto& share) {
             return fold_name(share.name) == fold_name(candidate);
           });
  };
  if (server::share_name_problem(name)) name = "share";
  std::string unique = name;
  for (int number = 2; taken(unique); ++number) unique = fmt::format("{}-{}", name, number);
  server::ShareConfig share;
  share.name = unique;
  share.path = absolute_folder;
  return share;
}

}  // namespace dozo::cli
