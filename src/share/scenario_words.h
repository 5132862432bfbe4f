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
inline constexpr std::array<VerbRow, 21> kVerbs = {{{Verb::open, "open"},
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
                                                    {Verb::advance, "advance"},
                                                    {Verb::use, "use"},
                                                    {Verb::replace, "replace"},
                                                    {Verb::ack, "ack"},
                                                    {Verb::change, "change"},
                                                    {Verb::outside, "outside"},
                                                    {Verb::preserve, "preserve"},
                                                    {Verb::reclaim, "reclaim"}}};

struct AccessLetter {
  char letter;
  Access right;
};
inline constexpr std::array<AccessLetter, 8> kAccessLetters = {{{'r', Access::read_data},
                                                                {'w', Access::write_data},
                                                                {'a', Access::append_data},
                                                                {'x', Access::execute},
                                                                {'d', Access::delete_object},
                                                                {'e', Access::read_ea},
                                                                {'c', Access::read_control},
                                                                {'p', Access::write_dac}}};
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

struct LevelRow {
  OplockLevel level;
  std::string_view name;
};
inline constexpr std::array<LevelRow, 5> kLevels = {{{OplockLevel::none, "none"},
                                                     {OplockLevel::level_ii, "level_ii"},
                                                     {OplockLevel::exclusive, "exclusive"},
                                                     {OplockLevel::batch, "batch"},
                                                     {OplockLevel::lease, "lease"}}};
struct StateLetter {
  char letter;
  LeaseBit bit;
};
inline constexpr std::array<StateLetter, 3> kStateLetters = {
    {{'R', LeaseBit::read}, {'W', LeaseBit::write}, {'H', LeaseBit::handle}}};
struct UseRow {
  CacheUse use;
  std::string_view name;
};
inline constexpr std::array<UseRow, 6> kUses = {{{CacheUse::write, "write"},
                                                 {CacheUse::lock, "lock"},
                                                 {CacheUse::set_size, "size"},
                                                 {CacheUse::set_delete, "delete"},
                                                 {CacheUse::set_security, "security"},
                                                 {CacheUse::rename, "rename"}}};

}  // namespace dozo::share
