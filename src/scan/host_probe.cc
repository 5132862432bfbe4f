#include "scan/host_probe.h"

#include <fmt/format.h>

#include "model/nt_status.h"
#include "scan/fact_fields.h"
#include "scan/smb1.h"
#include "scan/survey.h"

namespace dozo::scan {
namespace {

constexpr unsigned kSilencesMax = 3;
const Fact kNotAsked;

void leave(Fact& fact, const std::string& why) {
  if (fact == kNotAsked) fact.why = why;
}

void leave(FactsByName& family, const std::string& why) {
  for (auto& [name, fact] : family) leave(fact, why);
}

}  // namespace

HostProbe::HostProbe(World world, Target target) : world_(world), target_(std::move(target)), facts_(blank_facts()) {
  facts_.host = target_.host;
  facts_.address = to_string(target_.address);
  facts_.port = world_.settings.smb_port;
}

std::optional<Trouble> HostProbe::spend() {
  if (silences_ >= kSilencesMax) {
    return Trouble{Trouble::Kind::other, fmt::format("left alone after {} questions without an answer", kSilencesMax)};
  }
  if (used_ >= settings().connections_max) {
    return Trouble{Trouble::Kind::other, fmt::format("the {} connections of its budget are used up", used_)};
  }
  ++used_;
  return std::nullopt;
}

runtime::Task<Probed<bool>> HostProbe::take_turn() {
  if (auto spent = spend()) co_return std::unexpected(std::move(*spent));
  co_await world_.pace.turn();
  co_return true;
}

runtime::Task<Probed<std::unique_ptr<Line>>> HostProbe::connect(std::uint16_t port) {
  const auto turn = co_await take_turn();
  if (!turn) co_return std::unexpected(turn.error());
  const Duration timeout = settings().timeout;
  auto raw = co_await client::RawConnection::connect(loop(), endpoint_at(target_.address, port), timeout);
  if (!raw) {
    const Trouble why = trouble_of(raw.error(), timeout);
    note(why);
    co_return std::unexpected(why);
  }
  co_return std::make_unique<Line>(std::move(*raw), timeout);
}

runtime::Task<Probed<std::unique_ptr<Line>>> HostProbe::connect_smb() {
  const bool netbios = transport_ == Transport::netbios;
  auto line = co_await connect(netbios ? kNetbiosSessionPort : settings().smb_port);
  if (!line || !netbios) co_return line;
  const auto granted = co_await (*line)->request_session();
  if (granted) co_return line;
  note(granted.error());
  co_return std::unexpected(granted.error());
}

HostFacts blank_facts() {
  HostFacts facts;
  for (const Dialect dialect : kAllDialects) facts.dialects[std::string(to_string(dialect))];
  facts.dialects[std::string(kNtLm012)];
  for (const auto& cipher : kCiphers) facts.ciphers[std::string(cipher.name)];
  for (const auto& algorithm : kSigningAlgorithms) facts.signing_algorithms[std::string(algorithm.name)];
  for (const auto& algorithm : kCompressionAlgorithms) facts.compression[std::string(algorithm.name)];
  for (const std::string_view pipe : kCoercionPipes) facts.coercion_pipes[std::string(pipe)];
  for (const std::string_view limit : kPasswordLimits) facts.password_policy[std::string(limit)];
  return facts;
}

void leave_untested(HostFacts& facts, const std::string& why) {
  for (const auto& field : fact_fields()) leave(facts.*field.member, why);
  for (const auto& field : family_fields()) leave(facts.*field.member, why);
}

}  // namespace dozo::scan
