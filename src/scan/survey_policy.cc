// The policy for passwords of the server's accounts, where it may be read: how long they are, and what locks them.
#include <fmt/format.h>

#include "client/pipe_rpc.h"
#include "model/nt_status.h"
#include "scan/rpc_calls.h"
#include "scan/survey.h"

namespace dozo::scan {
namespace {

struct Policy {
  std::string domain;
  PasswordPolicy password;
  std::uint16_t lockout_threshold = 0;
};

// The domain of accounts: the other that every server has is that of its built-in groups.
std::string account_domain(const std::vector<std::string>& domains) {
  for (const std::string& domain : domains) {
    if (domain != "Builtin") return domain;
  }
  return {};
}

runtime::Task<Result<SamrHandle>> open_domain(client::PipeRpc& pipe, const SamrHandle& server, Policy& policy) {
  const auto listed = co_await pipe.call(kSamrEnumerateDomains, encode_samr_enumerate(server));
  if (!listed) co_return fail(listed.error());
  DOZO_CO_TRY(const auto domains, decode_samr_domains(*listed));
  policy.domain = account_domain(domains);
  const auto looked_up = co_await pipe.call(kSamrLookupDomain, encode_samr_lookup(server, policy.domain));
  if (!looked_up) co_return fail(looked_up.error());
  DOZO_CO_TRY(const auto sid, decode_samr_sid(*looked_up));
  const auto opened = co_await pipe.call(kSamrOpenDomain, encode_samr_open_domain(server, sid));
  if (!opened) co_return fail(opened.error());
  co_return decode_samr_handle(*opened);
}

runtime::Task<Result<>> read_domain(client::PipeRpc& pipe, const SamrHandle& domain, Policy& policy) {
  const auto password = co_await pipe.call(kSamrQueryDomain, encode_samr_query(domain, DomainLevel::password));
  if (!password) co_return fail(password.error());
  DOZO_CO_TRY(policy.password, decode_samr_password(*password));
  const auto lockout = co_await pipe.call(kSamrQueryDomain, encode_samr_query(domain, DomainLevel::lockout));
  if (!lockout) co_return fail(lockout.error());
  DOZO_CO_TRY(policy.lockout_threshold, decode_samr_lockout_threshold(*lockout));
  co_return Result<>{};
}

runtime::Task<Result<Policy>> read_policy(client::PipeRpc& pipe, std::string host) {
  const auto connected = co_await pipe.call(kSamrConnect2, encode_samr_connect(host));
  if (!connected) co_return fail(connected.error());
  DOZO_CO_TRY(const auto server, decode_samr_handle(*connected));
  Policy policy;
  const auto domain = co_await open_domain(pipe, server, policy);
  if (!domain) co_return fail(domain.error());
  DOZO_CO_CHECK(co_await read_domain(pipe, *domain, policy));
  static_cast<void>(co_await pipe.call(kSamrCloseHandle, encode_samr_close(*domain)));
  static_cast<void>(co_await pipe.call(kSamrCloseHandle, encode_samr_close(server)));
  co_return policy;
}

void leave(FactsByName& facts, const Fact& why) {
  for (const std::string_view name : kPasswordLimits) {
    Fact& fact = facts[std::string(name)];
    if (fact.state == State::untested) fact = untested(why.why);
  }
}

Fact counted(std::uint64_t value, std::string_view what) {
  if (value == 0) return no("none");
  return yes(fmt::format("{} {}", value, what));
}

void take(const Policy& policy, HostProbe& probe) {
  constexpr std::uint32_t kComplex = 1;  // [MS-SAMR] 2.2.1.9 DOMAIN_PASSWORD_COMPLEX
  FactsByName& facts = probe.facts().password_policy;
  facts["lockout"] = counted(policy.lockout_threshold, "failed logons lock an account");
  facts["minimum_length"] = counted(policy.password.minimum_length, "characters");
  facts["history"] = counted(policy.password.history, "passwords are remembered");
  const bool complex = (policy.password.properties & kComplex) != 0;
  const std::string why = fmt::format("properties 0x{:08x} of {}", policy.password.properties, policy.domain);
  facts["complexity"] = complex ? yes(why) : no(why);
  probe.lockout_threshold = policy.lockout_threshold;
}

}  // namespace

runtime::Task<void> survey_policy(Visit& visit, client::Tree& ipc) {
  FactsByName& facts = visit.probe.facts().password_policy;
  auto pipe = co_await client::PipeRpc::bind(ipc, "samr", kSamr);
  if (!pipe) co_return leave(facts, refusal(pipe.error(), visit));
  const auto policy = co_await read_policy(**pipe, visit.probe.target().host);
  static_cast<void>(co_await (*pipe)->close());
  if (!policy) co_return leave(facts, refusal(policy.error(), visit));
  take(*policy, visit.probe);
}

}  // namespace dozo::scan
