// Hot loops of attention pooling, for one sample or one block of rows at a time. Raw pointers and C headers only (see
// spectral.h). Matrices are row-major; *_row is the distance between rows. A row's result never depends on how many
// rows are computed with it.
#pragma once

#include <stddef.h>

namespace serkit::kernels {

// One product of a sum of products: x(i, l) = x[i * row + l * column] for `terms` values of l, times `panels`, a matrix
// [terms, n] as `pack` lays it out.
template <typename T>
struct Factor {
  const T* x;
  ptrdiff_t row, column;
  const T* panels;
  ptrdiff_t terms;
};

// What becomes of a product: it replaces what was there, is added to it, or replaces it past the caches.
enum class Output { set, add, stream };

// T is float or double; counts are elements.
template <typename T>
struct AttentionKernels {
  ptrdiff_t panel;  // columns of a panel
  // The matrix y(l, j) = y[l * row + j * column], [terms, n], cut into panels of `panel` columns, each contiguous, row
  // after row, the last filled up with zeros: round_up(n, panel) * terms values.
  void (*pack)(const T* y, ptrdiff_t row, ptrdiff_t column, ptrdiff_t terms, ptrdiff_t n, T* panels);
  // out[i][j] = sum over factors and their terms of x(i, l) panels(l, j), added up in that order by every instruction
  // set. Streams where rows lie on cache lines, else sets.
  void (*product)(const Factor<T>* factors, ptrdiff_t count, T* out, ptrdiff_t out_row, ptrdiff_t m, ptrdiff_t n,
                  Output output);
  // Zeros, past the caches from the first cache line on.
  void (*clear)(T* out, ptrdiff_t n);
  // z[t][j] becomes tanh(z[t][j] + bias[j]); scores[t] = sum_j u[j] tanh(...)
  void (*tanh_scores)(T* z, ptrdiff_t z_row, const T* bias, const T* u, T* scores, ptrdiff_t rows, ptrdiff_t n);
  // out[t] = sum_j x[t][j] v[j]
  void (*row_dots)(const T* x, ptrdiff_t x_row, const T* v, T* out, ptrdiff_t rows, ptrdiff_t n);
  // out[j] = sum_t weights[t] x[t][j]
  void (*weighted_sum)(const T* x, ptrdiff_t x_row, const T* weights, T* out, ptrdiff_t rows, ptrdiff_t n);
  // weights = softmax(scale * scores); the two may be the same memory.
  void (*softmax)(const T* scores, T scale, T* weights, ptrdiff_t rows);
  // g = gradient of the weights, in; gradient of the scores, out: scale * w_t (g_t - sum_s w_s g_s).
  void (*softmax_gradient)(T* g, const T* weights, T scale, ptrdiff_t rows);
  // From h = tanh(z) and the scores' gradient de: dz[t][j] = de[t] u[j] (1 - h^2).
  void (*hidden_gradient)(const T* h, ptrdiff_t h_row, const T* u, const T* de, T* dz, ptrdiff_t dz_row, ptrdiff_t rows,
                          ptrdiff_t n);
};

namespace isa_baseline {
extern const AttentionKernels<float> attention_f32;
extern const AttentionKernels<double> attention_f64;
}  // namespace isa_baseline
namespace isa_avx512 {
extern const AttentionKernels<float> attention_f32;
extern const AttentionKernels<double> attention_f64;
}  // namespace isa_avx512
namespace isa_avx2 {
extern const AttentionKernels<float> attention_f32;
extern const AttentionKernels<double> attention_f64;
}  // namespace isa_avx2

}  // namespace serkit::kernels
