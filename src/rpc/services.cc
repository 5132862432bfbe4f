#include "rpc/services.h"

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "rpc/lsarpc.h"
#include "rpc/srvsvc.h"
#include "rpc/wkssvc.h"

namespace dozo::rpc {
namespace {

constexpr std::array<const Interface*, 1> kOnSrvsvc = {&kSrvsvc};
constexpr std::array<const Interface*, 1> kOnWkssvc = {&kWkssvc};
constexpr std::array<const Interface*, 1> kOnLsarpc = {&kLsarpc};

constexpr PipeInfo kPipes[] = {
    {"srvsvc", kOnSrvsvc, For::everybody},
    {"wkssvc", kOnWkssvc, For::everybody},
    {"lsarpc", kOnLsarpc},
};

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 0x20) : c; }

bool same_ascii(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::span<const PipeInfo> all_pipes() { return kPipes; }

const PipeInfo* find_pipe(std::string_view name) {
  constexpr std::string_view kFolder = "PIPE\\";
  if (name.starts_with('\\')) name.remove_prefix(1);
  if (same_ascii(name.substr(0, kFolder.size()), kFolder)) name.remove_prefix(kFolder.size());
  for (const PipeInfo& pipe : kPipes) {
    if (same_ascii(name, pipe.name)) return &pipe;
  }
  return nullptr;
}

const Procedure* find_procedure(const Interface& interface, std::uint16_t opnum) {
  if (opnum >= interface.procedures.size()) return nullptr;
  const Procedure& row = interface.procedures[opnum];
  DOZO_ASSERT(row.opnum == opnum);
  return &row;
}

}  // namespace dozo::rpc
