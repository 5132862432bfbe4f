// Passwords: asked of a person, read from a pipe, or made up.
#pragma once

#include <expected>
#include <string>

#include "cli/command.h"

namespace dozo::cli {

// The first line of `in`, without its line end.
std::expected<std::string, std::string> password_from_stream(std::istream& in);

// Asks twice on the terminal, without echo. An error when there is no terminal, or when the two differ.
std::expected<std::string, std::string> password_from_terminal(std::string_view user);

// Asks once on the terminal, without echo, for a password that exists already.
std::expected<std::string, std::string> ask_password(const std::string& prompt);

// One of the two, as --password-stdin says.
std::expected<std::string, std::string> read_password(const Arguments& arguments, Io& io, std::string_view user);

// Four groups of five letters and digits that cannot be mistaken for each other: 99 bits.
std::string generated_password();

}  // namespace dozo::cli
