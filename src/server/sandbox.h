// Sandbox: the process confined to its shares and state directory (Landlock) and to the system calls it uses (seccomp).
#pragma once

#include <string>
#include <vector>

namespace dozo::server {

struct SandboxOptions {
  std::vector<std::string> writable;   // folders: shares and state
  std::vector<std::string> read_only;  // folders and files: read-only shares, the configuration's folder, /etc
};

// What is in force, as `dozo status` says it.
struct SandboxState {
  std::string landlock = "off";  // "ABI 7", or "off: why"
  std::string seccomp = "off";   // "on", or "off: why"
};

// Confines every thread of the process that is started after it, and the calling one, for good. What the kernel cannot
// do is said in the state and in the log; nothing fails.
SandboxState enter_sandbox(const SandboxOptions& options);

}  // namespace dozo::server
