#include "serkit/attention.h"

#include <algorithm>
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

// Starting a thread costs tens of microseconds: below this many multiplications a call stays on its own thread.
constexpr int64_t kMinWorkPerThread = 1 << 20;
constexpr int64_t kWeightRows = 8;  // rows of W whose gradient is summed together: kWeightRows * dim sums stay in cache

int useful_threads(int64_t multiplications, int threads) {
  return static_cast<int>(std::clamp<int64_t>(multiplications / kMinWorkPerThread, 1, std::max(threads, 1)));
}

std::vector<int64_t> packed_offsets(const AttentionShape& s) {
  std::vector<int64_t> offsets(static_cast<size_t>(s.batch) + 1, 0);
  for (int64_t b = 0; b < s.batch; ++b) offsets[b + 1] = offsets[b] + s.lengths[b];
  return offsets;
}

// [rows, columns] -> [columns, rows]
template <typename T>
std::vector<T> transposed(const T* x, int64_t rows, int64_t columns) {
  std::vector<T> out(static_cast<size_t>(rows * columns));
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) out[j * rows + i] = x[i * columns + j];
  }
  return out;
}

// out[j] = sum over samples, in their order, of partial[b][j]
template <typename T>
void sum_samples(const std::vector<T>& partial, int64_t batch, int64_t n, T* out) {
  std::fill(out, out + n, T(0));
  for (int64_t b = 0; b < batch; ++b) {
    for (int64_t j = 0; j < n; ++j) out[j] += partial[b * n + j];
  }
}

// hidden rows of one sample: tanh(W x_t + bias), with W given transposed.
template <typename T>
void project(const AttentionShape& s, const AttentionParameters<T>& p, const T* weight_t, const T* x, int64_t rows,
             T* hidden) {
  const auto& k = kernels_of<T>();
  std::fill(hidden, hidden + rows * s.hidden, T(0));
  k.matmul_add(x, s.dim, 1, weight_t, hidden, rows, s.dim, s.hidden);
  k.bias_tanh(hidden, p.bias, rows, s.hidden);
}

}  // namespace

template <typename T>
void attention_forward(const AttentionShape& s, const AttentionParameters<T>& p, const T* x, T* pooled, T* weights,
                       T* hidden, int threads) {
  const auto& k = kernels_of<T>();
  const std::vector<int64_t> offsets = packed_offsets(s);
  const int64_t valid = offsets.back();
  const int workers = useful_threads(valid * s.dim * (s.hidden + 2), threads);
  const std::vector<T> weight_t = s.hidden ? transposed(p.weight, s.hidden, s.dim) : std::vector<T>();
  // Without a caller's buffer each worker has room for one sample.
  std::vector<T> scratch(s.hidden && !hidden ? static_cast<size_t>(workers * s.frames * s.hidden) : 0);
  if (s.hidden && hidden) std::fill(hidden + valid * s.hidden, hidden + s.batch * s.frames * s.hidden, T(0));
  parallel_for(s.batch, workers, [&](int64_t b, int worker) {
    const int64_t rows = s.lengths[b];
    const T* frames = x + b * s.frames * s.dim;
    T* alpha = weights + b * s.frames;
    if (s.hidden) {
      T* h = hidden ? hidden + offsets[b] * s.hidden : scratch.data() + worker * s.frames * s.hidden;
      project(s, p, weight_t.data(), frames, rows, h);
      k.row_dots(h, p.query, alpha, rows, s.hidden);
    } else {
      k.row_dots(frames, p.query, alpha, rows, s.dim);
    }
    k.softmax(alpha, p.scale, alpha, rows);
    std::fill(alpha + rows, alpha + s.frames, T(0));
    k.weighted_sum(frames, alpha, pooled + b * s.dim, rows, s.dim);
  });
}

template <typename T>
void attention_backward(const AttentionShape& s, const AttentionParameters<T>& p, const T* x, const T* weights,
                        const T* hidden, const T* grad_pooled, const T* grad_weights, const AttentionGradients<T>& out,
                        int threads) {
  const auto& k = kernels_of<T>();
  const std::vector<int64_t> offsets = packed_offsets(s);
  const int64_t valid = offsets.back(), query_size = s.hidden ? s.hidden : s.dim;
  const int workers = useful_threads(valid * s.dim * (2 * s.hidden + 3), threads);
  const std::vector<T> no_gradient(grad_pooled ? 0 : static_cast<size_t>(s.dim), T(0));
  std::vector<T> scores(static_cast<size_t>(valid));                // gradient of the scores, packed
  std::vector<T> projected(static_cast<size_t>(valid * s.hidden));  // gradient of W x + bias, packed
  std::vector<T> query_parts(static_cast<size_t>(s.batch * query_size)), bias_parts(s.batch * s.hidden);

  parallel_for(s.batch, workers, [&](int64_t b, int) {
    const int64_t rows = s.lengths[b];
    const T* frames = x + b * s.frames * s.dim;
    const T* alpha = weights + b * s.frames;
    const T* dc = grad_pooled ? grad_pooled + b * s.dim : no_gradient.data();
    T* dx = out.x + b * s.frames * s.dim;
    T* de = scores.data() + offsets[b];
    T* du = query_parts.data() + b * query_size;
    k.row_dots(frames, dc, de, rows, s.dim);
    if (grad_weights) {
      for (int64_t t = 0; t < rows; ++t) de[t] += grad_weights[b * s.frames + t];
    }
    k.softmax_gradient(de, alpha, p.scale, rows);
    if (s.hidden) {
      const T* h = hidden + offsets[b] * s.hidden;
      T* dz = projected.data() + offsets[b] * s.hidden;
      k.weighted_sum(h, de, du, rows, s.hidden);
      k.hidden_gradient(h, p.query, de, dz, bias_parts.data() + b * s.hidden, rows, s.hidden);
      k.outer(alpha, dc, nullptr, nullptr, dx, rows, s.dim);
      k.matmul_add(dz, s.hidden, 1, p.weight, dx, rows, s.hidden, s.dim);
    } else {
      k.weighted_sum(frames, de, du, rows, s.dim);
      k.outer(alpha, dc, de, p.query, dx, rows, s.dim);
    }
    std::fill(dx + rows * s.dim, dx + s.frames * s.dim, T(0));
  });
  sum_samples(query_parts, s.batch, query_size, out.query);
  if (!s.hidden) return;
  sum_samples(bias_parts, s.batch, s.hidden, out.bias);

  // Rows of W are split over threads, not samples: each row's sum runs over all samples in their order, and no thread
  // needs a matrix of its own.
  std::vector<T> sums(static_cast<size_t>(workers * kWeightRows * s.dim));
  parallel_for((s.hidden + kWeightRows - 1) / kWeightRows, workers, [&](int64_t block, int worker) {
    const int64_t first = block * kWeightRows, rows = std::min(kWeightRows, s.hidden - first);
    T* sum = sums.data() + worker * kWeightRows * s.dim;
    T* dw = out.weight + first * s.dim;
    std::fill(dw, dw + rows * s.dim, T(0));
    for (int64_t b = 0; b < s.batch; ++b) {
      std::fill(sum, sum + rows * s.dim, T(0));
      k.matmul_add(projected.data() + offsets[b] * s.hidden + first, 1, s.hidden, x + b * s.frames * s.dim, sum, rows,
                   s.lengths[b], s.dim);
      for (int64_t i = 0; i < rows * s.dim; ++i) dw[i] += sum[i];
    }
  });
}

#define SERKIT_INSTANTIATE(T)                                                                                          \
  template void attention_forward<T>(const AttentionShape&, const AttentionParameters<T>&, const T*, T*, T*, T*, int); \
  template void attention_backward<T>(const AttentionShape&, const AttentionParameters<T>&, const T*, const T*,        \
                                      const T*, const T*, const T*, const AttentionGradients<T>&, int);
SERKIT_INSTANTIATE(float)
SERKIT_INSTANTIATE(double)
#undef SERKIT_INSTANTIATE

}  // namespace serkit
