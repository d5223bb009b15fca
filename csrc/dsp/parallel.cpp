#include "serkit/parallel.h"

#ifndef _WIN32
#include <pthread.h>
#include <signal.h>
#include <unistd.h>
#endif

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>

namespace serkit {
namespace {

long process_id() {
#ifdef _WIN32
  return 0;  // has no fork
#else
  return static_cast<long>(getpid());
#endif
}

// One call of parallel_for. It lives on its caller's stack: the caller leaves only when no helper is inside.
struct Job {
  const std::function<void(int64_t, int)>& work;
  const int64_t n_items;
  int places;       // helpers still wanted; this and the next two are guarded by the pool's mutex
  int helpers = 0;  // helpers that came, of which `inside` have not left
  int inside = 0;
  std::condition_variable left;
  std::atomic<int64_t> next{0};
  std::mutex failure_mutex;
  std::exception_ptr failure;

  Job(const std::function<void(int64_t, int)>& w, int64_t n, int wanted) : work(w), n_items(n), places(wanted) {}

  void run(int worker) {
    try {
      for (int64_t item = next++; item < n_items; item = next++) work(item, worker);
    } catch (...) {
      const std::lock_guard<std::mutex> lock(failure_mutex);
      if (!failure) failure = std::current_exception();
      next = n_items;
    }
  }
};

class Pool {
 public:
  const long process = process_id();

  void run(Job& job) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      jobs_.push_back(&job);
      wanted_ += job.places;
      // Threads that are no longer than the machine is wide, or than a caller asked for: more would only take turns.
      const int most = std::max(job.places, static_cast<int>(std::thread::hardware_concurrency()) - 1);
      while (idle_ < wanted_ && threads_ < most && start_thread()) {
      }
      for (int i = std::min(job.places, idle_); i > 0; --i) wake_.notify_one();
    }
    job.run(0);
    std::unique_lock<std::mutex> lock(mutex_);
    if (job.places > 0) leave_queue(job);
    job.left.wait(lock, [&] { return job.inside == 0; });
  }

 private:
  // The caller holds the mutex.
  void leave_queue(Job& job) {
    wanted_ -= job.places;
    job.places = 0;
    jobs_.erase(std::find(jobs_.begin(), jobs_.end(), &job));
  }

  // The caller holds the mutex. A new thread counts as idle until it takes a place.
  bool start_thread() {
#ifndef _WIN32
    // Signals are for the threads of the interpreter; a new thread inherits the mask.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
#endif
    bool started = true;
    try {
      std::thread([this] { serve(); }).detach();
      ++threads_;
      ++idle_;
    } catch (const std::exception&) {
      started = false;  // no more threads, or memory for them, to be had: those that run do all the work
    }
#ifndef _WIN32
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
#endif
    return started;
  }

  void serve() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      wake_.wait(lock, [&] { return !jobs_.empty(); });
      Job& job = *jobs_.front();
      const int worker = ++job.helpers;
      ++job.inside;
      --wanted_;
      --idle_;
      if (--job.places == 0) jobs_.pop_front();
      lock.unlock();
      job.run(worker);
      lock.lock();
      ++idle_;
      // Under the mutex: the caller cannot leave, and take the job with it, before this thread is done with it.
      if (--job.inside == 0) job.left.notify_one();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job*> jobs_;  // those with places, oldest first
  int wanted_ = 0;         // their places
  int idle_ = 0;
  int threads_ = 0;
};

// Never destroyed: its threads sleep in it until the process ends. A child of a fork has none of the threads, and maybe
// a mutex that one of them held, so it leaves its parent's pool alone. No lock here, which a fork could leave locked.
Pool& pool() {
  static std::atomic<Pool*> current{nullptr};
  Pool* found = current.load(std::memory_order_acquire);
  while (found == nullptr || found->process != process_id()) {
    auto fresh = std::make_unique<Pool>();
    if (current.compare_exchange_strong(found, fresh.get(), std::memory_order_acq_rel)) return *fresh.release();
  }
  return *found;
}

}  // namespace

void parallel_for(int64_t n_items, int threads, const std::function<void(int64_t, int)>& work) {
  if (n_items < 1) return;
  const int workers = static_cast<int>(std::min<int64_t>(std::max(threads, 1), n_items));
  Job job(work, n_items, workers - 1);
  if (workers == 1) {
    job.run(0);
  } else {
    pool().run(job);
  }
  if (job.failure) std::rethrow_exception(job.failure);
}

}  // namespace serkit
