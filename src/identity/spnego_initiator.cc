#include <algorithm>
#include <utility>

#include "identity/authenticator.h"
#include "model/nt_status.h"
#include "wire/spnego.h"

namespace dozo::identity {

struct SpnegoInitiator::Impl {
  enum class State { start, negotiating, awaiting_completion, ended };

  std::unique_ptr<Mechanism> mechanism;
  State state = State::start;
  ByteVector mech_types;
  bool mic_required = false;
  LogonReport own_report;
  Refusal refusal = Refusal::none;

  std::unexpected<NtStatus> refuse(Refusal reason, NtStatus status = NtStatus::LOGON_FAILURE) {
    refusal = reason;
    return fail(status);
  }

  Result<LogonStep> start() {
    DOZO_TRY(const LogonStep first, mechanism->step({}));
    wire::NegTokenInit init;
    init.mech_types = {{wire::mechanism_from_oid(mechanism->oid()), mechanism->oid()}};
    mech_types = wire::encode_mech_types(init.mech_types);
    init.mech_token = first.token;
    state = State::negotiating;
    return LogonStep{.token = wire::encode_neg_token_init(init), .done = false};
  }

  Result<LogonStep> on_response(Bytes token) {
    const Result<wire::NegTokenResp> response = wire::decode_neg_token_resp(token);
    if (!response) return refuse(Refusal::malformed_token, NtStatus::INVALID_PARAMETER);
    if (response->neg_state == wire::NegState::reject) return refuse(Refusal::no_common_mechanism);
    if (response->supported_mech && !std::ranges::equal(response->supported_mech->oid, mechanism->oid())) {
      return refuse(Refusal::no_common_mechanism);
    }
    if (response->neg_state == wire::NegState::request_mic) mic_required = true;
    if (state == State::awaiting_completion) return on_completion(*response);
    // A server that says it is done before the mechanism is has not proven anything.
    if (!response->response_token || response->neg_state == wire::NegState::accept_completed) return unexpected();
    return run(*response->response_token);
  }

  std::unexpected<NtStatus> unexpected() { return refuse(Refusal::unexpected_token, NtStatus::INVALID_PARAMETER); }

  Result<LogonStep> run(Bytes mech_token) {
    DOZO_TRY(const LogonStep step, mechanism->step(mech_token));
    ByteVector mic;
    wire::NegTokenResp response;
    response.neg_state = wire::NegState::accept_incomplete;
    response.response_token = step.token;
    if (step.done) {
      // [MS-SPNG] 3.1.5.1: sent with the token that completes the mechanism on this side.
      if (mechanism->keys_ready()) mic = mechanism->get_mic(mech_types);
      if (mechanism->keys_ready()) response.mech_list_mic = mic;
      state = State::awaiting_completion;
    }
    return LogonStep{.token = wire::encode_neg_token_resp(response), .done = false};
  }

  Result<LogonStep> on_completion(const wire::NegTokenResp& response) {
    if (response.neg_state != wire::NegState::accept_completed || response.response_token) return unexpected();
    if (response.mech_list_mic && mechanism->keys_ready()) {
      if (!mechanism->verify_mic(mech_types, *response.mech_list_mic)) return refuse(Refusal::bad_mech_list_mic);
    } else if (mic_required) {
      return refuse(Refusal::bad_mech_list_mic);
    }
    state = State::ended;
    return LogonStep{.token = {}, .done = true};
  }
};

SpnegoInitiator::SpnegoInitiator(std::unique_ptr<Mechanism> mechanism) : impl_(std::make_unique<Impl>()) {
  impl_->mechanism = std::move(mechanism);
}
SpnegoInitiator::~SpnegoInitiator() = default;
SpnegoInitiator::SpnegoInitiator(SpnegoInitiator&&) noexcept = default;
SpnegoInitiator& SpnegoInitiator::operator=(SpnegoInitiator&&) noexcept = default;

Result<LogonStep> SpnegoInitiator::step(Bytes token) {
  Impl& s = *impl_;
  const auto dispatch = [&]() -> Result<LogonStep> {
    switch (s.state) {
      case Impl::State::start:
        return s.start();
      case Impl::State::negotiating:
      case Impl::State::awaiting_completion:
        return s.on_response(token);
      case Impl::State::ended:
        break;
    }
    return s.unexpected();
  };
  Result<LogonStep> result = dispatch();
  if (!result) s.state = Impl::State::ended;
  s.own_report = s.mechanism->report();
  if (s.refusal != Refusal::none) s.own_report.refusal = s.refusal;
  return result;
}

const LogonReport& SpnegoInitiator::report() const { return impl_->own_report; }
const Secret<32>& SpnegoInitiator::session_key() const { return impl_->mechanism->session_key(); }

}  // namespace dozo::identity
