// Runs nft, the program: libnftables is GPL-2 and is not linked. No shell in between.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "policy/nft_table.h"

namespace dozo::policy {

struct ProgramOutput {
  int status = 0;  // of exit; 128 and the signal when one ended it
  std::string out, err;
};
// `program` is looked for in $PATH and in the folders of administrators' programs. `input` is its standard input. The
// error says why it could not be run.
std::expected<ProgramOutput, std::string> run_program(const std::string& program,
                                                      const std::vector<std::string>& arguments,
                                                      std::string_view input);

// All of these: an error is what nft said, for a person.
template <class T = void>
using Nft = std::expected<T, std::string>;

// One transaction: all of it or nothing.
Nft<> nft_load(std::string_view text);
// Our table as nft writes it, to be loaded again as it is; empty when there is none.
Nft<std::string> nft_saved();
// The same, as a value; nothing inside when there is none.
Nft<std::optional<NftTable>> nft_live();
// What was saved takes the place of what is there; empty: no table of ours is left.
Nft<> nft_restore(std::string_view saved);

// Puts somebody into the set of those that the server cut off, for so long. Their open connections end.
Nft<> nft_ban(const Address& address, std::int64_t seconds);
Nft<> nft_unban(const Address& address);

}  // namespace dozo::policy
