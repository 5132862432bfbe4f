// HostProbe: what the checks of one host work with: its facts so far, and the connections they may make.
#pragma once

#include "runtime/semaphore.h"
#include "scan/challenge_facts.h"
#include "scan/facts.h"
#include "scan/line.h"
#include "scan/negotiate_probe.h"
#include "scan/pace.h"
#include "scan/settings.h"
#include "scan/targets.h"

namespace dozo::scan {

// What the hosts of a scan have to tell one another about the credentials that were given.
struct Caution {
  runtime::Semaphore lane{1};  // of those who log on before anybody was let in
  bool accepted = false;       // somebody was
  std::string refused_by;      // the host that turned them away
};

// One for each host; one loop. Checks run one after the other; those of the ports are asked together.
class HostProbe {
 public:
  // All outlive the probe. `nonce`: GUID of the client and salt, of the whole scan.
  struct World {
    runtime::Loop& loop;
    const ScanSettings& settings;
    Pace& pace;
    Caution& caution;
    Guid nonce;
  };
  HostProbe(World world, Target target);

  runtime::Loop& loop() { return world_.loop; }
  const ScanSettings& settings() const { return world_.settings; }
  const Guid& nonce() const { return world_.nonce; }
  Caution& caution() { return world_.caution; }
  const Target& target() const { return target_; }
  HostFacts& facts() { return facts_; }

  // A connection to a port, when the host's budget has one left and it has not been silent too often. Waits for its
  // turn.
  runtime::Task<Probed<std::unique_ptr<Line>>> connect(std::uint16_t port);
  // The same to the port that SMB is spoken on, ready for SMB's first message.
  runtime::Task<Probed<std::unique_ptr<Line>>> connect_smb();
  // Waits for the turn of a datagram.
  runtime::Task<Probed<bool>> take_turn();
  // What became of a question. A host that keeps silent is not asked for ever.
  void note(const Trouble& trouble) { silences_ += trouble.kind == Trouble::Kind::silent ? 1 : 0; }
  void note_answer() { silences_ = 0; }

  // Decided by the check of the ports.
  enum class Transport : std::uint8_t { none, direct, netbios };
  void set_transport(Transport transport) { transport_ = transport; }
  Transport transport() const { return transport_; }

  // What later checks want of those before them.
  std::optional<NegotiateAnswer> best_answer;  // of the highest dialect
  std::optional<Dialect> best_dialect;
  std::optional<NegotiateAnswer> first_answer;  // to 3.1.1 with the first algorithm of each kind
  std::vector<Dialect> hung_up_on;              // dialects whose offer ended the connection
  std::optional<ChallengeFacts> challenge;
  std::optional<std::uint16_t> lockout_threshold;  // where it could be read
  bool every_share_encrypts = false;               // of the last visitor who could list them
  bool has_smb1 = false;                           // NT LM 0.12 was chosen

 private:
  std::optional<Trouble> spend();

  World world_;
  Target target_;
  HostFacts facts_;
  Transport transport_ = Transport::none;
  unsigned used_ = 0;
  unsigned silences_ = 0;  // in a row
};

inline constexpr std::uint16_t kNetbiosSessionPort = 139;

// The facts before anything is asked: every name of every family that has fixed names is there.
HostFacts blank_facts();
// Of every fact that nobody has asked for: why.
void leave_untested(HostFacts& facts, const std::string& why);

}  // namespace dozo::scan
