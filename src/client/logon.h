// Logon: how a session proves who it is. Kept by whoever may have to log on again.
#pragma once

#include <memory>
#include <string>

#include "identity/authenticator.h"
#include "identity/ntlm_client.h"

namespace dozo::client {

class Connection;

// One for every session of one user; a new mechanism is another class of this interface. Immutable; any loop.
class Logon {
 public:
  virtual ~Logon() = default;
  // The mechanism of one logon over `connection`, which outlives it.
  virtual identity::SpnegoInitiator begin(Connection& connection) const = 0;
  virtual bool is_anonymous() const { return false; }
};

// NTLMv2. `workstation`: this machine's NetBIOS name; may be empty.
std::shared_ptr<const Logon> ntlm_logon(identity::NtlmCredentials credentials, std::string workstation = {});
// Nobody: what comes of it is neither signed nor sealed. [MS-NLMP] 3.1.5.1.2
std::shared_ptr<const Logon> anonymous_logon();

}  // namespace dozo::client
