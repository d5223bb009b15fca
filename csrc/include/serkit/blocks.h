// Large arrays that come and go with every call: their memory is kept for the next one. Fresh memory costs the system's
// clearing of each page, more than the arithmetic on it.
#pragma once

#include <cstddef>

namespace serkit {

struct Block {
  void* memory;  // from the beginning of a 2 MiB page
  size_t bytes;
};

// At least `bytes`, with whatever was in it; throws std::bad_alloc. Give it back with give_block.
Block take_block(size_t bytes);

// Keeps the block for a later take_block, and gives the oldest kept ones back to the system above 256 MiB in all.
void give_block(Block block) noexcept;

}  // namespace serkit
