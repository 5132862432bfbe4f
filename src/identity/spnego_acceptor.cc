#include <algorithm>
#include <utility>

#include "identity/authenticator.h"
#include "model/nt_status.h"
#include "wire/spnego.h"

namespace dozo::identity {
namespace {

bool same(Bytes a, Bytes b) { return std::ranges::equal(a, b); }

LogonStep reply(const wire::NegTokenResp& response, bool done) {
  return {.token = wire::encode_neg_token_resp(response), .done = done};
}

}  // namespace

Bytes oid_ntlmssp() { return wire::oid_of(wire::Mechanism::ntlmssp); }
Bytes oid_kerberos() { return wire::oid_of(wire::Mechanism::kerberos); }
Bytes oid_ms_kerberos() { return wire::oid_of(wire::Mechanism::ms_kerberos); }

ByteVector spnego_hint(const std::vector<Bytes>& mechanism_oids) {
  wire::NegTokenInit hint;
  for (const Bytes oid : mechanism_oids) hint.mech_types.push_back({wire::mechanism_from_oid(oid), oid});
  hint.with_hints = true;
  return wire::encode_neg_token_init(hint);
}

struct SpnegoAcceptor::Impl {
  // bare: a mechanism's own tokens, without SPNEGO around them.
  enum class State { start, bare, negotiating, awaiting_mic, ended };

  std::vector<std::unique_ptr<Mechanism>> mechanisms;
  Mechanism* chosen = nullptr;
  State state = State::start;
  ByteVector mech_types;  // the client's list, DER: what mechListMIC is over
  bool mic_required = false;
  bool mech_named = false;  // supportedMech goes into the first answer only
  LogonReport own_report;
  Refusal refusal = Refusal::none;

  std::unexpected<NtStatus> refuse(Refusal reason, NtStatus status) {
    refusal = reason;
    return fail(status);
  }
  std::unexpected<NtStatus> malformed() { return refuse(Refusal::malformed_token, NtStatus::INVALID_PARAMETER); }

  Mechanism* find(Bytes oid) const {
    const auto at = std::ranges::find_if(mechanisms, [&](const auto& m) { return same(m->oid(), oid); });
    return at == mechanisms.end() ? nullptr : at->get();
  }

  Result<LogonStep> on_first(Bytes token) {
    switch (wire::token_kind(token)) {
      case wire::TokenKind::ntlmssp:
        // [MS-SMB2] 3.3.5.5.3: a token that is NTLMSSP's own is taken as it is.
        chosen = find(oid_ntlmssp());
        if (chosen == nullptr) return refuse(Refusal::no_common_mechanism, NtStatus::NOT_SUPPORTED);
        return on_bare(token);
      case wire::TokenKind::neg_token_init:
        return on_init(token);
      default:
        return malformed();
    }
  }

  Result<LogonStep> on_bare(Bytes token) {
    DOZO_TRY(LogonStep step, chosen->step(token));
    state = step.done ? State::ended : State::bare;
    return step;
  }

  Result<LogonStep> on_init(Bytes token) {
    const Result<wire::NegTokenInit> init = wire::decode_neg_token_init(token);
    if (!init) return malformed();
    mech_types.assign(init->mech_types_der.begin(), init->mech_types_der.end());
    for (const wire::MechType& type : init->mech_types) {
      if (chosen == nullptr) chosen = find(type.oid);
    }
    if (chosen == nullptr) return refuse(Refusal::no_common_mechanism, NtStatus::NOT_SUPPORTED);

    // RFC 4178 5: when it is not the client's favourite, somebody may have removed that one from the list: the list
    // must be proven. A token of the favourite is not for us.
    mic_required = !same(init->mech_types.front().oid, chosen->oid());
    if (mic_required || !init->mech_token) return ask_for_first_token();
    return run(*init->mech_token, init->mech_list_mic);
  }

  Result<LogonStep> ask_for_first_token() {
    state = State::negotiating;
    mech_named = true;
    wire::NegTokenResp response;
    response.neg_state = mic_required ? wire::NegState::request_mic : wire::NegState::accept_incomplete;
    response.supported_mech = wire::MechType{wire::mechanism_from_oid(chosen->oid()), chosen->oid()};
    return reply(response, false);
  }

  Result<LogonStep> on_response(Bytes token) {
    const Result<wire::NegTokenResp> response = wire::decode_neg_token_resp(token);
    if (!response) return malformed();
    if (response->neg_state == wire::NegState::reject) return unexpected();
    if (state == State::awaiting_mic) return on_late_mic(*response);
    if (!response->response_token) return unexpected();
    return run(*response->response_token, response->mech_list_mic);
  }

  std::unexpected<NtStatus> unexpected() { return refuse(Refusal::unexpected_token, NtStatus::INVALID_PARAMETER); }

  Result<LogonStep> run(Bytes mech_token, const std::optional<Bytes>& client_mic) {
    DOZO_TRY(LogonStep step, chosen->step(mech_token));
    wire::NegTokenResp response;
    if (!std::exchange(mech_named, true)) {
      response.supported_mech = wire::MechType{wire::mechanism_from_oid(chosen->oid()), chosen->oid()};
    }
    if (!step.token.empty()) response.response_token = step.token;
    if (!step.done) {
      state = State::negotiating;
      response.neg_state = wire::NegState::accept_incomplete;
      return reply(response, false);
    }
    return finish(response, client_mic);
  }

  // The mechanism is through; what is left is the list of mechanisms.
  Result<LogonStep> finish(wire::NegTokenResp response, const std::optional<Bytes>& client_mic) {
    DOZO_CHECK(check_mic(client_mic));
    ByteVector mic;
    if (client_mic || mic_required) {
      mic = chosen->get_mic(mech_types);
      response.mech_list_mic = mic;
    }
    // RFC 4178 5: a MIC that is required and has not come may follow ours.
    const bool done = client_mic.has_value() || !mic_required;
    state = done ? State::ended : State::awaiting_mic;
    response.neg_state = done ? wire::NegState::accept_completed : wire::NegState::accept_incomplete;
    return reply(response, done);
  }

  Result<LogonStep> on_late_mic(const wire::NegTokenResp& response) {
    if (!response.mech_list_mic || response.response_token) {
      return refuse(Refusal::bad_mech_list_mic, NtStatus::LOGON_FAILURE);
    }
    DOZO_CHECK(check_mic(response.mech_list_mic));
    state = State::ended;
    wire::NegTokenResp completed;
    completed.neg_state = wire::NegState::accept_completed;
    return reply(completed, true);
  }

  Result<> check_mic(const std::optional<Bytes>& mic) {
    if (!mic || chosen->verify_mic(mech_types, *mic)) return {};
    return refuse(Refusal::bad_mech_list_mic, NtStatus::LOGON_FAILURE);
  }

  // What the mechanism knows of who tried, and why SPNEGO itself refused, if it did.
  const LogonReport& update_report() {
    if (chosen != nullptr) own_report = chosen->report();
    if (refusal != Refusal::none) own_report.refusal = refusal;
    return own_report;
  }
};

SpnegoAcceptor::SpnegoAcceptor(std::vector<std::unique_ptr<Mechanism>> mechanisms) : impl_(std::make_unique<Impl>()) {
  impl_->mechanisms = std::move(mechanisms);
}
SpnegoAcceptor::~SpnegoAcceptor() = default;
SpnegoAcceptor::SpnegoAcceptor(SpnegoAcceptor&&) noexcept = default;
SpnegoAcceptor& SpnegoAcceptor::operator=(SpnegoAcceptor&&) noexcept = default;

Result<LogonStep> SpnegoAcceptor::step(Bytes token) {
  Impl& s = *impl_;
  const auto dispatch = [&](Impl::State state) -> Result<LogonStep> {
    switch (state) {
      case Impl::State::start:
        return s.on_first(token);
      case Impl::State::bare:
        return s.on_bare(token);
      case Impl::State::negotiating:
      case Impl::State::awaiting_mic:
        return s.on_response(token);
      case Impl::State::ended:
        break;
    }
    return s.unexpected();
  };
  Result<LogonStep> result = dispatch(s.state);
  if (!result) s.state = Impl::State::ended;
  s.update_report();
  return result;
}

const LogonReport& SpnegoAcceptor::report() const { return impl_->own_report; }
const Secret<32>& SpnegoAcceptor::session_key() const { return impl_->chosen->session_key(); }
const std::string& SpnegoAcceptor::account() const { return impl_->chosen->account(); }

}  // namespace dozo::identity
