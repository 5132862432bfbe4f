// A server's state directory for as long as a simulation lasts; in memory where there is a place for that.
#pragma once

#include <string>

namespace dozo::server::testing {

// Resource: a directory that goes with it.
class StateFolder {
 public:
  StateFolder();
  ~StateFolder();
  StateFolder(const StateFolder&) = delete;
  StateFolder& operator=(const StateFolder&) = delete;

  const std::string& path() const { return path_; }
  // What a server that is killed now leaves in `other`.
  void become_copy_of(const StateFolder& other);

 private:
  std::string path_;
};

}  // namespace dozo::server::testing
