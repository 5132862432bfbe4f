#include "tests/simulation/worlds.h"

namespace dozo::server::testing {

vfs::Path path_of(std::string_view name) {
  const std::size_t slash = name.find('\\');
  if (slash == std::string_view::npos) return {std::string(name)};
  return {std::string(name.substr(0, slash)), std::string(name.substr(slash + 1))};
}

Worlds::Worlds(WorldOptions each, bool with_state) : each_(std::move(each)) {
  if (with_state) {
    for (auto& folder : folders_) folder = std::make_unique<StateFolder>();
  }
  start(each_.simulation.start, {});
}

void Worlds::start(Instant at, Volumes volumes) {
  WorldOptions options = each_;
  options.seed += started_;
  options.simulation.start = at;
  options.volumes = std::move(volumes);
  if (folders_[0]) options.state_dir = folder(started_).path();
  ++started_;
  world_ = std::make_unique<World>(std::move(options));
}

void Worlds::kill() {
  killed_at_ = world_->loop().now();
  // What it stores from here on is not what the next one finds.
  if (folders_[0]) folders_[started_ % folders_.size()]->become_copy_of(folder(started_ - 1));
  for (const auto& [name, volume] : world_->volumes()) volume->set_gone(true);
}

void Worlds::start_again(Duration down) {
  static_cast<void>(world_->leave());
  Volumes volumes = world_->volumes();
  end();
  for (const auto& [name, volume] : volumes) volume->set_gone(false);
  start(killed_at_ + down, std::move(volumes));
}

void Worlds::end() {
  trace_hash_ = trace_hash_ * 31 + world_->loop().trace_hash();
  steps_ += world_->loop().steps();
  world_.reset();
}

}  // namespace dozo::server::testing
