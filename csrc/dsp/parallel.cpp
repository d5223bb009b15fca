#include "serkit/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace serkit {

void parallel_for(int64_t n_items, int threads, const std::function<void(int64_t, int)>& work) {
  const int workers = static_cast<int>(std::min<int64_t>(std::max(threads, 1), n_items));
  std::atomic<int64_t> next{0};
  std::exception_ptr failure;
  std::mutex failure_mutex;
  const auto run = [&](int worker) {
    try {
      for (int64_t item = next++; item < n_items; item = next++) work(item, worker);
    } catch (...) {
      const std::lock_guard<std::mutex> lock(failure_mutex);
      if (!failure) failure = std::current_exception();
      next = n_items;
    }
  };
  std::vector<std::thread> others;
  for (int worker = 1; worker < workers; ++worker) {
    try {
      others.emplace_back(run, worker);
    } catch (const std::system_error&) {
      break;  // no more threads to be had: those that run do all the work
    }
  }
  if (workers > 0) run(0);
  for (auto& thread : others) thread.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace serkit
