// What is said first on a connection to a port of SMB: NEGOTIATE of one dialect and, where it is the first that is
// taken, the beginning of a logon, whose answer says who the server is.
#pragma once

#include "scan/host_probe.h"

namespace dozo::scan {

// 3.1.1, on the connection that has found the port open.
runtime::Task<void> say_first_words(HostProbe& probe, Line& line);
// NEGOTIATE of `offer` alone; the answer, or why there is none. A refusal is an answer.
runtime::Task<Probed<NegotiateOutcome>> negotiate(HostProbe& probe, Line& line, const NegotiateOffer& offer);
// The fact of a dialect, and what else the answer says; then the logon's beginning, unless a higher dialect has had it.
runtime::Task<void> try_dialect(HostProbe& probe, Line& line, Dialect dialect);
// What was offered with the first dialect. Everything in it is what most clients offer.
NegotiateOffer offer_of(Dialect dialect);

}  // namespace dozo::scan
