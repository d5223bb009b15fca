// Splits independent work over threads. Threads live for one call: nothing survives a fork, nothing spins.
#pragma once

#include <cstdint>
#include <functional>

namespace serkit {

// Calls work(item, worker) for each item in [0, n_items), on `threads` threads (at least 1; the caller is one of them).
// worker < threads names the thread, for scratch memory. The first exception is thrown again here.
void parallel_for(int64_t n_items, int threads, const std::function<void(int64_t, int)>& work);

}  // namespace serkit
