#include "server/info/ea_list.h"

#include <algorithm>

#include "model/nt_status.h"
#include "wire/fscc/ea.h"

namespace dozo::server {
namespace {

constexpr std::size_t kEaTotalMax = 64 * 1024 - 5;  // [MS-FSA] 2.1.5.15.6

// [MS-FSCC] 2.4.16: printable 8-bit text without these.
bool is_ea_name(std::string_view name) {
  constexpr std::string_view kForbidden = "\\/:*?\"<>|,+=[];";
  if (name.empty()) return false;
  return std::ranges::none_of(name, [&](char c) {
    return static_cast<unsigned char>(c) < 0x20 || kForbidden.find(c) != std::string_view::npos;
  });
}

bool same_name(std::string_view a, std::string_view b) {
  const auto upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; };
  return std::ranges::equal(a, b, {}, upper, upper);
}

Bytes value_of(const std::vector<vfs::ExtendedAttribute>& all, std::string_view name) {
  const auto found = std::ranges::find_if(all, [&](const auto& ea) { return same_name(ea.name, name); });
  return found == all.end() ? Bytes() : Bytes(found->value);
}

// The attributes asked for, in order; a name that the file does not have is answered without a value.
std::vector<wire::FileFullEaInformation> wanted_entries(const std::vector<vfs::ExtendedAttribute>& all,
                                                        const EaQuery& query) {
  std::vector<wire::FileFullEaInformation> out;
  for (const std::string& name : query.names) out.push_back({0, name, value_of(all, name)});
  if (!query.names.empty()) return out;
  for (std::size_t i = query.start; i < all.size(); ++i) out.push_back({0, all[i].name, all[i].value});
  return out;
}

}  // namespace

Result<std::vector<vfs::ExtendedAttribute>> decode_ea_list(Bytes list) {
  const auto entries = wire::decode_chain<wire::FileFullEaInformation>(list, wire::kEaAlignment);
  if (!entries) return fail(NtStatus::EA_LIST_INCONSISTENT);
  std::vector<vfs::ExtendedAttribute> out;
  std::size_t total = 0;
  for (const auto& entry : *entries) {
    const bool flags_valid = (entry.flags & ~wire::kEaFlagNeedEa) == 0;
    if (!flags_valid || !is_ea_name(entry.ea_name)) return fail(NtStatus::INVALID_EA_NAME);
    total += wire::plain_size(entry);
    if (total > kEaTotalMax) return fail(NtStatus::EA_TOO_LARGE);
    out.push_back({entry.ea_name, ByteVector(entry.ea_value.begin(), entry.ea_value.end())});
  }
  return out;
}

Result<std::vector<std::string>> decode_ea_names(Bytes list) {
  const auto entries = wire::decode_chain<wire::FileGetEaInformation>(list, wire::kEaAlignment);
  if (!entries) return fail(NtStatus::EA_LIST_INCONSISTENT);
  std::vector<std::string> out;
  for (const auto& entry : *entries) {
    if (!is_ea_name(entry.ea_name)) return fail(NtStatus::INVALID_EA_NAME);
    out.push_back(entry.ea_name);
  }
  return out;
}

Result<EaAnswer> answer_ea_query(const std::vector<vfs::ExtendedAttribute>& all, const EaQuery& query) {
  if (all.empty() && query.names.empty()) return fail(NtStatus::NO_EAS_ON_FILE);
  const std::vector<wire::FileFullEaInformation> wanted = wanted_entries(all, query);
  if (wanted.empty()) return fail(NtStatus::NO_MORE_EAS);

  ByteWriter out;
  wire::ChainWriter chain(out, {.alignment = wire::kEaAlignment, .size_max = query.size_max});
  const std::size_t count = query.single ? 1 : wanted.size();
  for (std::size_t i = 0; i < count && chain.append(wanted[i]);) ++i;
  if (chain.count() == 0) return fail(NtStatus::BUFFER_TOO_SMALL);
  const bool complete = chain.count() == count;
  return EaAnswer{complete ? NtStatus::SUCCESS : NtStatus::BUFFER_OVERFLOW, std::move(out).take(), chain.count()};
}

}  // namespace dozo::server
