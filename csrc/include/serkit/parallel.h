// Splits independent work over threads of a pool: they start when first wanted, sleep between calls, and end with the
// process. A child of a fork makes a pool of its own.
#pragma once

#include <cstdint>
#include <functional>

namespace serkit {

// Calls work(item, worker) for each item in [0, n_items), on at most `threads` threads, of which the caller is one (and
// the only one if no other is free). worker < max(threads, 1) names the thread, for scratch memory. May be called from
// many threads at once and from within work. The first exception is thrown again here, after the items under way are
// done.
void parallel_for(int64_t n_items, int threads, const std::function<void(int64_t, int)>& work);

}  // namespace serkit
