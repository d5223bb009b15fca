#include "serkit/attention.h"

#include <algorithm>
#include <memory>
#include <new>
#include <type_traits>
#include <vector>

#include "dispatch/dispatch.h"
#include "serkit/parallel.h"

namespace serkit {
namespace {

template <typename T>
const kernels::AttentionKernels<T>& kernels_of() {
  if constexpr (std::is_same_v<T, float>) {
    return *dispatch::active().attention_f32;
  } else {
    return *dispatch::active().attention_f64;
  }
}

// Waking a thread costs some tens of microseconds, and more where torch's own threads still spin: with less than this
// many multiplications of a matrix product each, some 160 us, a call stays on fewer threads. A pass over the frames
// waits for memory: a value costs as much as kPassCost.
constexpr int64_t kMinWorkPerThread = 1 << 24;
constexpr int64_t kPassCost = 16;
// A gradient of this many bytes is out of a core's cache before anybody reads it.
constexpr size_t kTooLargeForCaches = 8 << 20;
constexpr size_t kLine = 64;  // bytes of a cache line

int useful_threads(int64_t multiplications, int threads) {
  return static_cast<int>(std::clamp<int64_t>(multiplications / kMinWorkPerThread, 1, std::max(threads, 1)));
}

int64_t round_up(int64_t n, int64_t step) { return (n + step - 1) / step * step; }

// Memory from a cache line's beginning, not set to anything: vectors would write zeros into it first.
template <typename T>
class Scratch {
 public:
  explicit Scratch(int64_t count)
      : memory_(static_cast<T*>(::operator new(static_cast<size_t>(count) * sizeof(T), std::align_val_t(kLine)))) {}
  T* data() const { return memory_.get(); }

 private:
  struct Free {
    void operator()(T* memory) const { ::operator delete(memory, std::align_val_t(kLine)); }
  };
  std::unique_ptr<T, Free> memory_;
};

// A slice of scratch memory a worker, each from a cache line's beginning.
template <typename T>
class Scratches {
 public:
  Scratches(int workers, int64_t count)
      : stride_(round_up(count, static_cast<int64_t>(kLine / sizeof(T)))), memory_(workers * stride_) {}
  T* of(int worker) const { return memory_.data() + worker * stride_; }

 private:
  int64_t stride_;
  Scratch<T> memory_;
};

std::vector<int64_t> packed_offsets(const AttentionShape& s) {
  std::vector<int64_t> offsets(static_cast<size_t>(s.batch) + 1, 0);
  for (int64_t b = 0; b < s.batch; ++b) offsets[b + 1] = offsets[b] + s.lengths[b];
  return offsets;
}

// out[j] = sum over samples, in their order, of parts[b][j]
template <typename T>
void sum_samples(const T* parts, int64_t batch, int64_t n, T* out) {
  std::fill(out, out + n, T(0));
  for (int64_t b = 0; b < batch; ++b) {
    for (int64_t j = 0; j < n; ++j) out[j] += parts[b * n + j];
  }
}

template <typename T>
class Backward {
 public:
  Backward(const AttentionShape& shape, const AttentionParameters<T>& parameters, const T* x, const T* weights,
           const T* hidden, const T* grad_pooled, const T* grad_weights, const AttentionGradients<T>& out, int threads)
      : s_(shape),
        p_(parameters),
        x_(x),
        weights_(weights),
        hidden_(hidden),
        grad_pooled_(grad_pooled),
        grad_weights_(grad_weights),
        out_(out),
        offsets_(packed_offsets(shape)),
        units_(shape.heads * shape.hidden),
        dz_row_(round_up(units_, k_.panel) + static_cast<int64_t>(kLine / sizeof(T))),
        streams_(static_cast<size_t>(shape.batch * shape.frames * shape.dim) * sizeof(T) >= kTooLargeForCaches),
        workers_(useful_threads(offsets_.back() * shape.dim * (2 * units_ + kPassCost * shape.heads), threads)),
        scores_(offsets_.back() * shape.heads),
        dz_(units_ ? workers_ : 0, shape.frames * dz_row_),
        panels_(workers_, shape.heads * round_up(shape.dim, k_.panel)),
        sums_(workers_, units_ ? std::max(shape.frames * k_.panel, units_) : 0) {}

  void run() {
    const int64_t terms = units_ ? units_ : s_.heads;
    const Scratch<T> parameter_panels(terms * round_up(s_.dim, k_.panel));
    k_.pack(units_ ? p_.weight : p_.query, s_.dim, 1, terms, s_.dim, parameter_panels.data());
    const Scratch<T> query_parts(units_ ? 0 : s_.batch * s_.heads * s_.dim);
    parallel_for(s_.batch, workers_, [&](int64_t b, int worker) {
      score_gradients(b);
      if (units_) {
        hidden_gradients(b, 0, units_, dz_.of(worker));
      } else {
        for (int64_t h = 0; h < s_.heads; ++h) {
          k_.weighted_sum(frames(b), s_.dim, scores(b) + h * s_.lengths[b],
                          query_parts.data() + (b * s_.heads + h) * s_.dim, s_.lengths[b], s_.dim);
        }
      }
      frame_gradients(b, parameter_panels.data(), worker);
    });
    if (!units_) return sum_samples(query_parts.data(), s_.batch, s_.heads * s_.dim, out_.query);
    // Units are split over threads, not samples: each unit's sum runs over all samples in their order, and no thread
    // needs a matrix of its own.
    const std::vector<T> ones(static_cast<size_t>(s_.frames), T(1));
    const int64_t block = (units_ + workers_ - 1) / workers_;
    parallel_for((units_ + block - 1) / block, workers_, [&](int64_t item, int worker) {
      const int64_t first = item * block, count = std::min(block, units_ - first);
      std::fill(out_.weight + first * s_.dim, out_.weight + (first + count) * s_.dim, T(0));
      std::fill(out_.bias + first, out_.bias + first + count, T(0));
      std::fill(out_.query + first, out_.query + first + count, T(0));
      for (int64_t b = 0; b < s_.batch; ++b) parameter_gradients(b, first, count, ones.data(), worker);
    });
  }

 private:
  const T* frames(int64_t b) const { return x_ + b * s_.frames * s_.dim; }
  // Gradient of the scores, [heads, lengths[b]].
  T* scores(int64_t b) const { return scores_.data() + s_.heads * offsets_[b]; }

  void score_gradients(int64_t b) {
    const int64_t rows = s_.lengths[b];
    for (int64_t h = 0; h < s_.heads; ++h) {
      const int64_t head = b * s_.heads + h;
      T* de = scores(b) + h * rows;
      if (grad_pooled_) {
        k_.row_dots(frames(b), s_.dim, grad_pooled_ + head * s_.dim, de, rows, s_.dim);
      } else {
        std::fill(de, de + rows, T(0));
      }
      if (grad_weights_) {
        for (int64_t t = 0; t < rows; ++t) de[t] += grad_weights_[head * s_.frames + t];
      }
      k_.softmax_gradient(de, weights_ + head * s_.frames, p_.scale[h], rows);
    }
  }

  // dz [lengths[b], count] of units first..first + count, which may belong to several heads.
  void hidden_gradients(int64_t b, int64_t first, int64_t count, T* dz) {
    const int64_t rows = s_.lengths[b];
    for (int64_t unit = first; unit < first + count;) {
      const int64_t head = unit / s_.hidden, n = std::min(first + count, (head + 1) * s_.hidden) - unit;
      k_.hidden_gradient(hidden_ + offsets_[b] * units_ + unit, units_, p_.query + unit, scores(b) + head * rows,
                         dz + unit - first, dz_row_, rows, n);
      unit += n;
    }
  }

  // dx = weights^T grad_pooled + (de^T query, or dz W), and zeros in padding.
  void frame_gradients(int64_t b, const T* parameter_panels, int worker) {
    const int64_t rows = s_.lengths[b];
    kernels::Factor<T> factors[2];
    int64_t count = 0;
    if (units_) {
      factors[count++] = {dz_.of(worker), dz_row_, 1, parameter_panels, units_};
    } else {
      factors[count++] = {scores(b), 1, rows, parameter_panels, s_.heads};
    }
    if (grad_pooled_) {
      k_.pack(grad_pooled_ + b * s_.heads * s_.dim, s_.dim, 1, s_.heads, s_.dim, panels_.of(worker));
      factors[count++] = {weights_ + b * s_.heads * s_.frames, 1, s_.frames, panels_.of(worker), s_.heads};
    }
    T* dx = out_.x + b * s_.frames * s_.dim;
    k_.product(factors, count, dx, s_.dim, rows, s_.dim, streams_ ? kernels::Output::stream : kernels::Output::set);
    const int64_t valid = rows * s_.dim, padding = s_.frames * s_.dim - valid;
    if (streams_) {
      k_.clear(dx + valid, padding);
    } else {
      std::fill(dx + valid, dx + valid + padding, T(0));
    }
  }

  // Adds what sample b gives to the gradients of units first..first + count.
  void parameter_gradients(int64_t b, int64_t first, int64_t count, const T* ones, int worker) {
    const int64_t rows = s_.lengths[b];
    T* dz = dz_.of(worker);
    hidden_gradients(b, first, count, dz);
    T* sum = sums_.of(worker);
    k_.weighted_sum(dz, dz_row_, ones, sum, rows, count);
    for (int64_t i = 0; i < count; ++i) out_.bias[first + i] += sum[i];
    for (int64_t unit = first; unit < first + count;) {
      const int64_t head = unit / s_.hidden, n = std::min(first + count, (head + 1) * s_.hidden) - unit;
      k_.weighted_sum(hidden_ + offsets_[b] * units_ + unit, units_, scores(b) + head * rows, sum, rows, n);
      for (int64_t i = 0; i < n; ++i) out_.query[unit + i] += sum[i];
      unit += n;
    }
    // A panel of x at a time: rows of x itself are a power of two apart, and would share few sets of the cache.
    for (int64_t j = 0; j < s_.dim; j += k_.panel) {
      const int64_t n = std::min<int64_t>(k_.panel, s_.dim - j);
      k_.pack(frames(b) + j, s_.dim, 1, rows, n, sum);
      const kernels::Factor<T> factor{dz, 1, dz_row_, sum, rows};
      k_.product(&factor, 1, out_.weight + first * s_.dim + j, s_.dim, count, n, kernels::Output::add);
    }
  }

  const kernels::AttentionKernels<T>& k_ = kernels_of<T>();
  const AttentionShape& s_;
  const AttentionParameters<T>& p_;
  const T *x_, *weights_, *hidden_, *grad_pooled_, *grad_weights_;
  const AttentionGradients<T>& out_;
  const std::vector<int64_t> offsets_;
  const int64_t units_;   // of all heads
  const int64_t dz_row_;  // not a power of two: rows would share few sets of the cache
  const bool streams_;    // dx is written past the caches
  const int workers_;
  const Scratch<T> scores_;
  const Scratches<T> dz_, panels_, sums_;
};

}  // namespace

template <typename T>
void attention_forward(const AttentionShape& s, const AttentionParameters<T>& p, const T* x, T* pooled, T* weights,
                       T* hidden, int threads) {
  const auto& k = kernels_of<T>();
  const std::vector<int64_t> offsets = packed_offsets(s);
  const int64_t valid = offsets.back(), units = s.heads * s.hidden;
  const int workers = useful_threads(valid * s.dim * (units + kPassCost * s.heads), threads);
  const Scratch<T> panels(s.dim * round_up(units, k.panel));
  if (units) k.pack(p.weight, 1, s.dim, s.dim, units, panels.data());
  // Without a caller's buffer each worker has room for one sample.
  const Scratches<T> scratch(workers, hidden ? 0 : s.frames * units);
  if (hidden) {
    std::fill(hidden + valid * units, hidden + s.batch * s.frames * units, T(0));
  }
  parallel_for(s.batch, workers, [&](int64_t b, int worker) {
    const int64_t rows = s.lengths[b];
    const T* frames = x + b * s.frames * s.dim;
    T* h = hidden ? hidden + offsets[b] * units : scratch.of(worker);
    if (units) {
      const kernels::Factor<T> factor{frames, s.dim, 1, panels.data(), s.dim};
      k.product(&factor, 1, h, units, rows, units, kernels::Output::set);
    }
    for (int64_t head = 0; head < s.heads; ++head) {
      T* alpha = weights + (b * s.heads + head) * s.frames;
      if (units) {
        const int64_t unit = head * s.hidden;
        k.tanh_scores(h + unit, units, p.bias + unit, p.query + unit, alpha, rows, s.hidden);
      } else {
        k.row_dots(frames, s.dim, p.query + head * s.dim, alpha, rows, s.dim);
      }
      k.softmax(alpha, p.scale[head], alpha, rows);
      std::fill(alpha + rows, alpha + s.frames, T(0));
      k.weighted_sum(frames, s.dim, alpha, pooled + (b * s.heads + head) * s.dim, rows, s.dim);
    }
  });
}

template <typename T>
void attention_backward(const AttentionShape& s, const AttentionParameters<T>& p, const T* x, const T* weights,
                        const T* hidden, const T* grad_pooled, const T* grad_weights, const AttentionGradients<T>& out,
                        int threads) {
  Backward<T>(s, p, x, weights, hidden, grad_pooled, grad_weights, out, threads).run();
}

#define SERKIT_INSTANTIATE(T)                                                                                          \
  template void attention_forward<T>(const AttentionShape&, const AttentionParameters<T>&, const T*, T*, T*, T*, int); \
  template void attention_backward<T>(const AttentionShape&, const AttentionParameters<T>&, const T*, const T*,        \
                                      const T*, const T*, const T*, const AttentionGradients<T>&, int);
SERKIT_INSTANTIATE(float)
SERKIT_INSTANTIATE(double)
#undef SERKIT_INSTANTIATE

}  // namespace serkit
