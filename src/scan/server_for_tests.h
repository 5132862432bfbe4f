// A server for the scanner's tests: it answers NEGOTIATE and the first message of a logon as it is told, or does what
// no server should. On the simulated loop.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/raw_connection.h"
#include "identity/authenticator.h"
#include "model/nt_status.h"
#include "runtime/gate.h"
#include "runtime/simulated_loop.h"
#include "scan/host_probe.h"
#include "scan/smb1.h"
#include "wire/error.h"
#include "wire/negotiate.h"
#include "wire/ntlmssp.h"
#include "wire/session_setup.h"
#include "wire/smb1_negotiate.h"
#include "wire/spnego.h"

namespace dozo::scan::testing {

inline constexpr std::uint16_t kPort = 445;

// How a server of a test behaves on a connection; what it was told outlives the test.
class Behaviour {
 public:
  virtual ~Behaviour() = default;
  virtual runtime::Task<void> serve(client::RawConnection& raw) = 0;
};

// A server that keeps the rules.
struct Model {
  std::set<Dialect> dialects{std::begin(kAllDialects), std::end(kAllDialects)};
  wire::SecurityMode mode = wire::SecurityModeBit::signing_enabled;
  wire::Capabilities capabilities = wire::Capability::large_mtu | wire::Capability::leasing;
  std::vector<wire::Cipher> ciphers{wire::Cipher::aes_128_gcm, wire::Cipher::aes_128_ccm};
  std::vector<wire::SigningAlgorithm> signing{wire::SigningAlgorithm::aes_gmac, wire::SigningAlgorithm::aes_cmac};
  std::vector<wire::CompressionAlgorithm> compression;
  bool hangs_up_on_refusal = false;  // instead of STATUS_NOT_SUPPORTED
  std::optional<Dialect> always;     // answers everything in it, as impacket's server does
  Guid guid{{1, 2, 3, 200}};
  FileTime system_time;
  std::set<std::string_view> smb1;  // its dialects
  std::uint8_t smb1_mode = 0x07;
  std::optional<wire::NtlmVersion> version = wire::NtlmVersion{.major = 10, .minor = 0, .build = 20348};
  NtStatus logon_status = NtStatus::MORE_PROCESSING_REQUIRED;
  std::vector<Bytes> mechanisms = {identity::oid_ntlmssp()};
};

class HonestServer : public Behaviour {
 public:
  explicit HonestServer(Model model) : model_(std::move(model)) {}

  runtime::Task<void> serve(client::RawConnection& raw) override {
    for (;;) {
      const auto frame = co_await raw.receive_frame();
      if (!frame) co_return;
      heard.emplace_back(frame->view().begin(), frame->view().end());
      const ByteVector answer = answer_to(frame->view());
      if (answer.empty()) co_return;
      co_await raw.send_frame(answer);
    }
  }
  ByteVector answer_to(Bytes message) const {
    if (wire::frame_kind(message) == wire::FrameKind::smb1) return answer_smb1(message);
    const auto header = wire::decode_header(message);
    if (!header) return {};
    if (header->command == wire::Command::negotiate) return answer_negotiate(message, *header);
    return header->command == wire::Command::session_setup ? answer_logon(*header) : refusal(*header);
  }

  std::vector<ByteVector> heard;

 private:
  static wire::Header reply_to(const wire::Header& request, NtStatus status) {
    wire::Header reply = request;
    reply.status = status;
    reply.flags = wire::HeaderFlag::server_to_redir;
    return reply;
  }
  static ByteVector refusal(const wire::Header& request, NtStatus status = NtStatus::ACCESS_DENIED) {
    return client::make_message(reply_to(request, status), wire::ErrorResponse{});
  }

  // What it has of an offer, which in these tests is one thing.
  template <class T>
  static std::vector<T> common(const std::vector<T>& offered, const std::vector<T>& own) {
    std::vector<T> out;
    for (const T value : offered) {
      if (std::ranges::find(own, value) != own.end()) out.push_back(value);
    }
    return out;
  }
  template <class C>
  static C offered(const wire::NegotiateRequest& request, wire::NegotiateContextType type) {
    for (const auto& context : request.negotiate_contexts) {
      if (context.type == type) return wire::decode_plain<C>(context.data).value();
    }
    return {};
  }

  ByteVector answer_negotiate(Bytes message, const wire::Header& header) const {
    using Type = wire::NegotiateContextType;
    const auto request = wire::decode<wire::NegotiateRequest>(message).value();
    const auto dialect = dialect_from_wire(request.dialects.at(0)).value();
    if (!model_.always && !model_.dialects.contains(dialect)) {
      return model_.hangs_up_on_refusal ? ByteVector{} : refusal(header, NtStatus::NOT_SUPPORTED);
    }
    const ByteVector preauth = wire::encode_plain(
        wire::PreauthIntegrityCapabilities{.hash_algorithms = {wire::HashAlgorithm::sha_512}, .salt = {}});
    const ByteVector hint = identity::spnego_hint(model_.mechanisms);
    wire::NegotiateResponse body{.security_mode = model_.mode,
                                 .dialect_revision = static_cast<std::uint16_t>(model_.always.value_or(dialect)),
                                 .server_guid = model_.guid,
                                 .capabilities = model_.capabilities,
                                 .max_transact_size = 65536,
                                 .max_read_size = 65536,
                                 .max_write_size = 65536,
                                 .system_time = model_.system_time,
                                 .security_buffer = hint};
    const ByteVector cipher = wire::encode_plain(wire::EncryptionCapabilities{
        common(offered<wire::EncryptionCapabilities>(request, Type::encryption).ciphers, model_.ciphers)});
    const ByteVector signing = wire::encode_plain(wire::SigningCapabilities{
        common(offered<wire::SigningCapabilities>(request, Type::signing).signing_algorithms, model_.signing)});
    const ByteVector compression = wire::encode_plain(wire::CompressionCapabilities{
        .compression_algorithms =
            common(offered<wire::CompressionCapabilities>(request, Type::compression).compression_algorithms,
                   model_.compression)});
    if (model_.always.value_or(dialect) == Dialect::smb_3_1_1) {
      body.negotiate_contexts = {{Type::preauth_integrity, preauth},
                                 {Type::encryption, cipher},
                                 {Type::signing, signing},
                                 {Type::compression, compression}};
    }
    return client::make_message(reply_to(header, NtStatus::SUCCESS), body);
  }

  static ByteVector av(std::u16string_view text) {
    ByteWriter out;
    for (const char16_t unit : text) out.u16(unit);
    return std::move(out).take();
  }

  ByteVector answer_logon(const wire::Header& header) const {
    if (model_.logon_status != NtStatus::MORE_PROCESSING_REQUIRED) return refusal(header, model_.logon_status);
    const ByteVector computer = av(u"STOREHOUSE"), domain = av(u"HARBOUR"), dns = av(u"storehouse.harbour.example"),
                     dns_domain = av(u"harbour.example"), forest = av(u"example");
    ByteWriter info;
    wire::encode_av_pairs({{wire::AvId::nb_domain_name, domain},
                           {wire::AvId::nb_computer_name, computer},
                           {wire::AvId::dns_domain_name, dns_domain},
                           {wire::AvId::dns_computer_name, dns},
                           {wire::AvId::dns_tree_name, forest}},
                          info);
    wire::NtlmChallenge challenge{.target_name = u"HARBOUR", .target_info = info.view(), .version = model_.version};
    challenge.flags = wire::NtlmFlag::unicode | wire::NtlmFlag::target_info;
    if (model_.version) challenge.flags |= wire::NtlmFlag::version;
    const ByteVector token = wire::encode_ntlm_challenge(challenge);
    const ByteVector spnego =
        wire::encode_neg_token_resp({.neg_state = wire::NegState::accept_incomplete, .response_token = Bytes(token)});
    return client::make_message(reply_to(header, NtStatus::MORE_PROCESSING_REQUIRED),
                                wire::SessionSetupResponse{.session_flags = {}, .security_buffer = spnego});
  }

  // [MS-CIFS] 2.2.4.52.2.
  ByteVector answer_smb1(Bytes message) const {
    const auto request = wire::decode_smb1_negotiate(message);
    if (!request || model_.smb1.empty()) return {};
    std::uint16_t index = 0xFFFF;
    for (std::size_t i = 0; i < request->dialects.size(); ++i) {
      if (model_.smb1.contains(request->dialects[i])) index = static_cast<std::uint16_t>(i);
    }
    const bool modern = index != 0xFFFF && request->dialects[index] == kNtLm012;
    const std::uint8_t words = index == 0xFFFF ? 1 : modern ? 17 : 13;
    ByteWriter out;
    out.bytes(message.first(9));
    out.u8(0x80);
    out.zeros(22);
    out.u8(words);
    out.u16(index);
    if (words > 1) out.u8(model_.smb1_mode);
    out.zeros(words > 1 ? words * 2 - 3 : 0);
    out.u16(0);
    return std::move(out).take();
  }

  Model model_;
};

// A scan's world of one host, whose port 445 is `behaviour`'s.
class HostWorld {
 public:
  explicit HostWorld(Behaviour& behaviour, ScanSettings settings = {})
      : behaviour_(behaviour), settings_(std::move(settings)), pace_(loop_, 0), listener_(loop_.listen(kPort)) {
    probe.emplace(HostProbe::World{loop_, settings_, pace_, caution_, Guid{{9, 9, 9}}},
                  Target{"192.0.2.7", *parse_address("192.0.2.7")});
    probe->set_transport(HostProbe::Transport::direct);
  }
  ~HostWorld() { probe.reset(); }

  // Runs the checks, one after the other, to their end. The simulated time they took.
  Duration run(const std::vector<runtime::Task<void> (*)(HostProbe&)>& checks) {
    const Instant start = loop_.now();
    runtime::spawn(servers_, accept_all(*this));
    runtime::spawn(clients_, run_all(*this, checks));
    loop_.run_until([this] { return clients_.count() == 0; }, 50'000'000);
    EXPECT_EQ(clients_.count(), 0u) << "something is parked for ever";
    const Duration took = loop_.now() - start;
    stopped_ = true;
    loop_.shutdown(listener_);
    loop_.run_until([this] { return servers_.count() == 0; });
    EXPECT_EQ(servers_.count(), 0u);
    return took;
  }
  const HostFacts& facts() { return probe->facts(); }
  int connections() const { return connections_; }
  runtime::SimulatedLoop& loop() { return loop_; }
  bool stopped() const { return stopped_; }

  std::optional<HostProbe> probe;

 private:
  static runtime::Task<void> run_all(HostWorld& world, std::vector<runtime::Task<void> (*)(HostProbe&)> checks) {
    for (const auto check : checks) co_await check(*world.probe);
  }
  static runtime::Task<void> accept_all(HostWorld& world) {
    for (;;) {
      auto connected = co_await runtime::accept_connection(world.loop_, world.listener_);
      if (!connected.socket) co_return;
      ++world.connections_;
      runtime::spawn(world.servers_,
                     serve(world, std::make_unique<client::RawConnection>(std::move(connected.socket))));
    }
  }
  static runtime::Task<void> serve(HostWorld& world, std::unique_ptr<client::RawConnection> raw) {
    co_await world.behaviour_.serve(*raw);
    raw->shutdown();
  }

  runtime::SimulatedLoop loop_{11};
  Behaviour& behaviour_;
  ScanSettings settings_;
  Pace pace_;
  Caution caution_;
  runtime::Handle listener_;
  runtime::Gate servers_;
  runtime::Gate clients_;
  int connections_ = 0;
  bool stopped_ = false;
};

}  // namespace dozo::scan::testing
