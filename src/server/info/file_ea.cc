// FileFullEaInformation. [MS-SMB2] 3.3.5.20.1, 3.3.5.21.1; [MS-FSA] 2.1.5.12.12, 2.1.5.15.6.
#include "server/checks.h"
#include "server/info/ea_list.h"
#include "server/info/functions.h"

namespace dozo::server {
namespace {

using wire::QueryInfoFlag;

// Where the enumeration starts. The client counts from 1.
Result<std::size_t> start_of(const InfoQuery& query, std::size_t count) {
  if (query.flags.has(QueryInfoFlag::index_specified)) {
    const std::size_t index = query.additional_information;
    if (index == 0 || index > count) return fail(NtStatus::NONEXISTENT_EA_ENTRY);
    return index - 1;
  }
  if (query.flags.has(QueryInfoFlag::restart_scan)) query.open.ea_index = 0;
  return query.open.ea_index;
}

}  // namespace

QueryTask query_full_ea(InfoQuery& query) {
  EaQuery wanted;
  wanted.single = query.flags.has(QueryInfoFlag::return_single_entry);
  wanted.size_max = query.output_max;
  DOZO_CO_TRY(wanted.names, decode_ea_names(query.input));
  auto all = co_await query.open.file->extended_attributes();
  if (!all) co_return fail(all.error());

  const bool enumerates = wanted.names.empty() && !query.flags.has(QueryInfoFlag::index_specified);
  if (wanted.names.empty()) {
    DOZO_CO_TRY(wanted.start, start_of(query, all->size()));
  }
  DOZO_CO_TRY(EaAnswer answer, answer_ea_query(*all, wanted));
  if (enumerates) query.open.ea_index += static_cast<std::uint32_t>(answer.returned);
  co_return InfoAnswer{answer.status, std::move(answer.list)};
}

SetTask set_full_ea(InfoSet& set) {
  DOZO_CO_TRY(const auto list, decode_ea_list(set.input));
  DOZO_CO_CHECK(check_writable(*set.open.tree));
  for (const vfs::ExtendedAttribute& ea : list) {
    auto done = co_await set.open.file->set_extended_attribute(ea.name, ea.value);
    if (!done) co_return fail(done.error());
  }
  co_return Result<>();
}

}  // namespace dozo::server
