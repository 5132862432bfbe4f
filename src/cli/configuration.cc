#include "cli/configuration.h"

#include <unistd.h>

#include <filesystem>
#include <ostream>

namespace dozo::cli {
namespace {

std::optional<server::LoadedConfig> load(const Arguments& arguments, Io& io) {
  const auto named = arguments.value("--config");
  const std::string file = named.value_or(std::string(server::kDefaultConfigFile));
  if (!named && access(file.c_str(), F_OK) != 0) return server::LoadedConfig{};
  auto loaded = server::load_config(file);
  if (!loaded) {
    print_problems(loaded.error(), io);
    return std::nullopt;
  }
  return std::move(*loaded);
}

}  // namespace

std::optional<server::LoadedConfig> configuration(const Arguments& arguments, Io& io) {
  auto loaded = load(arguments, io);
  if (!loaded) return std::nullopt;
  if (const auto state_dir = arguments.value("--state-dir")) {
    loaded->config.server.state_dir = absolute_path(*state_dir);
    loaded->origins["server.state_dir"] = "--state-dir";
  }
  const auto problems = server::check_config(*loaded);
  print_problems(problems, io);
  if (!problems.empty()) return std::nullopt;
  return loaded;
}

void print_problems(const server::ConfigProblems& problems, Io& io) {
  for (const auto& problem : problems) io.err << "dozo: " << to_string(problem) << '\n';
}

Exit failed(Io& io, std::string_view message) {
  io.err << "dozo: " << message << '\n';
  return Exit::failed;
}

std::string absolute_path(const std::string& path) {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path, error);
  return error ? path : absolute.lexically_normal().string();
}

}  // namespace dozo::cli
