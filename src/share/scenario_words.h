// The words of the scenario language, for its parser and its printer.
#pragma once

#include <array>
#include <string_view>

#include "share/scenario.h"

namespace dozo::share {

struct VerbRow {
  Verb verb;
  std::string_view name;
};
inline constexpr std::array<VerbRow, 14> kVerbs = {{{Verb::open, "open"},
                                                    {Verb::close, "close"},
                                                    {Verb::lock, "lock"},
                                                    {Verb::unlock, "unlock"},
                                                    {Verb::read, "read"},
                                                    {Verb::write, "write"},
                                                    {Verb::cancel, "cancel"},
                                                    {Verb::delete_file, "delete"},
                                                    {Verb::undelete, "undelete"},
                                                    {Verb::pending, "pending"},
                                                    {Verb::rename, "rename"},
                                                    {Verb::link, "link"},
                                                    {Verb::disconnect, "disconnect"},
                                                    {Verb::advance, "advance"}}};

struct AccessLetter {
  char letter;
  Access right;
};
inline constexpr std::array<AccessLetter, 5> kAccessLetters = {{{'r', Access::read_data},
                                                                {'w', Access::write_data},
                                                                {'a', Access::append_data},
                                                                {'x', Access::execute},
                                                                {'d', Access::delete_object}}};
struct ShareLetter {
  char letter;
  ShareFlag flag;
};
inline constexpr std::array<ShareLetter, 3> kShareLetters = {
    {{'r', ShareFlag::read}, {'w', ShareFlag::write}, {'d', ShareFlag::delete_access}}};
struct KindRow {
  LockKind kind;
  std::string_view name;
};
inline constexpr std::array<KindRow, 4> kKinds = {{{LockKind::shared, "shared"},
                                                   {LockKind::exclusive, "excl"},
                                                   {LockKind::unlock, "unlock"},
                                                   {LockKind::invalid, "bad"}}};

}  // namespace dozo::share
