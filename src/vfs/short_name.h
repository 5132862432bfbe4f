// The 8.3 name of a file beside its own: [MS-FSA] 2.1.1.6 Link.ShortName. Pure, and computed from the name alone, so
// that nothing has to be stored and the same name has the same short name on every server.
#pragma once

#include <string>
#include <string_view>

namespace dozo::vfs {

// Whether a name is an 8.3 name as it is, case aside.
bool is_short_name(std::string_view client_name);

// The name itself in upper case where it is an 8.3 name; else one of the form "NAHHHH~H.EXT", with digits of a hash.
// Two names of a directory may have the same one (1 in 60 million): such a one means neither.
std::string short_name_of(std::string_view client_name);

// Whether short_name_of() may have made this name, in whatever case.
bool is_made_short_name(std::string_view client_name);

}  // namespace dozo::vfs
