#include <csignal>
#include <iostream>

#include "cli/parse.h"

int main(int count, char** arguments) {
  std::signal(SIGPIPE, SIG_IGN);  // a peer or a reader that goes away is an error code, not the end
  dozo::cli::Io io{std::cin, std::cout, std::cerr};
  return static_cast<int>(dozo::cli::run({arguments + 1, arguments + count}, io));
}
