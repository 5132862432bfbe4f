// Trouble: why a probe has no answer. What kind of trouble decides between "no" and "not tested".
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "scan/facts.h"

namespace dozo::scan {

struct Trouble {
  enum class Kind : std::uint8_t {
    refused,    // nothing listens there
    silent,     // the time was over
    ended,      // the peer hung up
    malformed,  // what came is no answer
    other,      // unreachable, no socket, no connection left
  };
  Kind kind = Kind::other;
  std::string text;
};

template <class T>
using Probed = std::expected<T, Trouble>;

inline std::unexpected<Trouble> trouble(Trouble::Kind kind, std::string text) {
  return std::unexpected(Trouble{kind, std::move(text)});
}

// What the transport's status says; STATUS_IO_TIMEOUT with the time that was given.
Trouble trouble_of(NtStatus status, Duration timeout);

inline Fact yes(std::string why) { return {State::yes, std::move(why)}; }
inline Fact no(std::string why) { return {State::no, std::move(why)}; }
inline Fact untested(std::string why) { return {State::untested, std::move(why)}; }
inline Fact untested(const Trouble& trouble) { return {State::untested, trouble.text}; }

// "STATUS_ACCESS_DENIED".
std::string status_text(NtStatus status);

}  // namespace dozo::scan
