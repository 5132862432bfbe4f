// The interfaces by which a server can be made to log on to somebody else. They are bound, and nothing behind them is
// ever called: who can bind them can reach them, which says nothing about whether a patch makes them harmless.
#include <fmt/format.h>

#include "client/pipe_rpc.h"
#include "model/nt_status.h"
#include "model/rpc_status.h"
#include "scan/survey.h"

namespace dozo::scan {
namespace {

struct CoercionPipe {
  std::string_view name;  // of the fact
  std::string_view pipe;
  std::string_view uuid;
  std::uint16_t major;
};
constexpr CoercionPipe kPipes[] = {
    {"efsrpc", "efsrpc", "df1941c5-fe89-4e79-bf10-463657acf44d", 1},            // [MS-EFSR] 1.9
    {"efsrpc-lsarpc", "lsarpc", "c681d488-d850-11d0-8c52-00c04fd90f7e", 1},     // [MS-EFSR] 1.9
    {"netdfs", "netdfs", "4fc742e0-4a10-11cf-8273-00aa004ae673", 3},            // [MS-DFSNM] 1.9
    {"fssagentrpc", "fssagentrpc", "a8e0653c-2744-4389-a61d-7373df8b2292", 1},  // [MS-FSRVP] 1.9
    {"spoolss", "spoolss", "12345678-1234-abcd-ef00-0123456789ab", 1},          // [MS-RPRN] 1.9
    {"eventlog", "eventlog", "82273fdc-e32a-18c3-3f78-827929dc23ea", 0},        // [MS-EVEN] 1.9
};

bool is_absent(NtStatus status) {
  return status == NtStatus::OBJECT_NAME_NOT_FOUND || status == NtStatus::NO_SUCH_FILE ||
         status == kRpcUnknownInterface || status == NtStatus::PIPE_NOT_AVAILABLE;
}

Fact not_bound(NtStatus status, const Visit& visit) {
  if (status == kRpcUnknownInterface) return no("the pipe is there, and not the interface");
  if (is_absent(status)) return no("there is no such pipe");
  return refusal(status, visit);
}

runtime::Task<Result<>> bind_only(client::Tree& ipc, const CoercionPipe& row) {
  const wire::RpcSyntax interface{.uuid = guid_from_string(row.uuid).value_or(Guid{}), .major = row.major, .minor = 0};
  auto pipe = co_await client::PipeRpc::bind(ipc, std::string(row.pipe), interface);
  if (!pipe) co_return fail(pipe.error());
  static_cast<void>(co_await (*pipe)->close());
  co_return Result<>{};
}

// A pipe that may not be opened says nothing about whether the spooler runs.
void judge_spooler(Fact& spooler, const Fact& bound, const Result<>& result) {
  if (spooler.state == State::yes) return;
  const bool known = result || is_absent(result.error());
  spooler = known ? bound : untested(bound.why);
}

consteval bool has_each_name() {
  for (std::size_t i = 0; i < std::size(kPipes); ++i) {
    if (kPipes[i].name != kCoercionPipes[i]) return false;
  }
  return std::size(kPipes) == kCoercionPipes.size();
}
static_assert(has_each_name());

}  // namespace

runtime::Task<void> survey_pipes(Visit& visit, client::Tree& ipc) {
  HostFacts& facts = visit.probe.facts();
  for (const CoercionPipe& row : kPipes) {
    Fact& fact = facts.coercion_pipes[std::string(row.name)];
    if (fact.state == State::yes) continue;  // reached by somebody with less
    const auto bound = co_await bind_only(ipc, row);
    fact = bound ? yes(fmt::format("bound as {}", visit.who)) : not_bound(bound.error(), visit);
    if (row.name == "spoolss") judge_spooler(facts.spooler, fact, bound);
  }
}

}  // namespace dozo::scan
