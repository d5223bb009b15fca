#include "serkit/blocks.h"

#ifdef __linux__
#include <sys/mman.h>
#endif
#ifndef _WIN32
#include <pthread.h>
#endif

#include <algorithm>
#include <deque>
#include <mutex>
#include <new>

namespace serkit {
namespace {

constexpr size_t kPage = size_t{2} << 20;
constexpr size_t kMostKept = size_t{256} << 20;

struct Kept {
  std::mutex mutex;
  std::deque<Block> blocks;  // oldest first
  size_t bytes = 0;
};

// Never destroyed: arrays may be freed while the process ends. A fork waits until nobody holds the mutex, which in its
// child nobody could give back; the child's copy of the blocks is its own.
Kept& kept() {
  static Kept* const all = [] {
    auto* made = new Kept;
#ifndef _WIN32
    pthread_atfork([] { kept().mutex.lock(); }, [] { kept().mutex.unlock(); }, [] { kept().mutex.unlock(); });
#endif
    return made;
  }();
  return *all;
}

void free_block(Block block) noexcept { ::operator delete(block.memory, std::align_val_t(kPage)); }

}  // namespace

Block take_block(size_t bytes) {
  if (bytes > SIZE_MAX - kPage) throw std::bad_alloc();
  const size_t wanted = std::max(kPage, (bytes + kPage - 1) / kPage * kPage);
  {
    Kept& all = kept();
    const std::lock_guard<std::mutex> lock(all.mutex);
    auto best = all.blocks.end();
    for (auto it = all.blocks.begin(); it != all.blocks.end(); ++it) {
      // batches differ in length; a block twice too large is waste
      if (it->bytes < wanted || it->bytes / 2 > wanted) continue;
      if (best == all.blocks.end() || it->bytes < best->bytes) best = it;
    }
    if (best != all.blocks.end()) {
      const Block found = *best;
      all.blocks.erase(best);
      all.bytes -= found.bytes;
      return found;
    }
  }
  const Block fresh{::operator new(wanted, std::align_val_t(kPage)), wanted};
#ifdef __linux__
  madvise(fresh.memory, wanted, MADV_HUGEPAGE);  // a hint: where it is refused, pages stay small
#endif
  return fresh;
}

void give_block(Block block) noexcept {
  if (block.bytes > kMostKept) return free_block(block);  // keeping it would only push out all others
  Kept& all = kept();
  const std::lock_guard<std::mutex> lock(all.mutex);
  try {
    all.blocks.push_back(block);
  } catch (const std::bad_alloc&) {
    free_block(block);
    return;
  }
  all.bytes += block.bytes;
  while (all.bytes > kMostKept) {
    all.bytes -= all.blocks.front().bytes;
    free_block(all.blocks.front());
    all.blocks.pop_front();
  }
}

}  // namespace serkit
