// The table of RPC services: which pipes there are and what each interface answers.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "rpc/call.h"
#include "wire/rpc_pdu.h"

namespace dozo::rpc {

// Takes the in-parameters from the call's reader, writes the out-parameters to its writer. A fault throws away what
// was written.
using Handler = CallResult (*)(Call& call);

// Whether a caller without a name is answered: only with what NEGOTIATE and NTLM's challenge tell everybody anyway.
enum class For : std::uint8_t { users, everybody };

// One procedure. A row without handler only gives an opnum its name: it is answered nca_s_op_rng_error.
struct Procedure {
  std::uint16_t opnum;
  std::string_view name;
  Handler handler = nullptr;
  For callers = For::users;  // others get a fault, access_denied
};

struct Interface {
  std::string_view name;
  wire::RpcSyntax syntax;
  std::span<const Procedure> procedures;  // by opnum, without gaps
};

struct PipeInfo {
  std::string_view name;  // lower case, without a path
  std::span<const Interface* const> interfaces;
  For openers = For::users;  // who may open it: everybody, when it has something for everybody
};

std::span<const PipeInfo> all_pipes();

// By the name a client opens on IPC$: any case, with or without a leading backslash or "PIPE\". nullptr: no such pipe.
// The name is only ever compared with the table.
const PipeInfo* find_pipe(std::string_view name);

// A UUID as interfaces are written down, "4b324fc8-1670-01d3-1278-5a47bf6ee188".
consteval Guid uuid(const char (&text)[37]) {
  constexpr std::size_t kText[16] = {6, 4, 2, 0, 11, 9, 16, 14, 19, 21, 24, 26, 28, 30, 32, 34};  // by wire position
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  Guid guid;
  for (std::size_t i = 0; i < 16; ++i) {
    guid.bytes[i] = static_cast<std::uint8_t>(digit(text[kText[i]]) * 16 + digit(text[kText[i] + 1]));
  }
  return guid;
}

// The row of an opnum; nullptr beyond the interface's last.
const Procedure* find_procedure(const Interface& interface, std::uint16_t opnum);

}  // namespace dozo::rpc
