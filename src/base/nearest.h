// "Did you mean …?": the word that a misspelt one most likely was.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dozo {

// The candidate with the fewest letters to change; empty when all are further away than half of `word`.
std::string nearest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace dozo
