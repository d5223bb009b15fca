#include "kernels/attention.h"

#include <math.h>

namespace serkit::kernels::SERKIT_ISA_NAMESPACE {
namespace {  // templates with external linkage would become weak symbols

float tanh_of(float x) { return tanhf(x); }
double tanh_of(double x) { return tanh(x); }
float exp_of(float x) { return expf(x); }
double exp_of(double x) { return exp(x); }

constexpr ptrdiff_t kRows = 4;    // rows that share a pass over y
constexpr ptrdiff_t kBytes = 64;  // columns of a block: two AVX registers a row, so that 4 rows stay in registers
constexpr ptrdiff_t kDotLanes = 16;

// One block of kRows x Columns sums. `rows` may be fewer: the missing ones repeat the last and are thrown away, so that
// a row goes through the same instructions (fused multiply-adds among them) wherever it stands in a batch.
template <typename T, ptrdiff_t Columns>
void matmul_block(const T* const* x, ptrdiff_t x_column, const T* y, ptrdiff_t n, T* const* out, ptrdiff_t rows,
                  ptrdiff_t k) {
  T sums[kRows][Columns] = {};
  for (ptrdiff_t l = 0; l < k; ++l) {
    const T* y_row = y + l * n;
    for (ptrdiff_t i = 0; i < kRows; ++i) {
      const T value = x[i][l * x_column];
      for (ptrdiff_t j = 0; j < Columns; ++j) sums[i][j] += value * y_row[j];
    }
  }
  for (ptrdiff_t i = 0; i < rows; ++i) {
    for (ptrdiff_t j = 0; j < Columns; ++j) out[i][j] += sums[i][j];
  }
}

template <typename T>
void matmul_add(const T* x, ptrdiff_t x_row, ptrdiff_t x_column, const T* y, T* out, ptrdiff_t m, ptrdiff_t k,
                ptrdiff_t n) {
  constexpr ptrdiff_t wide = kBytes / static_cast<ptrdiff_t>(sizeof(T));
  for (ptrdiff_t first = 0; first < m; first += kRows) {
    const ptrdiff_t rows = m - first < kRows ? m - first : kRows;
    const T* x_rows[kRows];
    T* out_rows[kRows];
    for (ptrdiff_t i = 0; i < kRows; ++i) {
      const ptrdiff_t row = first + (i < rows ? i : rows - 1);
      x_rows[i] = x + row * x_row;
      out_rows[i] = out + row * n;
    }
    ptrdiff_t j = 0;
    for (; j + wide <= n; j += wide) {
      matmul_block<T, wide>(x_rows, x_column, y + j, n, out_rows, rows, k);
      for (ptrdiff_t i = 0; i < kRows; ++i) out_rows[i] += wide;
    }
    for (; j < n; ++j) {
      matmul_block<T, 1>(x_rows, x_column, y + j, n, out_rows, rows, k);
      for (ptrdiff_t i = 0; i < kRows; ++i) ++out_rows[i];
    }
  }
}

template <typename T>
void bias_tanh(T* z, const T* bias, ptrdiff_t rows, ptrdiff_t n) {
  for (ptrdiff_t t = 0; t < rows; ++t, z += n) {
    for (ptrdiff_t j = 0; j < n; ++j) z[j] = tanh_of(z[j] + bias[j]);
  }
}

template <typename T>
void row_dots(const T* x, const T* v, T* out, ptrdiff_t rows, ptrdiff_t n) {
  for (ptrdiff_t t = 0; t < rows; ++t, x += n) {
    T lanes[kDotLanes] = {};
    ptrdiff_t j = 0;
    for (; j + kDotLanes <= n; j += kDotLanes) {
      for (ptrdiff_t l = 0; l < kDotLanes; ++l) lanes[l] += x[j + l] * v[j + l];
    }
    for (ptrdiff_t l = 0; j < n; ++j, ++l) lanes[l] += x[j] * v[j];
    for (ptrdiff_t half = kDotLanes / 2; half > 0; half /= 2) {
      for (ptrdiff_t l = 0; l < half; ++l) lanes[l] += lanes[l + half];
    }
    out[t] = lanes[0];
  }
}

template <typename T>
void softmax(const T* scores, T scale, T* weights, ptrdiff_t rows) {
  T highest = scale * scores[0];
  for (ptrdiff_t t = 1; t < rows; ++t) {
    const T score = scale * scores[t];
    if (score > highest) highest = score;
  }
  double sum = 0.0;  // thousands of frames: float would lose digits of the normaliser
  for (ptrdiff_t t = 0; t < rows; ++t) {
    const T score = scale * scores[t];
    weights[t] = exp_of(score - highest);
    sum += static_cast<double>(weights[t]);
  }
  for (ptrdiff_t t = 0; t < rows; ++t) weights[t] = static_cast<T>(static_cast<double>(weights[t]) / sum);
}

template <typename T>
void weighted_sum(const T* x, const T* weights, T* out, ptrdiff_t rows, ptrdiff_t n) {
  for (ptrdiff_t j = 0; j < n; ++j) out[j] = T(0);
  for (ptrdiff_t t = 0; t < rows; ++t, x += n) {
    const T weight = weights[t];
    for (ptrdiff_t j = 0; j < n; ++j) out[j] += weight * x[j];
  }
}

template <typename T>
void softmax_gradient(T* g, const T* weights, T scale, ptrdiff_t rows) {
  double mean = 0.0;
  for (ptrdiff_t t = 0; t < rows; ++t) mean += static_cast<double>(weights[t]) * static_cast<double>(g[t]);
  for (ptrdiff_t t = 0; t < rows; ++t) {
    g[t] = static_cast<T>(static_cast<double>(scale) * static_cast<double>(weights[t]) *
                          (static_cast<double>(g[t]) - mean));
  }
}

template <typename T>
void hidden_gradient(const T* h, const T* u, const T* de, T* dz, T* dbias, ptrdiff_t rows, ptrdiff_t n) {
  for (ptrdiff_t j = 0; j < n; ++j) dbias[j] = T(0);
  for (ptrdiff_t t = 0; t < rows; ++t, h += n, dz += n) {
    const T slope = de[t];
    for (ptrdiff_t j = 0; j < n; ++j) {
      dz[j] = slope * u[j] * ((T(1) - h[j]) * (T(1) + h[j]));
      dbias[j] += dz[j];
    }
  }
}

template <typename T>
void outer(const T* a, const T* v, const T* b, const T* w, T* out, ptrdiff_t rows, ptrdiff_t n) {
  for (ptrdiff_t t = 0; t < rows; ++t, out += n) {
    if (b == nullptr) {
      for (ptrdiff_t j = 0; j < n; ++j) out[j] = a[t] * v[j];
    } else {
      for (ptrdiff_t j = 0; j < n; ++j) out[j] = a[t] * v[j] + b[t] * w[j];
    }
  }
}

}  // namespace

// clang-format off
extern const AttentionKernels<float> attention_f32{
    matmul_add<float>, bias_tanh<float>, row_dots<float>, softmax<float>, weighted_sum<float>, softmax_gradient<float>,
    hidden_gradient<float>, outer<float>};
extern const AttentionKernels<double> attention_f64{
    matmul_add<double>, bias_tanh<double>, row_dots<double>, softmax<double>, weighted_sum<double>,
    softmax_gradient<double>, hidden_gradient<double>, outer<double>};
// clang-format on

}  // namespace serkit::kernels::SERKIT_ISA_NAMESPACE
