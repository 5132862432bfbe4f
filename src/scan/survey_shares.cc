// The shares, and what somebody may do in each: by the rights the server grants to who opens its root, never by
// writing.
#include <fmt/format.h>

#include <algorithm>

#include "client/file.h"
#include "client/srvsvc.h"
#include "model/nt_status.h"
#include "scan/rpc_calls.h"
#include "scan/survey.h"
#include "wire/create_contexts.h"

namespace dozo::scan {
namespace {

constexpr std::size_t kSharesOpened = 64;   // of one host
constexpr std::size_t kListMax = 1u << 20;  // bytes: there are many hosts at a time
constexpr AccessMask kWrites = Access::write_data | Access::append_data;
constexpr std::string_view kSpecial = "ipc";

// What is asked of a share's root.
struct RootAnswer {
  std::optional<AccessMask> maximal;  // where the server says
};

// [MS-SMB2] 2.2.14.2.5: what who has opened it may do; nothing where the server does not say.
std::optional<AccessMask> maximal_access(const wire::CreateResponse& created) {
  const auto* context = wire::find_context(created.create_contexts, wire::context_name::kQueryMaximalAccess);
  if (context == nullptr) return std::nullopt;
  const auto answer = wire::decode_plain<wire::QueryMaximalAccessResponse>(context->data);
  if (!answer || answer->query_status != NtStatus::SUCCESS) return std::nullopt;
  return answer->maximal_access;
}

// The root is opened to be listed, and not listed: that would change the time of its last access. Not as a compound:
// impacket's server signs those wrongly.
runtime::Task<Result<RootAnswer>> open_root(client::Tree& tree, AccessMask access) {
  client::OpenOptions options;
  options.access = access;
  options.options = CreateOption::directory_file;
  options.contexts.push_back({.name = wire::context_name::kQueryMaximalAccess, .data = {}});
  auto opened = co_await tree.open(std::move(options));
  if (!opened) co_return fail(opened.error());
  RootAnswer answer{.maximal = maximal_access((*opened)->created())};
  static_cast<void>(co_await (*opened)->close());
  co_return answer;
}

// An open that asks for the right to add files, and adds none, is granted or refused by the same rules.
runtime::Task<Fact> ask_to_write(Visit& visit, client::Tree& tree) {
  const auto opened = co_await open_root(tree, Access::write_data | Access::synchronize);
  if (opened) co_return yes(fmt::format("the root can be opened to add files as {}", visit.who));
  Fact refused = refusal(opened.error(), visit);
  // impacket's server opens no folder for writing, whoever may write to it.
  const AccessMask of_share = tree.properties().maximal_access;
  if (refused.state == State::no && of_share.has_any(kWrites)) {
    co_return untested(fmt::format("{} for the root, but 0x{:08x} for the share", refused.why, of_share.bits()));
  }
  co_return refused;
}

runtime::Task<void> ask_rights(Visit& visit, client::Tree& tree, ShareFacts& share) {
  const auto opened = co_await open_root(tree, Access::read_data | Access::read_attributes | Access::synchronize);
  share.read = opened ? yes(fmt::format("the root can be opened to be listed as {}", visit.who))
                      : refusal(opened.error(), visit);
  const auto access = opened ? opened->maximal : std::nullopt;
  if (!access) {
    share.write = co_await ask_to_write(visit, tree);
    co_return;
  }
  const std::string why = fmt::format("MaximalAccess 0x{:08x} of the root as {}", access->bits(), visit.who);
  share.write = access->has_any(kWrites) ? yes(why) : no(why);
}

runtime::Task<void> open_share(Visit& visit, ShareFacts& share, bool& encrypts) {
  auto tree = co_await visit.session.connect_tree(share.name);
  if (!tree) {
    share.read = share.write = refusal(tree.error(), visit);
    co_return;
  }
  encrypts = encrypts && (*tree)->encrypts();
  if ((*tree)->type() == wire::ShareType::disk) {
    co_await ask_rights(visit, **tree, share);
  } else {
    share.read = share.write = untested("not a share of files");
  }
  static_cast<void>(co_await (*tree)->disconnect());
}

ShareFacts facts_of(const client::ListedShare& listed) {
  return {.name = listed.name, .type = std::string(share_type_name(listed.type)), .comment = listed.comment};
}

// The facts of those who came before are replaced by what this visitor finds.
void keep(std::vector<ShareFacts>& known, ShareFacts found) {
  const auto same = std::ranges::find(known, found.name, &ShareFacts::name);
  if (same == known.end()) {
    known.push_back(std::move(found));
  } else {
    *same = std::move(found);
  }
}

runtime::Task<void> open_shares(Visit& visit, const std::vector<client::ListedShare>& listed) {
  bool encrypts = true;
  std::size_t opened = 0;
  for (const client::ListedShare& one : listed) {
    ShareFacts share = facts_of(one);
    if (share.type == kSpecial) {
      share.read = share.write = untested("not a share of files");
    } else if (opened++ < kSharesOpened) {
      co_await open_share(visit, share, encrypts);
    } else {
      share.read = share.write = untested(fmt::format("more than {} shares", kSharesOpened));
    }
    keep(visit.probe.facts().shares, std::move(share));
  }
  visit.probe.every_share_encrypts = opened > 0 && encrypts;
}

}  // namespace

runtime::Task<Fact> survey_shares(Visit& visit, client::Tree& ipc) {
  const auto listed = co_await client::list_shares(ipc, {.answer_max = kListMax});
  if (!listed) co_return refusal(listed.error(), visit);
  co_await open_shares(visit, *listed);
  co_return yes(fmt::format("lists {} shares to {}", listed->size(), visit.who));
}

}  // namespace dozo::scan
