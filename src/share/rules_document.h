// docs/share-engine.md: the engine's tables for readers, written from the tables themselves.
#pragma once

#include <string>

namespace dozo::share {

// Markdown with Mermaid drawings. A test holds the committed document against it.
std::string rules_document();

}  // namespace dozo::share
