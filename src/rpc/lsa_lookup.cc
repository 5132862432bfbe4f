#include "rpc/lsa_lookup.h"

#include <algorithm>

#include "base/unicode.h"
#include "model/nt_status.h"

namespace dozo::rpc {
namespace {

// [MS-LSAT] 3.1.4.8 and 3.1.4.10: how many a call may ask for.
constexpr std::uint32_t kNamesMax = 1000;
constexpr std::uint32_t kSidsMax = 20480;
constexpr std::uint32_t kNoDomain = 0xFFFFFFFF;  // DomainIndex -1
constexpr std::uint32_t kNoRid = 0xFFFFFFFF;     // RelativeId of a domain

// How a variant of a call spells its answers.
enum class Form { first, extended, with_sids };

// [MS-LSAT] 2.2.12 LSAPR_REFERENCED_DOMAIN_LIST, being gathered.
class Domains {
 public:
  // The index of the domain of an account, added when it is new.
  std::uint32_t index_of(const Account& account) {
    Domain d{.name = account.domain, .sid = account.sid};
    if (account.kind != SidKind::domain && !d.sid.sub_authorities.empty()) d.sid.sub_authorities.pop_back();
    auto found = std::find(domains_.begin(), domains_.end(), d);
    if (found == domains_.end()) found = domains_.insert(found, std::move(d));
    return static_cast<std::uint32_t>(found - domains_.begin());
  }

  void write(wire::NdrWriter& out) const {
    const auto count = static_cast<std::uint32_t>(domains_.size());
    out.pointer(true);
    out.u32(count);
    out.pointer(count != 0);
    out.u32(count);  // MaxEntries
    if (count == 0) return;
    out.u32(count);
    for (const Domain& d : domains_) {
      out.unicode_header(d.name);
      out.pointer(true);
    }
    for (const Domain& d : domains_) {
      out.unicode_body(d.name);
      out.sid(d.sid);
    }
  }

 private:
  struct Domain {
    std::string name;
    Sid sid;
    bool operator==(const Domain&) const = default;
  };
  std::vector<Domain> domains_;
};

// The parameters both directions share, behind what is looked up. The in-direction's translations must be empty.
void read_rest(wire::NdrReader& in, Form form) {
  const std::uint32_t entries = in.u32();
  if (in.pointer() && in.u32() != 0) in.set_bad();
  if (entries != 0) in.set_bad();
  in.u16();  // LookupLevel: all of what is known here is local
  in.u32();  // MappedCount
  if (form == Form::first) return;
  in.u32();  // LookupOptions
  in.u32();  // ClientRevision
}

NtStatus status_of(std::size_t mapped, std::size_t asked) {
  if (mapped == asked) return NtStatus::SUCCESS;
  return mapped == 0 ? NtStatus::NONE_MAPPED : NtStatus::SOME_NOT_MAPPED;
}

void finish(wire::NdrWriter& out, std::size_t mapped, NtStatus status) {
  out.u32(static_cast<std::uint32_t>(mapped));
  out.u32(static_cast<std::uint32_t>(status));
}

// The whole answer of a call that looked nothing up.
void refuse(wire::NdrWriter& out, NtStatus status) {
  out.pointer(false);  // ReferencedDomains
  out.u32(0);          // no translations
  out.pointer(false);
  finish(out, 0, status);
}

std::size_t mapped_count(const std::vector<std::optional<Account>>& found) {
  return static_cast<std::size_t>(
      std::count_if(found.begin(), found.end(), [](const auto& a) { return a.has_value(); }));
}

void write_use(wire::NdrWriter& out, SidKind kind) {
  out.align(4);
  out.u16(static_cast<std::uint16_t>(kind));
}

// [MS-LSAT] 2.2.15 LSAPR_TRANSLATED_SID(_EX), 2.2.24 LSAPR_TRANSLATED_SID_EX2: one flat element.
void write_translated_sid(wire::NdrWriter& out, const std::optional<Account>& account, Domains& domains, Form form) {
  write_use(out, account ? account->kind : SidKind::unknown);
  if (form == Form::with_sids) {
    out.pointer(account.has_value());
  } else if (!account) {
    out.u32(0);
  } else {
    out.u32(account->kind == SidKind::domain ? kNoRid : account->sid.rid());
  }
  out.u32(account ? domains.index_of(*account) : kNoDomain);
  if (form != Form::first) out.u32(0);  // Flags: found without asking another domain
}

void answer_names(Call& call, const std::vector<std::optional<Account>>& found, Form form) {
  Domains domains;
  for (const auto& account : found) {
    if (account) domains.index_of(*account);
  }
  domains.write(call.out);
  const auto count = static_cast<std::uint32_t>(found.size());
  call.out.u32(count);
  call.out.pointer(count != 0);
  if (count != 0) call.out.u32(count);
  for (const auto& account : found) write_translated_sid(call.out, account, domains, form);
  for (const auto& account : found) {
    if (form == Form::with_sids && account) call.out.sid(account->sid);
  }
  const std::size_t mapped = mapped_count(found);
  finish(call.out, mapped, status_of(mapped, found.size()));
}

std::vector<AccountName> read_names(wire::NdrReader& in) {
  // Count, then the conformant array, whose own count repeats it.
  const std::uint32_t count = in.u32();
  if (in.conformant_count(8) != count) in.set_bad();
  if (!in.ok()) return {};
  std::vector<wire::NdrReader::UnicodeHeader> headers(count);
  for (auto& header : headers) header = in.unicode_header();
  std::vector<AccountName> names;
  for (const auto& header : headers) {
    if (!in.ok()) break;
    names.push_back(split_account_name(utf16_to_utf8(in.unicode_body(header))));
  }
  return names;
}

CallResult lookup_names(Call& call, Form form) {
  const Guid handle = read_handle(call.in);
  const std::vector<AccountName> names = read_names(call.in);
  read_rest(call.in, form);
  if (!call.in.ok()) return Fault::bad_stub_data;
  if (!call.handles.valid(handle)) return Fault::context_mismatch;
  if (names.size() > kNamesMax) {
    refuse(call.out, NtStatus::INVALID_PARAMETER);
    return Fault::none;
  }
  answer_names(call, call.host.accounts_of_names(names), form);
  return Fault::none;
}

// [MS-LSAT] 2.2.17 LSAPR_SID_ENUM_BUFFER.
std::vector<Sid> read_sids(wire::NdrReader& in) {
  const std::uint32_t count = in.u32();
  const bool present = in.pointer();
  if (!present && count != 0) in.set_bad();
  if (!present || !in.ok()) return {};
  if (in.conformant_count(4) != count) in.set_bad();
  for (std::uint32_t i = 0; in.ok() && i < count; ++i) {
    if (!in.pointer()) in.set_bad();  // [MS-LSAT] 2.2.16: the pointer is not null
  }
  std::vector<Sid> sids;
  for (std::uint32_t i = 0; in.ok() && i < count; ++i) {
    if (auto sid = in.sid()) sids.push_back(std::move(*sid));
  }
  return sids;
}

// A SID nobody knows is given back as its text, [MS-LSAT] 3.1.4.9.
std::string name_of(const std::optional<Account>& account, const Sid& asked) {
  return account ? account->name : to_string(asked);
}

// [MS-LSAT] 2.2.19 LSAPR_TRANSLATED_NAME, 2.2.21 LSAPR_TRANSLATED_NAME_EX.
void answer_sids(Call& call, std::span<const Sid> asked, const std::vector<std::optional<Account>>& found, Form form) {
  Domains domains;
  for (const auto& account : found) {
    if (account) domains.index_of(*account);
  }
  domains.write(call.out);
  const auto count = static_cast<std::uint32_t>(found.size());
  call.out.u32(count);
  call.out.pointer(count != 0);
  if (count != 0) call.out.u32(count);
  for (std::size_t i = 0; i < found.size(); ++i) {
    write_use(call.out, found[i] ? found[i]->kind : SidKind::unknown);
    call.out.unicode_header(name_of(found[i], asked[i]));
    call.out.u32(found[i] ? domains.index_of(*found[i]) : kNoDomain);
    if (form != Form::first) call.out.u32(0);
  }
  for (std::size_t i = 0; i < found.size(); ++i) call.out.unicode_body(name_of(found[i], asked[i]));
  const std::size_t mapped = mapped_count(found);
  finish(call.out, mapped, status_of(mapped, found.size()));
}

CallResult lookup_sids(Call& call, Form form) {
  const Guid handle = read_handle(call.in);
  const std::vector<Sid> sids = read_sids(call.in);
  read_rest(call.in, form);
  if (!call.in.ok()) return Fault::bad_stub_data;
  if (!call.handles.valid(handle)) return Fault::context_mismatch;
  if (sids.size() > kSidsMax) {
    refuse(call.out, NtStatus::INVALID_PARAMETER);
    return Fault::none;
  }
  answer_sids(call, sids, call.host.accounts_of_sids(sids), form);
  return Fault::none;
}

// [MS-LSAT] 3.1.4.5 and 3.1.4.9: between domain controllers only, and this is none.
CallResult controllers_only(Call& call) {
  refuse(call.out, NtStatus::INVALID_SERVER_STATE);
  return Fault::none;
}

}  // namespace

AccountName split_account_name(std::string_view text) {
  if (const std::size_t slash = text.find('\\'); slash != text.npos) {
    return {std::string(text.substr(0, slash)), std::string(text.substr(slash + 1))};
  }
  if (const std::size_t at = text.rfind('@'); at != text.npos) {
    return {std::string(text.substr(at + 1)), std::string(text.substr(0, at))};
  }
  return {"", std::string(text)};
}

CallResult lsar_lookup_names(Call& call) { return lookup_names(call, Form::first); }
CallResult lsar_lookup_names2(Call& call) { return lookup_names(call, Form::extended); }
CallResult lsar_lookup_names3(Call& call) { return lookup_names(call, Form::with_sids); }
CallResult lsar_lookup_names4(Call& call) { return controllers_only(call); }
CallResult lsar_lookup_sids(Call& call) { return lookup_sids(call, Form::first); }
CallResult lsar_lookup_sids2(Call& call) { return lookup_sids(call, Form::extended); }
CallResult lsar_lookup_sids3(Call& call) { return controllers_only(call); }

}  // namespace dozo::rpc
