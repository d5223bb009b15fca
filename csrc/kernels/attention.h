// Hot loops of attention pooling, for one sample or one block of rows at a time. Raw pointers and C headers only (see
// log_mel.h). Matrices are row-major. A row's result never depends on how many rows are computed with it.
#pragma once

#include <stddef.h>

namespace serkit::kernels {

// T is float or double; counts are elements.
template <typename T>
struct AttentionKernels {
  // out[i][j] += sum_l x(i, l) y[l][j] for m rows i, k terms l, n columns j; x(i, l) = x[i * x_row + l * x_column].
  void (*matmul_add)(const T* x, ptrdiff_t x_row, ptrdiff_t x_column, const T* y, T* out, ptrdiff_t m, ptrdiff_t k,
                     ptrdiff_t n);
  // z[t][j] = tanh(z[t][j] + bias[j])
  void (*bias_tanh)(T* z, const T* bias, ptrdiff_t rows, ptrdiff_t n);
  // out[t] = sum_j x[t][j] v[j]
  void (*row_dots)(const T* x, const T* v, T* out, ptrdiff_t rows, ptrdiff_t n);
  // weights = softmax(scale * scores); the two may be the same memory.
  void (*softmax)(const T* scores, T scale, T* weights, ptrdiff_t rows);
  // out[j] = sum_t weights[t] x[t][j]
  void (*weighted_sum)(const T* x, const T* weights, T* out, ptrdiff_t rows, ptrdiff_t n);
  // g = gradient of the weights, in; gradient of the scores, out: scale * w_t (g_t - sum_s w_s g_s).
  void (*softmax_gradient)(T* g, const T* weights, T scale, ptrdiff_t rows);
  // From h = tanh(z) and the scores' gradient de: dz[t][j] = de[t] u[j] (1 - h^2), dbias[j] = sum_t dz[t][j].
  void (*hidden_gradient)(const T* h, const T* u, const T* de, T* dz, T* dbias, ptrdiff_t rows, ptrdiff_t n);
  // out[t][j] = a[t] v[j], or a[t] v[j] + b[t] w[j] where b is not null.
  void (*outer)(const T* a, const T* v, const T* b, const T* w, T* out, ptrdiff_t rows, ptrdiff_t n);
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
