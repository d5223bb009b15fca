// A condition on arguments: where it does not hold the caller is told, in a sentence.
#pragma once

#include <stdexcept>
#include <string>

namespace serkit {

inline void require(bool allowed, const std::string& sentence) {
  if (!allowed) throw std::invalid_argument(sentence);
}

}  // namespace serkit
