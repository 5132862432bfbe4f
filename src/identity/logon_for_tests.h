// Users, a clock and both sides of a logon, for tests.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "identity/ntlm_acceptor.h"
#include "identity/ntlm_client.h"
#include "identity/user_store.h"

namespace dozo::identity::testing {

class FixedClock final : public Clock {
 public:
  Instant now() const override { return Instant{}; }
  WallTime wall_now() const override { return wall; }
  WallTime wall = WallTime(std::chrono::hours(24 * 365 * 50));
};

// Users "Alice" (password "secret"), "Ödön" ("jelszó") and "Dora" ("secret", disabled).
class FixedUsers final : public UserSource {
 public:
  FixedUsers() {
    MachineIdentity machine{.domain_sid = sid_from_string("S-1-5-21-1-2-3").value_or(Sid{}), .server_guid = {}};
    std::vector<User> users{make("Alice", 1000, "secret"), make("Ödön", 1001, "jelszó"), make("Dora", 1002, "secret")};
    users[2].disabled = true;
    std::vector<Group> groups{{.name = "Administrators", .rid = 544, .builtin = true, .members = {"Alice"}},
                              {.name = "writers", .rid = 1003, .builtin = false, .members = {"Alice", "Dora"}}};
    snapshot_ = std::make_shared<const UserSnapshot>(std::move(machine), std::move(users), std::move(groups));
  }
  std::shared_ptr<const UserSnapshot> snapshot() override { return snapshot_; }

 private:
  static User make(std::string name, std::uint32_t rid, std::string_view password) {
    User user;
    user.name = std::move(name);
    user.rid = rid;
    user.nt_hash = crypto::nt_hash(password).value_or(crypto::NtHash{});
    return user;
  }
  std::shared_ptr<const UserSnapshot> snapshot_;
};

struct Logon {
  FixedClock clock;
  FixedUsers users;
  NtlmServerSettings server{.netbios_name = "FILES",
                            .netbios_domain = {},
                            .dns_name = "files.example.org",
                            .dns_domain = "example.org",
                            .target_names = {},
                            .channel_bindings = {}};
  NtlmClientSettings client;
  std::string user = "alice";
  std::string domain = "WORK";
  std::string password = "secret";

  std::unique_ptr<Mechanism> acceptor() { return make_ntlm_acceptor(server, users, clock); }
  std::unique_ptr<Mechanism> initiator() {
    return make_ntlm_initiator(NtlmCredentials::from_password(user, domain, password).value(), client, clock);
  }
};

}  // namespace dozo::identity::testing
