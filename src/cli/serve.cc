// dozo serve: plan, start, say what to type, run.
#include <ostream>

#include "cli/commands.h"
#include "cli/configuration.h"
#include "cli/log_backend.h"
#include "cli/serve_plan.h"
#include "server/service.h"

namespace dozo::cli {

Exit run_serve(const Arguments& arguments, Io& io) {
  const auto plan = plan_serve(arguments, io);
  if (!plan) return Exit::failed;
  install_log_backend(plan->loaded.config.log);

  const ServeSource source(plan->config_file, plan->overrides);
  const auto service =
      server::Service::start({.loaded = plan->loaded,
                              .config_file = plan->config_file,
                              .source = plan->config_file.empty() ? nullptr : &source,
                              .on_reload = [](const server::Config& config) { set_log_level(config.log.level); }});
  if (!service) return failed(io, service.error());
  // For the person at the terminal; from the configuration of a service there is nobody to read it.
  if (plan->config_file.empty()) {
    io.out << welcome(*plan, reachable_host(plan->loaded.config.server.listen)) << std::flush;
  }
  return (*service)->run() == 0 ? Exit::done : Exit::failed;
}

}  // namespace dozo::cli
